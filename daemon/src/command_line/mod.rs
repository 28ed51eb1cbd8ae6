//! The options of the daemon.

pub(crate) mod address;
mod getopt;
mod help;

pub(crate) use help::HELP;

use address::Address;
use getopt::{Known, Opt, Refusal};
use poolcounter::table::HoldLimits;
use std::ffi::{OsStr, OsString};
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;
use tracing::level_filters::LevelFilter;

/// Tests whether this program can take over a state. A program without this option reports an error, instead of starting as a daemon.
pub(crate) const CHECK_HAND_OVER: &str = "check-hand-over";

const KNOWN: Known = Known {
    short: &[(b'l', true)],
    long: &[
        ("listen", true),
        ("unix-mode", true),
        ("max-clients", true),
        ("idle-timeout", true),
        ("admin", true),
        ("admin-name", true),
        ("groups", true),
        ("warn-held", true),
        ("max-hold", true),
        ("log-level", true),
        ("help", false),
        ("version", false),
        (CHECK_HAND_OVER, false),
    ],
};

/// In seconds. A client that only pauses between two requests must keep its connection.
const SHORTEST_IDLE_TIMEOUT: u32 = 10;

/// What the operator asked for.
#[derive(Debug)]
pub(crate) enum Action {
    Run(Options),
    Help,
    Version,
    /// Test whether a state can be taken over. The running daemon starts this program with its own options and its state.
    CheckHandOver(Options),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// The last `-l`.
    pub(crate) address: Option<Address>,
    /// Every `--listen`.
    pub(crate) listen: Vec<Address>,
    pub(crate) unix_mode: u32,
    pub(crate) max_clients: usize,
    /// How long a client may be idle; `None`: without limit.
    pub(crate) idle_timeout: Option<Duration>,
    /// Every `--admin`.
    pub(crate) admin: Vec<Address>,
    /// Every `--admin-name`, in small letters.
    pub(crate) admin_names: Vec<String>,
    /// The file with the groups of keys.
    pub(crate) groups: Option<PathBuf>,
    /// How long a lock may be held while others wait.
    pub(crate) hold_limits: HoldLimits,
    pub(crate) log_level: LevelFilter,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            address: None,
            listen: Vec::new(),
            unix_mode: 0o660,
            max_clients: usize::MAX,
            idle_timeout: None,
            admin: Vec::new(),
            admin_names: Vec::new(),
            groups: None,
            hold_limits: HoldLimits::default(),
            log_level: LevelFilter::WARN,
        }
    }
}

/// Reads the command line. As in the reference, all options are read before an address is checked.
pub(crate) fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Action, Refusal> {
    let name = arguments.next().unwrap_or_else(|| "poolcounterd".into());
    let found = getopt::options(&name, arguments.collect(), &KNOWN).map_err(|refusal| with_usage(&name, &refusal))?;
    let mut options = Options::default();
    let mut address = None;
    let mut check_hand_over = false;
    for option in found {
        match option {
            Opt::Long("help", _) => return Ok(Action::Help),
            Opt::Long("version", _) => return Ok(Action::Version),
            Opt::Long(CHECK_HAND_OVER, _) => check_hand_over = true,
            Opt::Long(long, value) => options.set(long, &value)?,
            Opt::Short(_, value) => address = Some(value),
        }
    }
    options.address = address.map(|text| Address::plain(&text).ok_or_else(|| not_an_address(&text))).transpose()?;
    Ok(if check_hand_over { Action::CheckHandOver(options) } else { Action::Run(options) })
}

impl Options {
    fn set(&mut self, option: &str, value: &OsStr) -> Result<(), Refusal> {
        let text = value.to_str().unwrap_or_default();
        match option {
            "listen" => self.listen.push(Address::extended(value).ok_or_else(|| not_an_address(value))?),
            "unix-mode" => {
                let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777);
                self.unix_mode = mode.ok_or_else(|| unfit(option, value, "permissions in octal, as 0660"))?;
            }
            "max-clients" => {
                let number = text.parse().ok().filter(|number| *number > 0);
                self.max_clients = number.ok_or_else(|| unfit(option, value, "a number of at least 1"))?;
            }
            "idle-timeout" => {
                let seconds = text.parse().ok().filter(|seconds| *seconds >= SHORTEST_IDLE_TIMEOUT);
                let wanted = format!("a number of seconds, at least {SHORTEST_IDLE_TIMEOUT}");
                let seconds: u32 = seconds.ok_or_else(|| unfit(option, value, &wanted))?;
                self.idle_timeout = Some(Duration::from_secs(seconds.into()));
            }
            "admin" => {
                let address = Address::with_port(value);
                let wanted = "ADDRESS:PORT or unix:/PATH";
                self.admin.push(address.ok_or_else(|| unfit(option, value, wanted))?);
            }
            "admin-name" => {
                let name = Some(text).filter(|name| is_host_name(name));
                let wanted = "the name of a host, without a port";
                self.admin_names.push(name.ok_or_else(|| unfit(option, value, wanted))?.to_ascii_lowercase());
            }
            "groups" => {
                let file = Some(value).filter(|file| !file.is_empty()).map(PathBuf::from);
                self.groups = Some(file.ok_or_else(|| unfit(option, value, "the path of a file"))?);
            }
            "warn-held" => self.hold_limits.warn = Some(seconds(option, value)?),
            "max-hold" => self.hold_limits.max = Some(seconds(option, value)?),
            "log-level" => {
                let levels = ["error", "warn", "info", "debug", "trace"];
                let level = levels.contains(&text).then(|| text.parse().ok()).flatten();
                self.log_level = level.ok_or_else(|| unfit(option, value, "error, warn, info, debug or trace"))?;
            }
            _ => unreachable!("--{option} is known but not handled"),
        }
        Ok(())
    }
}

