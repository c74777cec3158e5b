//! Calls the HTTP API as the CRM does, through the host.

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// A client for the HTTP API of one host.
#[derive(Debug, Clone)]
pub struct FrontDoor {
    client: reqwest::Client,
    base_url: String,
}

/// An answer of the HTTP API.
#[derive(Debug, Clone)]
pub struct HttpAnswer {
    /// The HTTP status.
    pub status: u16,
    /// All headers of the answer.
    pub headers: HeaderMap,
    /// The body as JSON; `Null` when it is not JSON.
    pub json: Value,
    /// The body as text.
    pub text: String,
}

impl HttpAnswer {
    /// A header's text; `None` when the header is missing or not ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A text of the body by JSON pointer, for example `/onboarding/state`; empty when there is none.
    pub fn text_at(&self, pointer: &str) -> &str {
        self.json.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// A number of the body by JSON pointer; 0 when there is none.
    pub fn number_at(&self, pointer: &str) -> u64 {
        self.json.pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
    }
}

impl FrontDoor {
    /// A client for the host at this URL. It ignores proxy settings.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn new(base_url: String) -> reqwest::Result<Self> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { client, base_url })
    }

    /// `http://127.0.0.1:port`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The URL of a biller's status and toggle events.
    pub fn biller_url(&self, biller_id: &str) -> String {
        format!("{}/api/billers/{biller_id}/ciam", self.base_url)
    }

    /// Sends the event of `Product > CIAM` set to Yes or No (docs/requirements.md#t2).
    pub async fn toggle(&self, biller_id: &str, enabled: bool) -> reqwest::Result<HttpAnswer> {
        let body = json!({ "source": "crm-toggle", "ciamEnabled": enabled, "requestedBy": "jane.doe" });
        self.post(biller_id, &body).await
    }

    /// Sends the event of the Biller Wizard, submitted with or without its checkbox (docs/requirements.md#t1).
    pub async fn wizard(&self, biller_id: &str, checked: bool) -> reqwest::Result<HttpAnswer> {
        let body = json!({ "source": "biller-wizard", "ciamEnabled": checked, "requestedBy": "jane.doe" });
        self.post(biller_id, &body).await
    }

    /// Sends any JSON as an event of a biller.
    pub async fn post(&self, biller_id: &str, body: &Value) -> reqwest::Result<HttpAnswer> {
        self.post_text(biller_id, body.to_string()).await
    }

    /// Sends any text as an event of a biller, with the content type of JSON.
    pub async fn post_text(&self, biller_id: &str, body: impl Into<String>) -> reqwest::Result<HttpAnswer> {
        let json = |request: RequestBuilder| request.header(CONTENT_TYPE, "application/json");
        self.send(Method::POST, biller_id, |request| json(request).body(body.into()))
            .await
    }

    /// Sends any request about a biller; `fill` adds headers and body.
    pub async fn send(
        &self,
        method: Method,
        biller_id: &str,
        fill: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> reqwest::Result<HttpAnswer> {
        answer(fill(self.client.request(method, self.biller_url(biller_id)))).await
    }

    /// Asks for anything else that the app serves, such as `/api/health`.
    pub async fn get(&self, path: &str) -> reqwest::Result<HttpAnswer> {
        answer(self.client.get(format!("{}{path}", self.base_url))).await
    }

    /// Asks for the biller's status, as the CRM does (docs/requirements.md#t3).
    pub async fn status(&self, biller_id: &str) -> reqwest::Result<HttpAnswer> {
        answer(self.client.get(self.biller_url(biller_id))).await
    }
}

async fn answer(request: reqwest::RequestBuilder) -> reqwest::Result<HttpAnswer> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await?;
    Ok(HttpAnswer {
        status,
        headers,
        json: serde_json::from_str(&text).unwrap_or_default(),
        text,
    })
}
