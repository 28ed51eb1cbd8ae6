//! The process stays the same in an upgrade.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Daemon, Deadline, Installed, PATIENCE, kernel};
use rustix::process::Signal;

fn proc(daemon: &Daemon, name: &str) -> Result<Vec<u8>> {
    Ok(fs::read(format!("/proc/{}/{name}", daemon.pid()))?)
}

fn environment(daemon: &Daemon) -> Result<Vec<String>> {
    let bytes = proc(daemon, "environ")?;
    Ok(bytes.split(|&byte| byte == 0).map(|variable| String::from_utf8_lossy(variable).into_owned()).collect())
}

/// Which of the signals with names are blocked, ignored and caught.
fn signals(daemon: &Daemon) -> Result<Vec<u64>> {
    let status = String::from_utf8(proc(daemon, "status")?)?;
    let line = |name| status.lines().find_map(|line| line.strip_prefix(name)).context("a line");
    let mask = |name| Ok(u64::from_str_radix(line(name)?.trim(), 16)? & 0x7fff_ffff);
    ["SigBlk:", "SigIgn:", "SigCgt:"].into_iter().map(mask).collect()
}

#[test]
fn names_command_line_and_environment_stay() -> Result<()> {
    let installed = Installed::new()?;
    let daemon = Daemon::start(|address| {
        let mut command = installed.program().command();
        command.arg0("counter").env("KEPT", "a b").arg("-l").arg(address.to_string()).args([
            "--log-level=info",
            "",
            "ö",
        ]);
        Ok(command)
    })?;
    // While a thread is started, for the log, all signals are blocked.
    daemon.settle()?;
    let [comm, cmdline] = [proc(&daemon, "comm")?, proc(&daemon, "cmdline")?];
    let (masks, variables) = (signals(&daemon)?, environment(&daemon)?);
    for upgrades in 1..=3 {
        installed.upgrade(&daemon)?;
        daemon.settle()?;
        assert_eq!([proc(&daemon, "comm")?, proc(&daemon, "cmdline")?], [comm.clone(), cmdline.clone()]);
        assert_eq!(signals(&daemon)?, masks, "after {upgrades}");
        let mut now = environment(&daemon)?;
        now.retain(|variable| *variable != format!("POOLCOUNTERD_HAND_OVER={}", daemon.pid()));
        assert_eq!(now, variables);
    }
    let three = || (daemon.stderr().matches(" took over ").count() == 3).then_some(());
    Deadline::after(PATIENCE).poll(three).with_context(|| daemon.stderr())?;
    Ok(())
}

/// The path is the one of the start, and a link in it is resolved again.
#[test]
fn a_link_leads_to_the_new_program() -> Result<()> {
    let installed = Installed::new()?;
    let folder = installed.path().parent().context("a folder")?.to_owned();
    let link = folder.join("current");
    std::os::unix::fs::symlink("edition-0", &link)?;
    let daemon = Daemon::start(|address| {
        // By a path that is relative to the folder in which it is started.
        let mut command = std::process::Command::new("./current");
        command.current_dir(&folder).arg("-l").arg(address.to_string()).stdin(std::process::Stdio::null());
        Ok(command)
    })?;
    let runs = || Ok::<_, anyhow::Error>(fs::read_link(format!("/proc/{}/exe", daemon.pid()))?);
    ensure!(runs()?.ends_with("edition-0"));
    fs::remove_file(&link)?;
    std::os::unix::fs::symlink("edition-1", &link)?;
    daemon.signal(Signal::USR1)?;
    let upgraded = || runs().ok().filter(|path| path.ends_with(Path::new("edition-1")));
    Deadline::after(PATIENCE).poll(upgraded).context("it still runs the old program")?;
    Client::connect(daemon.address())?.settle()
}

#[test]
fn it_can_be_stopped_and_is_the_parents_child_still() -> Result<()> {
    let installed = Installed::new()?;
    for (signal, code) in [(Signal::TERM, Some(0)), (Signal::INT, Some(0)), (Signal::HUP, None), (Signal::USR2, None)] {
        let mut daemon = installed.daemon(&[])?;
        installed.upgrade(&daemon)?;
        let mut client = Client::connect(daemon.address())?;
        client.settle()?;
        daemon.signal(signal)?;
        // With nohup.
        if kernel::ignores(std::process::id(), signal)? {
            continue;
        }
        assert_eq!(daemon.wait()?.code(), code, "{signal:?}");
        client.expect_end()?;
        ensure!(daemon.stderr().is_empty(), "it printed {:?}", daemon.stderr());
    }
    Ok(())
}

/// A daemon in a chroot, which may have no devices.
#[test]
fn without_devices() -> Result<()> {
    let installed = Installed::new()?;
    let daemon = Daemon::start(|address| {
        let user: &[&str] = if rustix::process::geteuid().is_root() { &[] } else { &["--map-root-user"] };
        let script = "mount -t tmpfs none /dev && exec \"$@\"";
        let wrapper = [&["unshare", "--mount"], user, &["sh", "-c", script, "sh"]].concat();
        let mut command = installed.program().within(&wrapper);
        command.arg("-l").arg(address.to_string());
        Ok(command)
    })?;
    let mut holder = Client::connect(daemon.address())?;
    assert_eq!(holder.ask("ACQ4ME page 1 9 0\n")?, "LOCKED\n");
    ensure!(!Path::new(&format!("/proc/{}/root/dev/null", daemon.pid())).exists(), "there are devices");
    for _ in 0..2 {
        installed.upgrade(&daemon)?;
    }
    assert_eq!(holder.ask("RELEASE\n")?, "RELEASED\n");
    Ok(())
}
