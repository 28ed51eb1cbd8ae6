//! Checks that no page of another site has made a browser send the request. Such a page can give its own name any address ("DNS rebinding"), so a name is served only if the
//! operator has named it. An address in the place of a name cannot be chosen in this way.

use hyper::http::Request;
use hyper::http::header::HOST;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The names that this host may be asked for by.
#[derive(Debug)]
pub(super) struct HostNames<'a>(&'a [String]);

impl<'a> HostNames<'a> {
    /// The names of `--admin-name`, in small letters.
    pub(super) fn new(names: &'a [String]) -> Self {
        Self(names)
    }

    /// Whether the request asks for one of the names or for an address, with any port.
    pub(super) fn allow<T>(&self, request: &Request<T>) -> bool {
        let mut headers = request.headers().get_all(HOST).iter();
        let header = headers.next().and_then(|header| header.to_str().ok());
        // A proxy's form of the request names a host in its first line too, which a browser does not send.
        request.uri().authority().is_none() && headers.next().is_none() && header.is_some_and(|host| self.allows(host))
    }

    fn allows(&self, host: &str) -> bool {
        if let Some((address, port)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            return address.parse::<Ipv6Addr>().is_ok() && port.strip_prefix(':').map_or(port.is_empty(), is_port);
        }
        let (name, port) = host.split_once(':').unwrap_or((host, ""));
        let is_ours = || self.0.iter().any(|own| own.eq_ignore_ascii_case(name));
        is_port(port) && (name.parse::<Ipv4Addr>().is_ok() || name.eq_ignore_ascii_case("localhost") || is_ours())
    }
}

fn is_port(text: &str) -> bool {
    text.is_empty() || text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_localhost_and_own_names_are_allowed() {
        let names = ["pool.example".to_owned()];
        let names = HostNames::new(&names);
        let allowed = [
            "127.0.0.1",
            "10.1.2.3:7532",
            "[::1]",
            "[2001:db8::1]:7532",
            "localhost",
            "LOCALHOST:80",
            "localhost:65535",
            "localhost:",
            "pool.example",
            "Pool.Example:7532",
        ];
        for host in allowed {
            assert!(names.allows(host), "{host}");
        }
        let others = [
            "",
            "evil.example",
            "pool.example.evil.example",
            "localhost.evil.example",
            "localhost:x",
            "localhost:65536",
            "[::1]:65536",
            "localhost.",
            "127.1",
            "127.0.0.1.evil.example",
            "2130706433",
            "[::1",
            "[::1]evil.example",
            "[evil.example]",
            "::1",
            "user@localhost",
        ];
        for host in others {
            assert!(!names.allows(host), "{host}");
        }
    }
}
