//! `host.json` with the defaults of the real host (S3).

use std::path::Path;
use std::time::Duration;

use super::document::Document;
use super::{ConfigError, Environment};
use crate::queue::MessageEncoding;

/// Prefix of the variables that overlay single keys.
const OVERLAY_PREFIX: &str = "AzureFunctionsJobHost";
/// Default of `functionTimeout` everywhere but on the Consumption plan.
const DEFAULT_FUNCTION_TIMEOUT: Duration = Duration::from_mins(30);
const DEFAULT_INITIALIZATION_TIMEOUT: Duration = Duration::from_secs(30);
const MINIMUM_POLLING_INTERVAL: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(crate) struct HostJson {
    /// `None`: unlimited.
    pub(crate) function_timeout: Option<Duration>,
    pub(crate) route_prefix: String,
    pub(crate) queues: QueueSettings,
    pub(crate) handler: HandlerSettings,
    /// True if one of the two forwarding flags is set.
    pub(crate) forwards_requests: bool,
}

/// `extensions.queues`
#[derive(Debug, Clone)]
pub(crate) struct QueueSettings {
    pub(crate) batch_size: usize,
    pub(crate) new_batch_threshold: usize,
    pub(crate) max_polling_interval: Duration,
    /// How long a message stays hidden after a failure.
    pub(crate) visibility_timeout: Duration,
    pub(crate) max_dequeue_count: u32,
    pub(crate) encoding: MessageEncoding,
}

/// `customHandler`
#[derive(Debug, Clone)]
pub(crate) struct HandlerSettings {
    pub(crate) executable: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) working_directory: String,
    pub(crate) stderr_is_for_errors_only: bool,
    pub(crate) port: Option<u16>,
    pub(crate) initialization_timeout: Duration,
}

impl HostJson {
    pub(crate) fn load(app_root: &Path, environment: &Environment) -> Result<Self, ConfigError> {
        let mut document = Document::read(&app_root.join("host.json"))?;
        document.overlay(OVERLAY_PREFIX, environment);
        if document.text("version")? != Some("2.0") {
            return Err(document.invalid("version", "\"2.0\""));
        }
        Ok(Self {
            function_timeout: function_timeout(&document)?,
            route_prefix: document
                .text("extensions.http.routePrefix")?
                .unwrap_or("api")
                .trim_matches('/')
                .to_owned(),
            queues: QueueSettings::read(&document, environment)?,
            handler: HandlerSettings::read(&document)?,
            forwards_requests: document
                .boolean("customHandler.enableForwardingHttpRequest")?
                .unwrap_or_default()
                || document
                    .boolean("customHandler.enableProxyingHttpRequest")?
                    .unwrap_or_default(),
        })
    }
}

fn function_timeout(document: &Document) -> Result<Option<Duration>, ConfigError> {
    match document.text("functionTimeout")? {
        Some("-1" | "-00:00:01") => Ok(None),
        _ => Ok(Some(
            document
                .duration("functionTimeout")?
                .unwrap_or(DEFAULT_FUNCTION_TIMEOUT),
        )),
    }
}

impl QueueSettings {
    fn read(document: &Document, environment: &Environment) -> Result<Self, ConfigError> {
        let batch_size = count(document, "extensions.queues.batchSize", 1..=32)?.unwrap_or(16);
        let processors = match environment.get("WEBSITE_SKU") {
            Some("Dynamic") => 1,
            _ => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        };
        let default_polling = Duration::from_secs(if environment.is_development() { 2 } else { 60 });
        let max_polling_interval = document
            .duration("extensions.queues.maxPollingInterval")?
            .unwrap_or(default_polling);
        if max_polling_interval < MINIMUM_POLLING_INTERVAL {
            return Err(document.invalid("extensions.queues.maxPollingInterval", "00:00:00.1 or more"));
        }
        let encoding = match document.text("extensions.queues.messageEncoding")? {
            None => MessageEncoding::Base64,
            Some(name) if name.eq_ignore_ascii_case("base64") => MessageEncoding::Base64,
            Some(name) if name.eq_ignore_ascii_case("none") => MessageEncoding::None,
            Some(_) => {
                return Err(document.invalid("extensions.queues.messageEncoding", "base64 or none"));
            }
        };
        Ok(Self {
            batch_size,
            new_batch_threshold: count(document, "extensions.queues.newBatchThreshold", 0..=u32::MAX)?
                .unwrap_or(batch_size / 2 * processors),
            max_polling_interval,
            visibility_timeout: document
                .duration("extensions.queues.visibilityTimeout")?
                .unwrap_or_default(),
            max_dequeue_count: document
                .integer("extensions.queues.maxDequeueCount", 1..=u32::MAX)?
                .unwrap_or(5),
            encoding,
        })
    }
}

fn count(document: &Document, path: &str, range: std::ops::RangeInclusive<u32>) -> Result<Option<usize>, ConfigError> {
    let number = document.integer(path, range)?;
    Ok(number.map(|number| usize::try_from(number).unwrap_or(usize::MAX)))
}

impl HandlerSettings {
    fn read(document: &Document) -> Result<Self, ConfigError> {
        if document.find("customHandler.description").is_none() {
            return Err(ConfigError::new(
                document.file(),
                "Missing worker Description.".to_owned(),
            ));
        }
        let text = |key: &str| document.text(&format!("customHandler.description.{key}"));
        let executable = text("defaultExecutablePath")?.unwrap_or_default();
        if executable.trim().is_empty() {
            return Err(document.invalid("customHandler.description.defaultExecutablePath", "set"));
        }
        let mut arguments = document.texts("customHandler.description.arguments")?;
        arguments.extend(document.texts("customHandler.description.workerArguments")?);
        Ok(Self {
            executable: executable.to_owned(),
            arguments,
            working_directory: text("workingDirectory")?.unwrap_or_default().to_owned(),
            stderr_is_for_errors_only: document
                .boolean("customHandler.description.useStdErrorStreamForErrorsOnly")?
                .unwrap_or(true),
            port: document
                .integer("customHandler.port", 1..=65_535)?
                .and_then(|port| u16::try_from(port).ok()),
            initialization_timeout: document
                .duration("customHandler.initializationTimeout")?
                .unwrap_or(DEFAULT_INITIALIZATION_TIMEOUT),
        })
    }
}
