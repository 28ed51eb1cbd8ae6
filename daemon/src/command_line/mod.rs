//! The options of the daemon.

pub(crate) mod address;
mod getopt;
mod help;
mod options;

pub(crate) use getopt::Refusal;
pub(crate) use help::HELP;
pub(crate) use options::Options;

use address::Address;
use getopt::{Known, Opt};
use options::not_an_address;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

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
        ("config", true),
        ("warn-held", true),
        ("max-hold", true),
        ("drain-on-stop", true),
        ("record-buffer", true),
        ("log-level", true),
        ("help", false),
        ("version", false),
        (CHECK_HAND_OVER, false),
    ],
};

/// What the operator asked for.
#[derive(Debug)]
pub(crate) enum Action {
    Run(Options),
    Help,
    Version,
    /// Test whether a state can be taken over. The running daemon starts this program with its own options and its state.
    CheckHandOver(Options),
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
            Opt::Long(long, value) => {
                options.set(long, &value)?;
                options.given.push(long);
            }
            Opt::Short(_, value) => address = Some(value),
        }
    }
    options.address = address.map(|text| Address::plain(&text).ok_or_else(|| not_an_address(&text))).transpose()?;
    Ok(if check_hand_over { Action::CheckHandOver(options) } else { Action::Run(options) })
}

fn with_usage(name: &OsStr, refusal: &Refusal) -> Refusal {
    Refusal([&refusal.0, &b"Usage: "[..], name.as_bytes(), b" [-l address]\n"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tracing::level_filters::LevelFilter;

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
        for size in ["", "M", "1048575", "1023K", "-1M", "+9M", "9T", "1.5M", "0x9M", "64m", "99999999999G"] {
            let words = format!("--record-buffer takes a size of at least 1M, as 64M or 1G, not `{size}`.\n");
            assert_eq!(refused(&["--record-buffer", size]), words);
        }
        for (size, bytes) in [("1048576", 1 << 20), ("1024K", 1 << 20), ("64M", 64 << 20), ("1G", 1 << 30)] {
            assert_eq!(run(&["--record-buffer", size]).record_buffer, Some(bytes));
        }
        assert_eq!(refused(&["--listen", "x:1"]), "Address `x:1` is not valid to listen on.\n");
        assert_eq!(run(&["--idle-timeout=10"]).idle_timeout, Some(Duration::from_secs(10)));
        assert_eq!(refused(&["--admin", "127.0.0.1"]), "--admin takes ADDRESS:PORT or unix:/PATH, not `127.0.0.1`.\n");
        let long = format!("unix:/{}", "p".repeat(107));
        for option in ["listen", "admin"] {
            let words = format!("--{option} takes a path of at most 107 bytes, not `{long}`.\n");
            assert_eq!(refused(&[&format!("--{option}"), &long]), words);
        }
        for name in ["", "a:80", "10.0.0.1", "a..b", "a b", &"a.".repeat(200)] {
            let words = format!("--admin-name takes the name of a host, without a port, not `{name}`.\n");
            assert_eq!(refused(&["--admin-name", name]), words);
        }
        assert_eq!(run(&["--admin-name=Pool.Example", "--admin-name=b"]).admin_names, ["pool.example", "b"]);
        let options = run(&["--max-clients=9", "--unix-mode=0600", "--log-level=debug"]);
        assert_eq!((options.max_clients, options.unix_mode, options.log_level), (9, 0o600, LevelFilter::DEBUG));
    }
}
