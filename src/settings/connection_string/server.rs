//! The value of `Server`: `tcp:host,port`.

use super::Expected;

const DEFAULT_PORT: u16 = 1433;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Server {
    pub(super) fn parse(text: &str) -> Result<Self, Expected> {
        let lower = text.to_lowercase();
        if ["np:", "lpc:", "admin:", r"\\"]
            .iter()
            .any(|other| lower.starts_with(other))
        {
            return Err(" whose `Server` is reached over TCP: `tcp:host,1433`".to_owned());
        }
        if lower.starts_with("(localdb)") {
            return Err(" whose `Server` is not LocalDB, which is reached on Windows only".to_owned());
        }
        let address = match text.get(..4) {
            Some(start) if start.eq_ignore_ascii_case("tcp:") => text.get(4..).unwrap_or_default(),
            _ => text,
        };
        let (host, port) = match address.split_once(',') {
            Some((host, port)) => (host.trim(), Some(port.trim())),
            None => (address.trim(), None),
        };
        let host = match host.split_once('\\') {
            Some(_) if port.is_none() => {
                return Err(
                    r" whose `Server` names the port of the instance, because SQL Browser is not asked: `host\instance,1433`"
                        .to_owned(),
                );
            }
            Some((host, _)) => host,
            None => host,
        };
        let port = match port {
            Some(port) => port.parse().ok().filter(|port| *port > 0),
            None => Some(DEFAULT_PORT),
        };
        let port = port.ok_or(" whose `Server` ends with a port, 1 to 65535, behind its comma: `tcp:host,1433`")?;
        Ok(Self {
            host: host_name(host)?,
            port,
        })
    }
}

fn host_name(host: &str) -> Result<String, Expected> {
    match host.split_once(':') {
        Some((_, port)) if !port.contains(':') => {
            return Err(" whose `Server` has a comma before the port, not a colon: `tcp:host,1433`".to_owned());
        }
        _ => {}
    }
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_name = !host.is_empty() && host.chars().all(|sign| sign.is_alphanumeric() || "-._:".contains(sign));
    match host {
        "." | "(local)" => Ok("localhost".to_owned()),
        _ if is_name => Ok(host.to_owned()),
        _ => Err(" whose `Server` is a host name or an address: `tcp:host,1433`".to_owned()),
    }
}
