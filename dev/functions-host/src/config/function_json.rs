//! One `function.json`: exactly one trigger, any number of outputs (S1, S2).

use std::path::Path;

use axum::http::Method;
use serde::Deserialize;

use super::names::{is_binding_name, is_queue_name};
use super::{ConfigError, Environment};
use crate::routing::RouteTemplate;
use crate::timer::Schedule;

#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) trigger: Trigger,
    pub(crate) outputs: Vec<Output>,
}

#[derive(Debug)]
pub(crate) enum Trigger {
    Http(HttpTrigger),
    Queue(QueueTrigger),
    Timer(TimerTrigger),
}

#[derive(Debug)]
pub(crate) struct HttpTrigger {
    pub(crate) binding: String,
    /// The allowed methods; every method if empty.
    pub(crate) methods: Vec<Method>,
    pub(crate) route: RouteTemplate,
    pub(crate) auth_level: AuthLevel,
}

#[derive(Debug)]
pub(crate) struct QueueTrigger {
    pub(crate) binding: String,
    pub(crate) queue: String,
}

#[derive(Debug)]
pub(crate) struct TimerTrigger {
    pub(crate) binding: String,
    pub(crate) schedule: Schedule,
}

#[derive(Debug)]
pub(crate) enum Output {
    Http { binding: String },
    Queue { binding: String, queue: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AuthLevel {
    Anonymous,
    #[default]
    Function,
    Admin,
}

#[derive(Deserialize)]
struct RawFunction {
    bindings: Vec<RawBinding>,
    #[serde(default)]
    disabled: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawBinding {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    auth_level: AuthLevel,
    methods: Option<Vec<String>>,
    route: Option<String>,
    queue_name: Option<String>,
    schedule: Option<String>,
    data_type: Option<String>,
}

impl Function {
    /// Reads one function; `None` when it is disabled there or by `AzureWebJobs.<name>.Disabled`.
    pub(crate) fn load(file: &Path, name: &str, environment: &Environment) -> Result<Option<Self>, ConfigError> {
        let text = std::fs::read_to_string(file).map_err(|error| ConfigError::new(file, error.to_string()))?;
        let raw: RawFunction =
            serde_json::from_str(&text).map_err(|error| ConfigError::new(file, error.to_string()))?;
        let switched_off = environment
            .get(&format!("AzureWebJobs.{name}.Disabled"))
            .is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"));
        if raw.disabled || switched_off {
            return Ok(None);
        }
        Self::from_bindings(name, raw.bindings, environment)
            .map(Some)
            .map_err(|reason| ConfigError::new(file, reason))
    }

    fn from_bindings(name: &str, bindings: Vec<RawBinding>, environment: &Environment) -> Result<Self, String> {
        let mut trigger = None;
        let mut outputs = Vec::new();
        for binding in bindings {
            if !is_binding_name(&binding.name) {
                return Err(format!("the binding name {:?} is not allowed", binding.name));
            }
            if binding.data_type.is_some() {
                return Err(format!(
                    "the dataType of {} is not supported by this stand-in",
                    binding.name
                ));
            }
            if binding.kind.ends_with("Trigger") {
                if trigger.replace(binding.into_trigger(name, environment)?).is_some() {
                    return Err("has more than one trigger".to_owned());
                }
            } else {
                outputs.push(binding.into_output(environment)?);
            }
        }
        Ok(Self {
            name: name.to_owned(),
            trigger: trigger.ok_or_else(|| "has no trigger".to_owned())?,
            outputs,
        })
    }

    /// The name of the trigger binding.
    pub(crate) fn input_name(&self) -> &str {
        match &self.trigger {
            Trigger::Http(HttpTrigger { binding, .. })
            | Trigger::Queue(QueueTrigger { binding, .. })
            | Trigger::Timer(TimerTrigger { binding, .. }) => binding,
        }
    }

    /// True for an HTTP trigger with an HTTP output and nothing else. The forwarding flags apply to such functions only
    /// (docs/reference/functions-host.md#host-settings).
    pub(crate) fn is_http_in_and_out(&self) -> bool {
        matches!(self.trigger, Trigger::Http(_)) && matches!(self.outputs.as_slice(), [Output::Http { .. }])
    }
}

impl Output {
    /// The binding name, a key of `Outputs`.
    pub(crate) fn binding(&self) -> &str {
        match self {
            Self::Http { binding } | Self::Queue { binding, .. } => binding,
        }
    }
}

impl RawBinding {
    fn into_trigger(self, function: &str, environment: &Environment) -> Result<Trigger, String> {
        match self.kind.as_str() {
            "httpTrigger" => {
                let route = self.route.as_deref().filter(|route| !route.is_empty());
                Ok(Trigger::Http(HttpTrigger {
                    methods: parse_methods(self.methods.as_deref().unwrap_or_default())?,
                    route: RouteTemplate::parse(route.unwrap_or(function))?,
                    auth_level: self.auth_level,
                    binding: self.name,
                }))
            }
            "queueTrigger" => Ok(Trigger::Queue(QueueTrigger {
                queue: self.queue(environment)?,
                binding: self.name,
            })),
            "timerTrigger" => {
                let schedule = environment.expand(self.schedule.as_deref().unwrap_or_default());
                Ok(Trigger::Timer(TimerTrigger {
                    schedule: Schedule::parse(&schedule)?,
                    binding: self.name,
                }))
            }
            other => Err(format!("the binding type {other:?} is not supported by this stand-in")),
        }
    }

    fn into_output(self, environment: &Environment) -> Result<Output, String> {
        match self.kind.as_str() {
            "http" => Ok(Output::Http { binding: self.name }),
            "queue" => Ok(Output::Queue {
                queue: self.queue(environment)?,
                binding: self.name,
            }),
            other => Err(format!("the binding type {other:?} is not supported by this stand-in")),
        }
    }

    fn queue(&self, environment: &Environment) -> Result<String, String> {
        let queue = environment.expand(self.queue_name.as_deref().unwrap_or_default());
        if is_queue_name(&queue) {
            Ok(queue)
        } else {
            Err(format!("the queue name {queue:?} of {} is not allowed", self.name))
        }
    }
}

fn parse_methods(names: &[String]) -> Result<Vec<Method>, String> {
    names
        .iter()
        .map(|name| {
            Method::from_bytes(name.to_ascii_uppercase().as_bytes()).map_err(|_| format!("{name:?} is not a method"))
        })
        .collect()
}
