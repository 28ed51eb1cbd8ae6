//! A daemon without a free descriptor for another client can still be upgraded.

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Counters, Daemon, Deadline, Installed, PATIENCE};

/// More clients than `ulimit -n` allows, so that some wait to be accepted.
const CLIENTS: usize = 80;
/// `ulimit -n`, less the reserve.
const FOR_ALL_USES: u64 = 64 - 16;
/// Enough upgrades to use up the reserve, if each took a descriptor of it.
const UPGRADES: usize = 12;

#[test]
fn no_descriptor_is_left() -> Result<()> {
    let installed = Installed::new()?;
    let daemon = Daemon::start(|address| {
        let mut command = installed.program().after("ulimit -n 64");
        command.arg("-l").arg(address.to_string());
        Ok(command)
    })?;
    let mut clients = (0..CLIENTS).map(|_| Client::connect(daemon.address())).collect::<Result<Vec<_>>>()?;
    clients.iter_mut().try_for_each(|client| client.send(b"ACQ4ME page 99 99 0\n"))?;
    let full = |client: &mut Client| {
        let exhausted = || Counters::ask(client).ok().filter(|counters| counters["connect_errors"] > 0);
        Deadline::after(PATIENCE).poll(exhausted).context("there are descriptors left")
    };
    clients[0].expect(b"LOCKED\n")?;
    full(&mut clients[0])?;
    for upgrades in 1..=UPGRADES {
        installed.upgrade(&daemon)?;
        let counters = Counters::ask(&mut clients[0])?;
        let fit = counters["processing_workers"] < FOR_ALL_USES;
        ensure!(fit && counters.add_up(), "after {upgrades}: {counters:?}");
    }
    // Each client that leaves lets another one connect, until all were served.
    let mut first = clients.remove(0);
    for mut client in clients {
        client.expect(b"LOCKED\n")?;
        client.close()?;
    }
    assert_eq!(first.ask("RELEASE\n")?, "RELEASED\n");
    Ok(())
}
