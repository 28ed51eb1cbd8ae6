//! A program file on a disk or file server that hangs: a process that opens it waits.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Deadline, PATIENCE, kernel};
use rustix::process::Signal;

use crate::refused::Scene;
use crate::signals::runs;

/// Takes a lease on a file: the system then makes any process that opens the file wait for the owner of the lease.
const LEASE: &str = r#"
    $SIG{IO} = sub {};
    open(my $file, "<", $ARGV[0]) or die $!;
    fcntl($file, 1024, 1) or die $!;
    $| = 1;
    print "taken\n";
    <STDIN>;
"#;

/// Keeps a file from being opened until it is dropped, or for 45 s at the most, which is the system's limit.
struct Lease(Child);

impl Lease {
    fn on(file: &Path) -> Result<Self> {
        let mut perl = Command::new("perl");
        perl.arg("-e").arg(LEASE).arg(file).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut lease = Self(perl.spawn().context("cannot run perl")?);
        let mut said = String::new();
        BufReader::new(lease.0.stdout.take().context("a pipe")?).read_line(&mut said)?;
        ensure!(said == "taken\n", "perl takes no lease");
        Ok(lease)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

impl Scene {
    /// Asks for an upgrade, and waits until there is a process that waits for the file.
    fn hang(&self) -> Result<(Lease, u32)> {
        self.installed.exchange()?;
        let lease = Lease::on(&self.installed.path())?;
        self.daemon.signal(Signal::USR1)?;
        let child = || kernel::children(self.daemon.pid()).ok()?.first().copied();
        let child = Deadline::after(PATIENCE).poll(child).context("nothing is tried")?;
        Ok((lease, child))
    }
}

#[test]
fn the_daemon_serves_until_the_disk_goes_on() -> Result<()> {
    let mut scene = Scene::new()?;
    let (lease, child) = scene.hang()?;
    scene.holder.settle()?;
    ensure!(!scene.installed.runs_in(child)?, "the file was opened");
    drop(lease);
    scene.installed.wait_until_it_runs(&scene.daemon)?;
    ensure!(scene.daemon.stderr().is_empty(), "it said {:?}", scene.daemon.stderr());
    scene.expect_nothing_lost()
}

#[test]
fn the_daemon_gives_a_program_up_whose_disk_hangs_for_long() -> Result<()> {
    let mut scene = Scene::new()?;
    let (lease, child) = scene.hang()?;
    let said = || scene.daemon.stderr().contains("it did not report within 10 s").then_some(());
    Deadline::after(PATIENCE * 2).poll(said).context("it says nothing")?;
    scene.holder.settle()?;
    ensure!(!scene.installed.runs_in(child)?, "the file was opened");
    drop(lease);
    // The program can be run at last, but its trial has ended.
    let gone = || (!runs(child)).then_some(());
    Deadline::after(PATIENCE).poll(gone).context("the program is left")?;
    scene.expect_unharmed()?;
    scene.expect_upgrade()
}

#[test]
fn a_stop_does_not_wait_for_the_disk() -> Result<()> {
    let mut scene = Scene::new()?;
    let (_lease, _) = scene.hang()?;
    scene.daemon.signal(Signal::TERM)?;
    assert_eq!(scene.daemon.wait()?.code(), Some(0));
    Ok(())
}
