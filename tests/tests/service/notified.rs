//! The daemon's messages to its service manager. The test has the socket of the service manager.

use std::io::ErrorKind;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Daemon, Deadline, Installed, PATIENCE};
use rustix::process::Signal;

/// A service manager's socket.
struct Manager {
    socket: UnixDatagram,
    name: String,
}

impl Manager {
    fn at(path: &Path) -> Result<Self> {
        let socket = UnixDatagram::bind(path)?;
        Self::new(socket, path.display().to_string())
    }

    fn abstract_one() -> Result<Self> {
        let name = format!("poolcounter-test-{}", std::process::id());
        let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
        Self::new(socket, format!("@{name}"))
    }

    fn new(socket: UnixDatagram, name: String) -> Result<Self> {
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { socket, name })
    }

    /// A daemon of this manager.
    fn start(&self, installed: &Installed, watchdog: Option<&str>) -> Result<Daemon> {
        self.start_with(installed, watchdog, &[])
    }

    fn start_with(&self, installed: &Installed, watchdog: Option<&str>, arguments: &[&str]) -> Result<Daemon> {
        let daemon = Daemon::start(|address| {
            // A watchdog is only for the process that it names.
            let watchdog =
                watchdog.map_or_else(String::new, |micros| format!("WATCHDOG_USEC={micros} WATCHDOG_PID=$$"));
            let mut command = installed.program().after(&format!("export NOTIFY_SOCKET=\"{}\" {watchdog}", self.name));
            command.arg("-l").arg(address.to_string()).args(arguments);
            Ok(command)
        })?;
        daemon.settle()?;
        Ok(daemon)
    }

    /// The next message, as its lines.
    fn told(&self) -> Result<Vec<String>> {
        let mut buffer = [0; 4096];
        let length = self.socket.recv(&mut buffer).context("nothing is told")?;
        let text = std::str::from_utf8(&buffer[..length])?;
        ensure!(text.ends_with('\n'), "the message {text:?} has no end");
        Ok(text.lines().map(str::to_owned).collect())
    }
}

impl Manager {
    /// Two messages: a trial runs, and the daemon's state meanwhile, which is not ready.
    fn expect_reloading(&self) -> Result<()> {
        let message = self.told()?;
        let since = message.iter().find_map(|line| line.strip_prefix("MONOTONIC_USEC=")?.parse::<u64>().ok());
        ensure!(message[0] == "RELOADING=1" && since.is_some_and(|since| since > 0), "it told {message:?}");
        let message = self.told()?;
        ensure!(!message.contains(&"READY=1".to_owned()), "it told {message:?}");
        Ok(())
    }
}

fn expect(message: &[String], first: &str, status: &str) -> Result<()> {
    let told = message.iter().find_map(|line| line.strip_prefix("STATUS="));
    let fits = message.first().is_some_and(|line| line == first) && told.is_some_and(|told| told.contains(status));
    ensure!(fits, "expected {first:?} and a status with {status:?}, it told {message:?}");
    Ok(())
}

#[test]
fn a_life_with_upgrades() -> Result<()> {
    let installed = Installed::new()?;
    for manager in [Manager::at(&installed.path().with_file_name("notify"))?, Manager::abstract_one()?] {
        installed.exchange()?;
        let mut daemon = manager.start(&installed, None)?;
        expect(&manager.told()?, "READY=1", ", clients: 0, locks held: 0, waiting: 0")?;
        let mut clients = [Client::connect(daemon.address())?, Client::connect(daemon.address())?];
        assert_eq!(clients[0].ask("ACQ4ME page 1 9 0\n")?, "LOCKED\n");
        clients[1].send(b"ACQ4ME page 1 9 60\n")?;
        clients[0].settle()?;
        for _ in 0..2 {
            installed.upgrade(&daemon)?;
            manager.expect_reloading()?;
            expect(&manager.told()?, "READY=1", "locks held: 1, waiting: 1")?;
        }
        installed.put_script("echo not today >&2; exit 2")?;
        daemon.signal(Signal::USR1)?;
        manager.expect_reloading()?;
        expect(&manager.told()?, "READY=1", "; not upgraded: it does not take over (exit status: 2): not today")?;
        daemon.signal(Signal::TERM)?;
        expect(&manager.told()?, "STOPPING=1", "")?;
        assert_eq!(daemon.wait()?.code(), Some(0));
    }
    Ok(())
}

