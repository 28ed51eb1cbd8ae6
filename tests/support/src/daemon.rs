//! A running daemon on a loopback address of its own.

use std::ffi::OsStr;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use crate::client::Client;
use crate::deadline::{Deadline, PATIENCE};
use crate::observe::Observer;
use crate::process::signal;
use crate::program::Program;
use crate::scratch::Scratch;

/// The port of every daemon here: the reference cannot use another.
pub const PORT: u16 = 7531;

/// A daemon that runs until it is dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    address: SocketAddr,
    observer: Option<Observer>,
    scratch: Scratch,
}

impl Daemon {
    /// Starts the reference.
    pub fn reference() -> Result<Self> {
        Self::start(|address| {
            let mut command = Program::reference()?.command();
            command.arg("-l").arg(address.to_string());
            Ok(command)
        })
    }

    /// Starts our daemon with `-l` and an address, and then these arguments.
    pub fn ours<S: AsRef<OsStr>>(arguments: &[S]) -> Result<Self> {
        Self::start(|address| {
            let mut command = Program::ours()?.command();
            command.arg("-l").arg(address.to_string()).args(arguments);
            Ok(command)
        })
    }

    /// Starts the command that `prepare` makes for a fresh address, and waits until it accepts there.
    pub fn start(prepare: impl Fn(Ipv4Addr) -> Result<Command>) -> Result<Self> {
        Self::launch(fresh_address()?, prepare, false)
    }

    /// Starts the command at an address where another daemon has been.
    pub fn start_at(address: SocketAddr, prepare: impl Fn(Ipv4Addr) -> Result<Command>) -> Result<Self> {
        let SocketAddr::V4(address) = address else { bail!("{address} is not an IPv4 address") };
        Self::launch(*address.ip(), prepare, false)
    }

    /// Starts the reference with an observer that records the order of its answers and controls the clock of its statistics.
    pub fn observed_reference() -> Result<Self> {
        let prepare = |address: Ipv4Addr| {
            let mut command = Program::reference()?.command();
            command.arg("-l").arg(address.to_string());
            Ok(command)
        };
        Self::launch(fresh_address()?, prepare, true)
    }

    fn launch(address: Ipv4Addr, prepare: impl Fn(Ipv4Addr) -> Result<Command>, watched: bool) -> Result<Self> {
        let scratch = Scratch::new()?;
        let mut command = prepare(address)?;
        let observer = watched.then(|| Observer::attach(&mut command, &scratch)).transpose()?;
        command.stdout(Stdio::null()).stderr(fs::File::create_new(scratch.file("stderr"))?);
        let child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
        let mut daemon = Self { child, address: (address, PORT).into(), observer, scratch };
        daemon.wait_until_it_accepts()?;
        Ok(daemon)
    }

    fn wait_until_it_accepts(&mut self) -> Result<()> {
        let address = self.address;
        let came = Deadline::after(PATIENCE).poll(|| match self.child.try_wait() {
            Ok(None) => TcpStream::connect(address).ok().map(|_| None),
            ended => Some(Some(ended)),
        });
        match came {
            Some(None) => Ok(()),
            Some(Some(ended)) => bail!("the daemon ended at once, {ended:?}: {}", self.stderr()),
            None => bail!("the daemon does not accept at {address}: {}", self.stderr()),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed to its standard error so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        let bytes = fs::read(self.scratch.file("stderr")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits until it has printed a line with these words, and gives everything that it has printed. A daemon prints later than it acts.
    pub fn expect_said(&self, words: &str) -> Result<String> {
        let said = || Some(self.stderr()).filter(|said| said.contains(words) && said.ends_with('\n'));
        let said = Deadline::after(PATIENCE).poll(said);
        said.with_context(|| format!("the daemon has not printed {words:?}, but {:?}", self.stderr()))
    }

    /// Sends it a signal.
    pub fn signal(&self, number: Signal) -> Result<()> {
        signal(self.pid(), number)
    }

    /// Stops it (SIGSTOP), so that it reads everything that is sent meanwhile in one wake-up.
    pub fn freeze(&self) -> Result<()> {
        self.signal(Signal::STOP)?;
        let file = format!("/proc/{}/stat", self.pid());
        let stopped = || {
            let stat = fs::read_to_string(&file).ok()?;
            let (_, fields) = stat.rsplit_once(") ")?;
            fields.starts_with('T').then_some(())
        };
        Deadline::after(PATIENCE).poll(stopped).context("the daemon does not stop")
    }

    /// Continues it after [`Daemon::freeze`].
    pub fn thaw(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// Waits until it has handled everything that reached it before.
    pub fn settle(&self) -> Result<()> {
        let mut probe = Client::connect(self.address)?;
        probe.settle()
    }

    /// Waits for its end, and gives its exit status.
    pub fn wait(&mut self) -> Result<std::process::ExitStatus> {
        let ended = Deadline::after(PATIENCE).poll(|| self.child.try_wait().transpose());
        Ok(ended.context("the daemon does not end")??)
    }

    /// Sets the clock of an observed reference's statistics back.
    pub fn set_clock_back(&mut self, by: Duration) -> Result<()> {
        self.observer().context("the daemon is observed")?.set_back(by)
    }

    pub(crate) fn observer(&mut self) -> Option<&mut Observer> {
        self.observer.as_mut()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        let _ = self.signal(Signal::TERM);
        let _ = self.thaw();
        let ended = || self.child.try_wait().transpose();
        if Deadline::after(Duration::from_secs(5)).poll(ended).is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// An address of 127.0.0.0/8 that no daemon has used: the reference cannot use an address again for a minute.
fn fresh_address() -> Result<Ipv4Addr> {
    static FIRST: OnceLock<u64> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    // Random, so that two test programs do not use the same address.
    let first = FIRST.get_or_init(|| RandomState::new().hash_one("address"));
    for _ in 0..100 {
        let number = first.wrapping_add(COUNT.fetch_add(1, Ordering::Relaxed));
        let byte = |place: u64| u8::try_from(number / place % 250 + 1).unwrap_or(1);
        let address = Ipv4Addr::new(127, byte(250 * 250), byte(250), byte(1));
        if TcpStream::connect((address, PORT)).is_err() {
            return Ok(address);
        }
    }
    bail!("no free address in 127.0.0.0/8")
}
