//! No free descriptor.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Daemon, Deadline, PATIENCE, Program, kernel};

const LIMIT: &str = "ulimit -n 64";
/// More clients than the daemon has descriptors for. The rest fits into the reference's backlog of 20.
const CLIENTS: usize = 70;

/// A daemon with this many connected clients, of which it serves only some.
fn exhausted(program: &Program, preparation: &str) -> Result<(Daemon, Vec<Client>)> {
    let daemon = Daemon::start(|address| {
        let mut command = program.after(preparation);
        command.arg("-l").arg(address.to_string());
        Ok(command)
    })?;
    let mut clients = vec![Client::connect(daemon.address())?];
    clients[0].settle()?;
    for _ in 1..CLIENTS {
        clients.push(Client::connect(daemon.address())?);
    }
    let errors = || clients[0].ask("STATS connect_errors\n").ok().filter(|answer| answer != "connect_errors: 0\n");
    Deadline::after(PATIENCE).poll(errors).context("the daemon has descriptors left")?;
    Ok((daemon, clients))
}

fn failed_accepts(clients: &mut [Client]) -> Result<u64> {
    let answer = clients[0].ask("STATS connect_errors\n")?;
    let number = answer.trim_end().strip_prefix("connect_errors: ").context("an answer")?;
    Ok(number.parse()?)
}

#[test]
fn the_daemon_pauses_while_the_reference_spins() -> Result<()> {
    let (reference, mut at_reference) = exhausted(&Program::reference()?, &format!("{LIMIT} && exec 2>/dev/null"))?;
    let (ours, mut at_ours) = exhausted(&Program::ours()?, LIMIT)?;
    let used = || Ok::<_, anyhow::Error>((kernel::cpu_time(reference.pid())?, kernel::cpu_time(ours.pid())?));
    let (before, failed) = (used()?, (failed_accepts(&mut at_reference)?, failed_accepts(&mut at_ours)?));
    // The same duration for both: until the reference has used a fifth of a second of processor time.
    let burnt = || {
        let now = kernel::cpu_time(reference.pid());
        now.is_ok_and(|now| now >= before.0 + Duration::from_millis(200)).then_some(())
    };
    Deadline::after(PATIENCE).poll(burnt).context("the reference does not spin")?;
    let ours_used = used()?.1.saturating_sub(before.1);
    ensure!(ours_used < Duration::from_millis(30), "ours used {ours_used:?} meanwhile");
    let failed = (failed_accepts(&mut at_reference)? - failed.0, failed_accepts(&mut at_ours)? - failed.1);
    ensure!(failed.0 > 1000 && failed.1 < 20, "accepts that failed meanwhile, reference and ours: {failed:?}");
    Ok(())
}

#[test]
fn it_is_said_once_and_those_who_wait_are_served_later() -> Result<()> {
    let (daemon, mut clients) = exhausted(&Program::ours()?, LIMIT)?;
    // The accepted clients are served. The last one is not accepted.
    for client in &mut clients[..20] {
        assert_eq!(client.ask("RELEASE\n")?, "NOT_LOCKED\n");
    }
    let mut last = clients.pop().context("a client")?;
    last.send(b"RELEASE\n")?;
    clients[0].settle()?;
    last.expect_nothing()?;
    let said = daemon.expect_said("Too many open files")?;
    ensure!(said.lines().count() == 1, "it said {said:?}");
    // When clients leave, waiting clients are accepted.
    clients.drain(20..60).try_for_each(Client::close)?;
    last.expect(b"NOT_LOCKED\n")?;
    for client in &mut clients {
        assert_eq!(client.ask("RELEASE\n")?, "NOT_LOCKED\n");
    }
    assert_eq!(daemon.stderr(), said, "it said so again");
    Ok(())
}
