use poolcounter::client::{Server, Target};
use std::fmt;
use std::str::FromStr;

/// Where an admin socket is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AdminAddress {
    text: String,
    target: Target,
}

impl AdminAddress {
    pub(crate) fn target(&self) -> &Target {
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
        let refusal = || format!("`{text}` is no admin socket: expected unix:/PATH or ADDRESS:PORT");
        let server = Server::parse(text).map_err(|_| refusal())?;
        // The port of the protocol, which a server has by default, is not that of its admin interface.
        let is_whole = match server.target() {
            Target::Unix(_) => true,
            Target::Host { host, port } => {
                let bracketed = !host.contains(':') || text.starts_with('[');
                bracketed && text.ends_with(&format!(":{port}"))
            }
        };
        if is_whole { Ok(Self { text: text.to_owned(), target: server.target().clone() }) } else { Err(refusal()) }
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
