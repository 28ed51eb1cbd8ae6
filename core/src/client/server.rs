use alloc::string::{String, ToString};
use core::fmt;

/// The port of a server that names none.
pub const DEFAULT_PORT: u16 = 7531;

/// A server as the configuration names it.
///
/// ```
/// use poolcounter::client::{Server, Target};
///
/// let server = Server::parse("10.0.0.1").expect("a host");
/// assert_eq!(server.target(), &Target::Host { host: "10.0.0.1".into(), port: 7531 });
/// assert!(Server::parse("[::1]:7531").is_ok());
/// assert!(Server::parse("unix:/run/poolcounter.sock").is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    name: String,
    target: Target,
}

/// Where a server is found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A host, by name or address, and its TCP port.
    Host {
        /// Without brackets.
        host: String,
        /// From 1 on.
        port: u16,
    },
    /// The absolute path of a Unix socket.
    Unix(String),
}

/// A text that names no server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a server: expected host, host:port, [address]:port or unix:/path")]
pub struct BadServer(pub String);

impl Server {
    /// Reads `host`, `host:port`, `[address]`, `[address]:port`, a bare IPv6 address, or `unix:/path`.
    ///
    /// # Errors
    ///
    /// If the text has none of these forms.
    pub fn parse(text: &str) -> Result<Self, BadServer> {
        let target = Target::parse(text).ok_or_else(|| BadServer(text.to_string()))?;
        Ok(Self { name: text.to_string(), target })
    }

    /// The text as it was configured. It is what servers are chosen by, and what errors name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where to connect to.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }
}

impl fmt::Display for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

impl Target {
    /// The host, by name or address, without brackets; a Unix socket has none.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Host { host, .. } => Some(host),
            Self::Unix(_) => None,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if text.bytes().any(|byte| byte.is_ascii_control() || byte == b' ') {
            return None;
        }
        if let Some(path) = text.strip_prefix("unix:") {
            return path.starts_with('/').then(|| Self::Unix(path.to_string()));
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(bracketed) => {
                let (host, rest) = bracketed.split_once(']')?;
                (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
            }
            None if text.matches(':').count() > 1 => (text, None),
            None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
        };
        let port = port.map_or(Some(DEFAULT_PORT), |port| port.parse().ok().filter(|port| *port > 0))?;
        (!host.is_empty()).then(|| Self::Host { host: host.to_string(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn every_form_of_a_server() {
        let host = |host: &str, port| Some(Target::Host { host: host.to_string(), port });
        let cases = [
            ("pc1", host("pc1", 7531)),
            ("pc1:80", host("pc1", 80)),
            ("127.0.0.1:7532", host("127.0.0.1", 7532)),
            ("::1", host("::1", 7531)),
            ("[::1]", host("::1", 7531)),
            ("[::1]:80", host("::1", 80)),
            ("unix:/run/pc", Some(Target::Unix("/run/pc".to_string()))),
            ("unix:run/pc", None),
            ("", None),
            (":80", None),
            ("pc1:", None),
            ("pc1:0", None),
            ("pc1:70000", None),
            ("[::1", None),
            ("[::1]80", None),
            ("pc 1", None),
            ("pc1\n", None),
        ];
        for (text, target) in cases {
            assert_eq!(Server::parse(text).ok().map(|server| server.target), target, "{text:?}");
        }
        assert!(format!("{}", Server::parse("a b").unwrap_err()).starts_with("`a b` is not a server"));
    }
}
