use poolcounter::client::{self, Server};
use std::fmt;
use std::str::FromStr;

/// Where an admin socket is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AdminAddress {
    text: String,
    target: Target,
}

/// What is connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Unix(String),
    /// A host by name or address, and its port.
    Tcp(String, u16),
}

impl AdminAddress {
    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    pub(crate) fn is_unix(&self) -> bool {
        matches!(self.target, Target::Unix(_))
    }

    /// What an HTTP request names as its host.
    pub(crate) fn host(&self) -> &str {
        if self.is_unix() { "localhost" } else { &self.text }
    }
}

impl FromStr for AdminAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let server = Server::parse(text).ok();
        let target = server.as_ref().and_then(|server| target(server.target(), text));
        let refusal = || format!("`{text}` is no admin socket: expected unix:/PATH or ADDRESS:PORT");
        target.map(|target| Self { text: text.to_owned(), target }).ok_or_else(refusal)
    }
}

/// The port of the protocol, which a server has if it names none, is not that of its admin interface.
fn target(server: &client::Target, text: &str) -> Option<Target> {
    match server {
        client::Target::Unix(path) => Some(Target::Unix(path.clone())),
        client::Target::Host { host, port } => {
            let bracketed = !host.contains(':') || text.starts_with('[');
            let names_port = bracketed && text.ends_with(&format!(":{port}"));
            names_port.then(|| Target::Tcp(host.clone(), *port))
        }
        _ => None,
    }
}

impl fmt::Display for AdminAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_not_optional() {
        for text in ["unix:/run/poolcounter/admin", "127.0.0.1:7532", "[::1]:7532", "pc1.example:80"] {
            assert_eq!(text.parse::<AdminAddress>().map(|address| address.to_string()), Ok(text.to_owned()));
        }
        for text in
            ["", "127.0.0.1", "pc1", "::1", "fe80::7531", "[::1]", "unix:run", "/run/poolcounter/admin", "pc1:0"]
        {
            let refusal = text.parse::<AdminAddress>().unwrap_err();
            assert!(refusal.starts_with(&format!("`{text}` is no admin socket: expected")), "{refusal}");
        }
    }
}