/// Draining at the end takes longer than the service manager would wait by itself.
#[test]
fn a_stop_that_drains_asks_for_its_time() -> Result<()> {
    let installed = Installed::new()?;
    let manager = Manager::at(&installed.path().with_file_name("notify"))?;
    let mut daemon = manager.start_with(&installed, None, &["--drain-on-stop=120"])?;
    expect(&manager.told()?, "READY=1", "clients: 0")?;
    let mut client = Client::connect(daemon.address())?;
    assert_eq!(client.ask("ACQ4ME page 1 9 0\n")?, "LOCKED\n");
    daemon.signal(Signal::TERM)?;
    let message = manager.told()?;
    expect(&message, "STOPPING=1", "Draining")?;
    ensure!(message.contains(&"EXTEND_TIMEOUT_USEC=125000000".to_owned()), "it told {message:?}");
    assert_eq!(client.ask("RELEASE\n")?, "RELEASED\n");
    assert_eq!(daemon.wait()?.code(), Some(0));
    Ok(())
}

fn is_sign_of_life(message: &[String]) -> bool {
    message.iter().any(|line| line == "WATCHDOG=1")
}

#[test]
fn signs_of_life_twice_as_often_as_they_are_wanted() -> Result<()> {
    let installed = Installed::new()?;
    let manager = Manager::at(&installed.path().with_file_name("notify"))?;
    let daemon = manager.start(&installed, Some("400000"))?;
    for _ in 0..4 {
        let message = manager.told()?;
        expect(&message, "READY=1", ", clients: ")?;
        ensure!(is_sign_of_life(&message), "it told {message:?}");
    }
    // A stopped daemon (SIGSTOP) sends none.
    daemon.freeze()?;
    manager.socket.set_read_timeout(Some(Duration::from_secs(1)))?;
    let silence = Deadline::after(PATIENCE).poll(|| manager.told().is_err().then_some(()));
    silence.context("a daemon that is stopped gives signs of life")?;
    daemon.thaw()
}

/// Frequent upgrades: each program sends a watchdog message as soon as it serves, and not only after half of the interval.
#[test]
fn signs_of_life_between_many_upgrades() -> Result<()> {
    let installed = Installed::new()?;
    let manager = Manager::at(&installed.path().with_file_name("notify"))?;
    // Half of the interval is longer than this test.
    let daemon = manager.start(&installed, Some("600000000"))?;
    ensure!(is_sign_of_life(&manager.told()?), "none at the start");
    for _ in 0..3 {
        installed.upgrade(&daemon)?;
        manager.expect_reloading()?;
        ensure!(is_sign_of_life(&manager.told()?), "none after an upgrade");
    }
    Ok(())
}

/// A full socket, as when the service manager hangs.
fn fill(manager: &Manager) -> Result<()> {
    let sender = UnixDatagram::unbound()?;
    sender.set_nonblocking(true)?;
    let full = || match sender.send_to(b"\n", &manager.name) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Some(()),
        _ => None,
    };
    Deadline::after(PATIENCE).poll(full).context("the queue has no end")
}

/// A service manager that hangs does not stop the daemon, and gets the whole state when it continues. A service manager that has ended does not stop it, either.
#[test]
fn a_manager_that_takes_nothing() -> Result<()> {
    let installed = Installed::new()?;
    let manager = Manager::at(&installed.path().with_file_name("notify"))?;
    fill(&manager)?;
    let daemon = manager.start(&installed, Some("20000"))?;
    let mut client = Client::connect(daemon.address())?;
    for _ in 0..50 {
        client.settle()?;
        std::thread::sleep(Duration::from_millis(2));
    }
    // Messages that were sent while the socket was full are lost.
    let ready = || manager.told().ok().filter(|message| message.contains(&"READY=1".to_owned()));
    Deadline::after(PATIENCE).poll(ready).context("it is never told that the daemon is ready")?;
    drop(manager);
    installed.upgrade(&daemon)?;
    client.settle()?;
    ensure!(daemon.stderr().lines().count() <= 1, "it said {:?}", daemon.stderr());
    Ok(())
}

/// The daemon ignores a watchdog that is for the process that started it.
#[test]
fn a_watchdog_for_another_process() -> Result<()> {
    let installed = Installed::new()?;
    let manager = Manager::at(&installed.path().with_file_name("notify"))?;
    let daemon = Daemon::start(|address| {
        let mut command = installed.program().command();
        command.envs([("NOTIFY_SOCKET", manager.name.as_str()), ("WATCHDOG_USEC", "100000"), ("WATCHDOG_PID", "1")]);
        command.arg("-l").arg(address.to_string());
        Ok(command)
    })?;
    installed.upgrade(&daemon)?;
    for _ in 0..4 {
        let message = manager.told()?;
        ensure!(!is_sign_of_life(&message), "it told {message:?}");
    }
    Ok(())
}
