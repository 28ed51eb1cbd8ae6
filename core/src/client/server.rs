use alloc::string::{String, ToString};
use core::fmt;
use core::net::Ipv6Addr;

/// The port of a server that names none.
pub const DEFAULT_PORT: u16 = 7531;

/// The longest path of a Unix socket, in bytes.
const MAX_PATH: usize = 107;

/// The longest label and name in DNS.
const MAX_LABEL: usize = 63;
const MAX_NAME: usize = 253;

/// Characters that no host has in its name, as the URL standard lists them.
const NEVER_IN_A_NAME: &[char] = &['#', '%', '/', '<', '>', '?', '@', '[', '\\', ']', '^', '|'];

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
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
#[non_exhaustive]
#[error("`{0}` is not a server: expected host, host:port, [address]:port or unix:/path")]
pub struct BadServer(pub String);

impl Server {
    /// Reads `host`, `host:port`, `[address]`, `[address]:port`, a bare IPv6 address, or `unix:/path`. A host of numbers alone is an IPv4 address, in each of the
    /// forms that the C library knows: `127.1` too.
    ///
    /// # Errors
    ///
    /// If the text has none of these forms, or names a host that cannot be.
    pub fn parse(text: &str) -> Result<Self, BadServer> {
        let target = Target::parse(text).ok_or_else(|| BadServer(text.to_string()))?;
        Ok(Self { name: text.to_string(), target })
    }

    /// Reads the same forms with spaces and line ends around them, which a typing mistake may leave there. They stay in the [`name`](Self::name), because it decides
    /// which keys belong to the server.
    ///
    /// # Errors
    ///
    /// As with [`parse`](Self::parse).
    pub fn parse_spaced(text: &str) -> Result<Self, BadServer> {
        let target = Target::parse(text.trim_ascii()).ok_or_else(|| BadServer(text.to_string()))?;
        Ok(Self { name: text.to_string(), target })
    }

    /// The text as it was configured. It decides which keys belong to the server, and errors contain it.
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
            return (path.starts_with('/') && path.len() <= MAX_PATH).then(|| Self::Unix(path.to_string()));
        }
        let (host, port, can_be) = match text.strip_prefix('[') {
            Some(bracketed) => {
                let (host, rest) = bracketed.split_once(']')?;
                (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) }, is_ipv6(host))
            }
            None if text.matches(':').count() > 1 => (text, None, is_ipv6(text)),
            None => {
                let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
                (host, port, if is_numeric(host) { is_ipv4(host) } else { is_name(host) })
            }
        };
        let port = port.map_or(Some(DEFAULT_PORT), port_number)?;
        can_be.then(|| Self::Host { host: host.to_string(), port })
    }
}

fn port_number(text: &str) -> Option<u16> {
    // No sign.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port > 0)
}

/// With or without a zone: `fe80::1%eth0`.
fn is_ipv6(host: &str) -> bool {
    let (address, zone) = host.split_once('%').map_or((host, None), |(address, zone)| (address, Some(zone)));
    address.parse::<Ipv6Addr>().is_ok() && zone.is_none_or(|zone| !zone.is_empty() && !zone.contains('%'))
}

/// Whether it consists of numbers alone. The system would read it as an IPv4 address, and no such name can be registered.
fn is_numeric(host: &str) -> bool {
    let is_number = |label: &str| {
        let hexadecimal =
            hexadecimal(label).is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        hexadecimal || !label.is_empty() && label.bytes().all(|digit| digit.is_ascii_digit())
    };
    host.strip_suffix('.').unwrap_or(host).split('.').all(is_number)
}

/// As `inet_aton` reads it: one to four numbers, decimal, octal or hexadecimal. The last one fills the remaining bytes.
fn is_ipv4(host: &str) -> bool {
    let mut left: u32 = 4;
    let mut numbers = host.split('.').peekable();
    while let Some(text) = numbers.next() {
        let Some(number) = number(text) else { return false };
        if numbers.peek().is_none() {
            return left > 0 && number < 1_u64 << (8 * left);
        }
        if left <= 1 || number > 255 {
            return false;
        }
        left -= 1;
    }
    false
}

