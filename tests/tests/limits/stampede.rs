//! The end of a stampede: thousands are told, and the bystander is served meanwhile.

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Daemon, Deadline, PATIENCE, ReservedDescriptors};

use crate::bystander::Bystander;

const WAITERS: usize = 1_500;
const ACQUIRE: &[u8] = b"ACQ4ANY page 1 10000 600\n";

/// Whether the bystander was served before the last waiter was told. Also checks that every client gets its answers.
fn release(holder: &mut Client, waiters: &mut [Client], bystander: &mut Bystander) -> Result<bool> {
    holder.send(ACQUIRE)?;
    holder.expect(b"LOCKED\n")?;
    waiters.iter_mut().try_for_each(|waiter| waiter.send(ACQUIRE))?;
    let all = || bystander.counters().ok().filter(|counters| counters["waiting_workers"] == WAITERS as u64);
    Deadline::after(PATIENCE).poll(all).context("not all of them wait")?;
    holder.send(b"RELEASE\n")?;
    let (last, others) = waiters.split_last_mut().context("no client waits")?;
    others[0].expect(b"DONE\n")?;
    bystander.check()?;
    last.read()?;
    let between = last.received().is_empty();
    others[1..].iter_mut().chain([last]).try_for_each(|waiter| waiter.expect(b"DONE\n"))?;
    holder.expect(b"RELEASED\n")?;
    Ok(between)
}

#[test]
fn a_bystander_is_served_while_the_waiters_are_told() -> Result<()> {
    let _reserved = ReservedDescriptors::new(WAITERS as u64 + 500)?;
    let daemon = Daemon::ours::<&str>(&[])?;
    let mut bystander = Bystander::new(&daemon)?;
    let mut holder = Client::connect(daemon.address())?;
    let mut waiters: Vec<_> = (0..WAITERS).map(|_| Client::connect(daemon.address())).collect::<Result<_>>()?;
    // The system may suspend this process until the end, but not each time.
    for round in 1.. {
        if release(&mut holder, &mut waiters, &mut bystander)? {
            let counted = ["total_acquired", "total_releases", "processed_count"];
            return bystander.settle_accounts(&counted.map(|name| (name, round)));
        }
        ensure!(round < 20, "the bystander was never served in between");
    }
    Ok(())
}
