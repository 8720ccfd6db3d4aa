//! The address of a node for clients.

use std::fmt;
use std::str::FromStr;

/// host:port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(String);

/// A text that is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not host:port with a port from 1 to 65535, as in 127.0.0.1:7400")]
pub struct BadEndpoint {
    text: String,
}

impl FromStr for Endpoint {
    type Err = BadEndpoint;

    fn from_str(text: &str) -> Result<Self, BadEndpoint> {
        let text = text.trim();
        let port = text.rsplit_once(':').filter(|(host, _)| is_host(host));
        let port = port.and_then(|(_, port)| port.parse::<u16>().ok());
        match port {
            Some(1..) => Ok(Self(text.to_owned())),
            _ => Err(BadEndpoint {
                text: text.to_owned(),
            }),
        }
    }
}

/// Whether this can be the name or the address of a host: not a URL, and no IPv6 without brackets,
/// whose last part would be taken for the port.
fn is_host(text: &str) -> bool {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let stray = |c: char| c.is_whitespace() || "/@[]?#".contains(c) || c == ':' && bare.is_none();
    let host = bare.unwrap_or(text);
    !host.is_empty() && !host.contains(stray)
}

impl Endpoint {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_host_and_port() {
        for text in ["127.0.0.1:7400", " [::1]:1", "node-1.example:65535"] {
            assert!(text.parse::<Endpoint>().is_ok(), "{text}");
        }
        for text in [
            "",
            ":7400",
            "localhost",
            "localhost:0",
            "localhost:65536",
            "7400",
            "http://127.0.0.1:7400",
            "user@host:7400",
            "::1:7400",
            "[]:7400",
            "ho st:7400",
        ] {
            let refusal = text.parse::<Endpoint>().unwrap_err().to_string();
            assert!(
                refusal.starts_with(&format!("{text:?} is not host:port")),
                "{refusal}"
            );
        }
    }
}