/// A span of whole seconds.
fn seconds(option: &str, value: &OsStr) -> Result<Duration, Refusal> {
    let seconds = value.to_str().and_then(|text| text.parse().ok()).filter(|seconds| *seconds > 0);
    let seconds: u32 = seconds.ok_or_else(|| unfit(option, value, "a number of seconds, at least 1"))?;
    Ok(Duration::from_secs(seconds.into()))
}

/// Whether a browser could send it as the name of a host. Addresses need not be named.
fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    text.len() <= 253 && text.split('.').all(is_label) && text.parse::<IpAddr>().is_err()
}

fn with_usage(name: &OsStr, refusal: &Refusal) -> Refusal {
    Refusal([&refusal.0, &b"Usage: "[..], name.as_bytes(), b" [-l address]\n"].concat())
}

fn not_an_address(text: &OsStr) -> Refusal {
    Refusal([b"Address `", text.as_bytes(), b"` is not valid to listen on.\n"].concat())
}

fn unfit(option: &str, value: &OsStr, wanted: &str) -> Refusal {
    let head = format!("--{option} takes {wanted}, not `");
    Refusal([head.as_bytes(), value.as_bytes(), b"`.\n"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(arguments: &[&str]) -> Options {
        match parse(["pc"].iter().chain(arguments).map(OsString::from)) {
            Ok(Action::Run(options)) => options,
            other => panic!("{arguments:?} gave {other:?}"),
        }
    }

    fn refused(arguments: &[&str]) -> String {
        let refusal = parse(["pc"].iter().chain(arguments).map(OsString::from)).unwrap_err();
        String::from_utf8_lossy(&refusal.0).into_owned()
    }

    #[test]
    fn the_last_address_counts_and_listen_adds_up() {
        let options = run(&["-l", "bad", "-l", "127.0.0.9", "--listen", "::1", "--listen=unix:/a"]);
        assert_eq!(options.address, Address::plain("127.0.0.9".as_ref()));
        assert_eq!(options.listen.len(), 2);
        assert_eq!(run(&[]), Options::default());
    }

    #[test]
    fn options_are_read_before_the_address() {
        assert_eq!(refused(&["-l", "bad", "-x"]), "pc: invalid option -- 'x'\nUsage: pc [-l address]\n");
        assert_eq!(refused(&["-l", "bad"]), "Address `bad` is not valid to listen on.\n");
    }

    #[test]
    fn values_that_do_not_fit_are_named() {
        assert_eq!(refused(&["--max-clients", "0"]), "--max-clients takes a number of at least 1, not `0`.\n");
        assert_eq!(
            refused(&["--idle-timeout", "9"]),
            "--idle-timeout takes a number of seconds, at least 10, not `9`.\n"
        );
        assert_eq!(refused(&["--max-hold", "0"]), "--max-hold takes a number of seconds, at least 1, not `0`.\n");
        let limits = run(&["--warn-held=5", "--max-hold=61"]).hold_limits;
        assert_eq!((limits.warn, limits.max), (Some(Duration::from_secs(5)), Some(Duration::from_secs(61))));
        assert_eq!(refused(&["--unix-mode", "999"]), "--unix-mode takes permissions in octal, as 0660, not `999`.\n");
        assert_eq!(
            refused(&["--log-level", "loud"]),
            "--log-level takes error, warn, info, debug or trace, not `loud`.\n"
        );
        assert_eq!(refused(&["--listen", "x:1"]), "Address `x:1` is not valid to listen on.\n");
        assert_eq!(run(&["--idle-timeout=10"]).idle_timeout, Some(Duration::from_secs(10)));
        assert_eq!(refused(&["--admin", "127.0.0.1"]), "--admin takes ADDRESS:PORT or unix:/PATH, not `127.0.0.1`.\n");
        for name in ["", "a:80", "10.0.0.1", "a..b", "a b", &"a.".repeat(200)] {
            let words = format!("--admin-name takes the name of a host, without a port, not `{name}`.\n");
            assert_eq!(refused(&["--admin-name", name]), words);
        }
        assert_eq!(run(&["--admin-name=Pool.Example", "--admin-name=b"]).admin_names, ["pool.example", "b"]);
        let options = run(&["--max-clients=9", "--unix-mode=0600", "--log-level=debug"]);
        assert_eq!((options.max_clients, options.unix_mode, options.log_level), (9, 0o600, LevelFilter::DEBUG));
    }
}