fn number(text: &str) -> Option<u64> {
    let (digits, radix) = match hexadecimal(text) {
        Some(digits) => (digits, 16),
        None if text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    u64::from_str_radix(digits, radix).ok()
}

/// The digits behind `0x`, if there are any.
fn hexadecimal(text: &str) -> Option<&str> {
    text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).filter(|digits| !digits.is_empty())
}

/// Letters outside ASCII count as one each, though they take more bytes when they are encoded for DNS.
fn is_name(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    let fits = |label: &str| (1..=MAX_LABEL).contains(&label.chars().count());
    name.chars().count() <= MAX_NAME && name.split('.').all(fits) && !name.contains(NEVER_IN_A_NAME)
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
            (&format!("unix:/{}", "p".repeat(107)), None),
            ("", None),
            (":80", None),
            ("pc1:", None),
            ("pc1:0", None),
            ("pc1:70000", None),
            ("[::1", None),
            ("[::1]80", None),
            ("pc1:+80", None),
            ("pc1:80:80", None),
            ("pc 1", None),
            ("pc1\n", None),
        ];
        for (text, target) in cases {
            assert_eq!(Server::parse(text).ok().map(|server| server.target), target, "{text:?}");
        }
    }

    #[test]
    fn only_what_can_be_a_host() {
        let (label, long_label) = ("a".repeat(63), "a".repeat(64));
        let (name, long_name) = ("a.".repeat(126) + "a", "a.".repeat(127) + "a");
        let good = [
            // As the C library reads an IPv4 address.
            "127.0.0.1",
            "127.1",
            "10.0.1",
            "2130706433",
            "0x7f.1",
            "0X7F000001",
            "0177.0.0.1",
            "10.0.65535",
            "0xffffffff",
            // IPv6, with a zone too.
            "::",
            "fe80::1%eth0",
            "[fe80::1%2]",
            "::ffff:10.0.0.1",
            // Names.
            "pc_1",
            "-pc",
            "bücher.example",
            "pc1.example.",
            "1a",
            "0x",
            "0xg",
            "7531.pc",
            "pc.1",
            "xn--bcher-kva",
            &label,
            &name,
            &("ü".repeat(63)),
        ];
        for host in good {
            assert!(Server::parse(host).is_ok(), "{host}");
        }
        let bad = [
            "300.1.1.1",
            "1.2.3.4.5",
            "1.2.3.256",
            "256.1",
            "1.2.65536",
            "4294967296",
            "0x100000000",
            "08.1.1.1",
            "127.1.",
            "1..2",
            "[zz]",
            "[127.0.0.1]",
            "[pc1]",
            "::g",
            "1::2::3",
            "fe80::1%",
            "[]",
            "fe80::1%a%b",
            ":::",
            ".",
            "..",
            ".pc1",
            "pc1..example",
            "pc1/",
            "user@pc1",
            "pc1]",
            "pc1%eth0",
            &long_label,
            &long_name,
        ];
        for host in bad {
            assert!(Server::parse(host).is_err(), "{host}");
        }
    }

    #[test]
    fn spaces_around_a_server_are_of_its_name_alone() {
        for text in [" pc1:80", "pc1:80 ", "\tpc1:80\r\n"] {
            assert!(Server::parse(text).is_err(), "{text:?}");
            let server = Server::parse_spaced(text).unwrap();
            assert_eq!((server.name(), server.target().host()), (text, Some("pc1")));
        }
        for text in ["", " ", "pc 1", "pc1: 80", " unix: /run/pc"] {
            assert!(Server::parse_spaced(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_refusal_names_the_text() {
        assert!(format!("{}", Server::parse("a b").unwrap_err()).starts_with("`a b` is not a server"));
    }
}
