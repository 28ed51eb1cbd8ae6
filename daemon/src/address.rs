use std::ffi::OsStr;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// The port of the reference, and ours unless another is named.
pub(crate) const PORT: u16 = 7531;

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl Address {
    pub(crate) const DEFAULT: Self = Self::Tcp(SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), PORT));

    /// An address as `-l` takes it: strict IPv4 or IPv6, no port, as the reference from 1.2.0 on.
    pub(crate) fn plain(text: &OsStr) -> Option<Self> {
        let ip: IpAddr = text.to_str()?.parse().ok()?;
        Some(Self::Tcp(SocketAddr::new(ip, PORT)))
    }

    /// An address as `--listen` takes it: with a port or without, or `unix:` and an absolute path.
    pub(crate) fn extended(text: &OsStr) -> Option<Self> {
        if let Some(path) = text.as_bytes().strip_prefix(b"unix:") {
            let path = PathBuf::from(OsStr::from_bytes(path));
            return path.is_absolute().then_some(Self::Unix(path));
        }
        let unbracketed = || text.to_str()?.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
        let with_port = || text.to_str()?.parse().ok().map(Self::Tcp);
        Self::plain(text)
            .or_else(with_port)
            .or_else(|| unbracketed().map(|ip: std::net::Ipv6Addr| Self::Tcp(SocketAddr::new(ip.into(), PORT))))
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
            ("127.0.0.1", Some("127.0.0.1:7531"), Some("127.0.0.1:7531")),
            ("::1", Some("[::1]:7531"), Some("[::1]:7531")),
            ("127.0.0.1:80", None, Some("127.0.0.1:80")),
            ("[::1]:80", None, Some("[::1]:80")),
            ("[::1]", None, Some("[::1]:7531")),
            ("unix:/run/pc", None, Some("unix:/run/pc")),
            ("unix:run/pc", None, None),
            ("127.1", None, None),
            ("127.0.0.01", None, None),
            ("localhost", None, None),
            ("", None, None),
        ];
        for (text, plain, extended) in cases {
            assert_eq!(printed(Address::plain(text.as_ref())).as_deref(), plain, "-l {text}");
            assert_eq!(printed(Address::extended(text.as_ref())).as_deref(), extended, "--listen {text}");
        }
    }
}
