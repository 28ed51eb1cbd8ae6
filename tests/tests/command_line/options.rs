//! The options that the reference does not have.

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Counters, Daemon, Deadline, Network, Outcome, PATIENCE, Program};

#[test]
fn more_clients_than_allowed_are_closed_at_once_and_counted() -> Result<()> {
    let daemon = Daemon::ours(&["--max-clients", "2"])?;
    let [mut first, mut second] = [served(&daemon)?, served(&daemon)?];
    let before = Counters::ask(&mut first)?["connect_errors"];
    let ports = (0..3).map(|_| {
        let mut client = Client::connect(daemon.address())?;
        client.expect_end()?;
        Ok(client.port())
    });
    let ports = ports.collect::<Result<Vec<_>>>()?;
    assert_eq!(Counters::ask(&mut first)?["connect_errors"], before + 3);
    let said = daemon.expect_said("--max-clients 2 was closed: 127.0.0.1:")?;
    ensure!(said.lines().count() == 1, "it said {said:?}");
    // The connection that tested whether the daemon listens may have been the first.
    ensure!(before > 0 || said.contains(&format!(": 127.0.0.1:{}", ports[0])), "it said {said:?}, and not {ports:?}");
    second.settle()?;
    // When a client leaves, another one is accepted.
    second.close()?;
    served(&daemon)?.close()
}

/// A client that is accepted. The connection that tested whether the daemon listens may not be closed yet.
fn served(daemon: &Daemon) -> Result<Client> {
    let try_it = || {
        let mut client = Client::connect(daemon.address()).ok()?;
        client.settle().is_ok().then_some(client)
    };
    Deadline::after(PATIENCE).poll(try_it).ok_or_else(|| anyhow::anyhow!("no place: {:?}", daemon.stderr()))
}

#[test]
fn the_log_level_says_how_much_is_said() -> Result<()> {
    for (level, words) in [("info", "listening on"), ("debug", "listening on"), ("trace", "listening on")] {
        let daemon = Daemon::ours(&["--log-level", level])?;
        daemon.expect_said(words).with_context(|| level)?;
    }
    // Only errors are logged, so the warning of the closed list does not appear.
    let daemon = Daemon::ours(&["--log-level=error", "--max-clients=1"])?;
    let mut inside = served(&daemon)?;
    Client::connect(daemon.address())?.expect_end()?;
    inside.settle()?;
    assert_eq!(daemon.stderr(), "");
    Ok(())
}

#[test]
fn values_that_do_not_fit_are_refused() -> Result<()> {
    let number = |value: &str| format!("--max-clients takes a number of at least 1, not `{value}`.\n");
    let idle = |value: &str| format!("--idle-timeout takes a number of seconds, at least 10, not `{value}`.\n");
    let mode = |value: &str| format!("--unix-mode takes permissions in octal, as 0660, not `{value}`.\n");
    let level = |value: &str| format!("--log-level takes error, warn, info, debug or trace, not `{value}`.\n");
    let bad = [
        ("--max-clients", vec!["0", "-1", "many", ""], &number as &dyn Fn(&str) -> String),
        ("--idle-timeout", vec!["9", "0", "-10", "10.5", "10s", "4294967296", ""], &idle),
        ("--unix-mode", vec!["1777", "rw", "8", ""], &mode),
        ("--log-level", vec!["loud", "WARNING", ""], &level),
    ];
    for (option, values, words) in bad {
        for value in values {
            let outcome = Outcome::of(Program::ours()?.command().args([option, value]))?;
            assert_eq!(outcome, Outcome::refuses(&words(value)));
        }
    }
    Ok(())
}

#[test]
fn long_options_are_used_as_the_c_library_has_it() -> Result<()> {
    let network = Network::new()?;
    let refused = |text: &str| Outcome::refuses(&format!("poolcounterd: {text}\nUsage: poolcounterd [-l address]\n"));
    for (argument, text) in [
        ("--listen", "option '--listen' requires an argument"),
        ("--help=x", "option '--help' doesn't allow an argument"),
        ("--list=::1", "invalid option -- '-'"),
    ] {
        assert_eq!(Outcome::of(network.command(&Program::ours()?).arg(argument))?, refused(text));
    }
    Ok(())
}
