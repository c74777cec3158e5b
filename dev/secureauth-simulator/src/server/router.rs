//! Routes of all operations, of the admin API, and of unknown paths.

use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, RawPathParams, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};

use super::connection::Connection;
use super::operation::{Operation, all};
use super::pipeline;
use crate::app::App;
use crate::errors::ApiError;

/// All routes.
pub(crate) fn router(app: Arc<App>) -> Router {
    let operations = all().fold(Router::new(), |router, operation| {
        let Ok(filter) = MethodFilter::try_from(operation.method.clone()) else {
            return router;
        };
        let handler =
            move |State(app): State<Arc<App>>,
                  ConnectInfo(connection): ConnectInfo<Connection>,
                  params: RawPathParams,
                  request: Request| { serve(app, operation, connection, owned(&params), request) };
        router.route(operation.path, on(filter, handler))
    });
    operations
        .nest("/admin", crate::admin::router())
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .with_state(app)
}

/// Runs the operation in a task of its own, so that it takes effect even if the client closes the connection.
async fn serve(
    app: Arc<App>,
    operation: &'static Operation,
    connection: Connection,
    params: Vec<(String, String)>,
    request: Request,
) -> Response {
    tokio::spawn(pipeline::run(app, operation, connection, params, request))
        .await
        .unwrap_or_else(|_panic| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn owned(params: &RawPathParams) -> Vec<(String, String)> {
    params
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

async fn no_route(State(app): State<Arc<App>>, request: Request) -> Response {
    pipeline::refuse_unrouted(&app, &request, &ApiError::not_found("Path"))
}

async fn no_method(State(app): State<Arc<App>>, request: Request) -> Response {
    pipeline::refuse_unrouted(&app, &request, &ApiError::new(405, "Method not allowed"))
}
