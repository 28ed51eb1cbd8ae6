use std::ffi::OsStr;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// The reference's port, and the default of ours.
pub(crate) const PORT: u16 = 7531;

/// The longest path of a Unix socket, in bytes.
pub(super) const MAX_PATH: usize = 107;

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl Address {
    pub(crate) const DEFAULT: Self = Self::Tcp(SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), PORT));

    /// Reads the address of `-l`: strict IPv4 or IPv6 without a port, like the reference from 1.2.0 on.
    pub(crate) fn plain(text: &OsStr) -> Option<Self> {
        let ip: IpAddr = text.to_str()?.parse().ok()?;
        Some(Self::Tcp(SocketAddr::new(ip, PORT)))
    }

    /// Reads the address of `--listen`: with or without a port, or `unix:` and an absolute path.
    pub(crate) fn extended(text: &OsStr) -> Option<Self> {
        if let Some(path) = text.as_bytes().strip_prefix(b"unix:") {
            let path = PathBuf::from(OsStr::from_bytes(path));
            return (path.is_absolute() && !Self::is_too_long(text)).then_some(Self::Unix(path));
        }
        let unbracketed = || text.to_str()?.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
        let with_port = || text.to_str()?.parse().ok().map(Self::Tcp);
        Self::plain(text)
            .or_else(with_port)
            .or_else(|| unbracketed().map(|ip: std::net::Ipv6Addr| Self::Tcp(SocketAddr::new(ip.into(), PORT))))
    }

    /// Whether it names a Unix socket whose path is too long for the system.
    pub(crate) fn is_too_long(text: &OsStr) -> bool {
        text.as_bytes().strip_prefix(b"unix:/").is_some_and(|path| path.len() >= MAX_PATH)
    }

    /// An address as `--admin` takes it: with a port, which has no default there, or `unix:` and an absolute path.
    pub(crate) fn with_port(text: &OsStr) -> Option<Self> {
        let tcp = || text.to_str()?.parse().ok().map(Self::Tcp);
        tcp().or_else(|| Self::extended(text).filter(|address| matches!(address, Self::Unix(_))))
    }

    /// Whether other hosts can reach this address.
    pub(crate) fn is_exposed(&self) -> bool {
        matches!(self, Self::Tcp(address) if !address.ip().to_canonical().is_loopback())
    }

    /// Whether the daemon cannot listen at both addresses. `::` means all addresses of both families.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        let (one, other) = match (self, other) {
            (Self::Tcp(one), Self::Tcp(other)) => (one, other),
            (Self::Unix(one), Self::Unix(other)) => return one == other,
            _ => return false,
        };
        let covers = |all: IpAddr, one: IpAddr| {
            all == one || all.is_unspecified() && (all.is_ipv6() || one.to_canonical().is_ipv4())
        };
        let [one_ip, other_ip] = [one, other].map(|address| address.ip().to_canonical());
        // For port 0 the system chooses another port each time.
        one.port() == other.port() && one.port() != 0 && (covers(one_ip, other_ip) || covers(other_ip, one_ip))
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(formatter),
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_brackets_are_for_listen_alone() {
        let printed = |address: Option<Address>| address.map(|address| address.to_string());
        let cases = [
            ("127.0.0.1", Some("127.0.0.1:7531"), Some("127.0.0.1:7531"), None),
            ("::1", Some("[::1]:7531"), Some("[::1]:7531"), None),
            ("127.0.0.1:80", None, Some("127.0.0.1:80"), Some("127.0.0.1:80")),
            ("[::1]:80", None, Some("[::1]:80"), Some("[::1]:80")),
            ("[::1]", None, Some("[::1]:7531"), None),
            ("unix:/run/pc", None, Some("unix:/run/pc"), Some("unix:/run/pc")),
            ("unix:run/pc", None, None, None),
            (&format!("unix:/{}", "p".repeat(107)), None, None, None),
            ("127.1", None, None, None),
            ("127.0.0.01", None, None, None),
            ("localhost", None, None, None),
            ("localhost:80", None, None, None),
            ("", None, None, None),
        ];
        for (text, plain, extended, with_port) in cases {
            assert_eq!(printed(Address::plain(text.as_ref())).as_deref(), plain, "-l {text}");
            assert_eq!(printed(Address::extended(text.as_ref())).as_deref(), extended, "--listen {text}");
            assert_eq!(printed(Address::with_port(text.as_ref())).as_deref(), with_port, "--admin {text}");
        }
    }

    #[test]
    fn loopback_and_paths_are_not_exposed() {
        let exposed = |text: &str| Address::with_port(text.as_ref()).expect("an address").is_exposed();
        let not = ["127.0.0.1:80", "127.9.9.9:80", "[::1]:80", "[::ffff:127.0.0.1]:80", "unix:/run/admin"];
        assert_eq!(not.map(exposed), [false; 5]);
        assert_eq!(["0.0.0.0:80", "[::]:80", "10.0.0.1:80", "[2001:db8::1]:80"].map(exposed), [true; 4]);
    }

    #[test]
    fn what_cannot_be_listened_at_together() {
        let address = |text: &str| Address::extended(text.as_ref()).expect("an address");
        let cases = [
            ("10.0.0.1", "10.0.0.1:7531", true),
            ("10.0.0.1", "10.0.0.1:7532", false),
            ("10.0.0.1", "10.0.0.2", false),
            ("0.0.0.0", "10.0.0.1", true),
            ("0.0.0.0", "::1", false),
            ("0.0.0.0", "::ffff:10.0.0.1", true),
            ("::", "::1", true),
            ("::", "10.0.0.1", true),
            ("::", "0.0.0.0", true),
            ("::1", "127.0.0.1", false),
            ("::ffff:10.0.0.1", "10.0.0.1", true),
            ("127.0.0.1:0", "127.0.0.1:0", false),
            ("unix:/a", "unix:/a", true),
            ("unix:/a", "unix:/b", false),
            ("unix:/a", "127.0.0.1", false),
        ];
        for (one, other, expected) in cases {
            assert_eq!(address(one).excludes(&address(other)), expected, "{one} and {other}");
            assert_eq!(address(other).excludes(&address(one)), expected, "{other} and {one}");
        }
    }
}
