//! Signals during an upgrade.

use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Deadline, Installed, PATIENCE};
use rustix::process::Signal;

/// No signal is lost, and none kills the daemon: at any moment of an upgrade it stops as usual.
#[test]
fn a_stop_during_an_upgrade() -> Result<()> {
    let installed = Installed::new()?;
    for delay in (0..60).map(|step| Duration::from_micros(500) * step) {
        let mut daemon = installed.daemon(&[])?;
        let mut client = Client::connect(daemon.address())?;
        client.settle()?;
        daemon.signal(Signal::USR1)?;
        thread::sleep(delay);
        daemon.signal(if delay.as_millis().is_multiple_of(2) { Signal::TERM } else { Signal::INT })?;
        assert_eq!(daemon.wait()?.code(), Some(0), "{delay:?}");
        client.expect_end()?;
        ensure!(daemon.stderr().is_empty(), "it printed {:?}", daemon.stderr());
    }
    Ok(())
}

#[test]
fn a_stop_while_the_new_program_hangs() -> Result<()> {
    let installed = Installed::new()?;
    let mut daemon = installed.daemon(&[])?;
    installed.put_script("echo $$ >\"$(dirname \"$0\")/mark\"; exec sleep 3600")?;
    daemon.signal(Signal::USR1)?;
    let mark = installed.path().with_file_name("mark");
    let tried = || fs::read_to_string(&mark).ok()?.trim().parse::<u32>().ok();
    let pid = Deadline::after(PATIENCE).poll(tried).context("it is not tried")?;
    daemon.signal(Signal::TERM)?;
    assert_eq!(daemon.wait()?.code(), Some(0));
    let gone = || (!runs(pid)).then_some(());
    Deadline::after(PATIENCE).poll(gone).context("the program that hung is left")
}

/// Whether a process runs. A zombie does not run.
pub(crate) fn runs(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
}

#[test]
fn as_many_as_one_likes() -> Result<()> {
    let installed = Installed::new()?;
    let daemon = installed.daemon(&[])?;
    let mut holder = Client::connect(daemon.address())?;
    assert_eq!(holder.ask("ACQ4ME page 1 9 0\n")?, "LOCKED\n");
    for _ in 0..300 {
        daemon.signal(Signal::USR1)?;
        thread::sleep(Duration::from_micros(700));
    }
    installed.upgrade(&daemon)?;
    assert_eq!(holder.ask("RELEASE\n")?, "RELEASED\n");
    ensure!(daemon.stderr().is_empty(), "it printed {:?}", daemon.stderr());
    Ok(())
}
