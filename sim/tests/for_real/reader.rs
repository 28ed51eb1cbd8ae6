//! One request as a process of its own: what a web worker does with MediaWiki in it.

use anyhow::{Context, Result, bail};
use poolcounter::blocking::BlockingClient;
use poolcounter::client::{AcquireOutcome, Lock, Request, Server, Settings};
use poolcounter::protocol;
use poolcounter_sim::Setting;
use poolcounter_sim::setting::Mode;
use rustix::process::{Signal, getpid, kill_process};
use rustix::time::{ClockId, clock_gettime};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The first argument of a reader.
pub(crate) const WORD: &str = "reader";

struct Reader {
    player: TcpStream,
    client: BlockingClient,
    wiki: Wiki,
    setting: Setting,
    wanted: u64,
    cpu: Duration,
    crashes: bool,
}

/// The wiki's one page: the numbers of its newest revision and of the cached one, as files.
pub(crate) struct Wiki(pub(crate) PathBuf);

impl Wiki {
    pub(crate) fn get(&self, name: &str) -> Result<u64> {
        Ok(fs::read_to_string(self.0.join(name))?.parse()?)
    }

    pub(crate) fn set(&self, name: &str, revision: u64) -> Result<()> {
        // No process must read an incomplete file.
        let draft = self.0.join(format!("{name}-{}", std::process::id()));
        fs::write(&draft, revision.to_string())?;
        Ok(fs::rename(draft, self.0.join(name))?)
    }
}

/// Arguments: the number of the request, the player, the daemon, the wiki's folder, the setting.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let [number, player, daemon, folder, setting] = arguments else { bail!("{arguments:?}") };
    let mut player = TcpStream::connect(player)?;
    player.write_all(&number.parse::<u32>()?.to_be_bytes())?;
    let mut settings = Settings::new(vec![Server::parse(daemon)?]);
    settings.connect_timeout(Duration::from_secs(5));
    let mut line = String::new();
    BufReader::new(player.try_clone()?).read_line(&mut line)?;
    let (micros, crashes) = line.trim_end().split_once(' ').context("the player's word")?;
    let wiki = Wiki(Path::new(folder).to_path_buf());
    Reader {
        player,
        client: BlockingClient::new(settings),
        wanted: wiki.get("newest")?,
        wiki,
        setting: setting.parse()?,
        cpu: Duration::from_micros(micros.parse()?),
        crashes: crashes == "true",
    }
    .ask()
}

impl Reader {
    fn ask(&mut self) -> Result<()> {
        if self.wiki.get("cached")? >= self.wanted {
            return self.say("fresh");
        }
        let mode = match self.setting.mode {
            Mode::None => return self.parse(None),
            Mode::ForAnyone => protocol::Mode::ForAnyone,
            Mode::ForMe => protocol::Mode::ForMe,
        };
        if self.setting.fast_stale {
            match self.acquire(mode, 0)? {
                AcquireOutcome::Timeout if self.wiki.get("cached")? == 0 => {}
                outcome => return self.told(outcome),
            }
        }
        let outcome = self.acquire(mode, self.setting.timeout)?;
        self.told(outcome)
    }

    fn acquire(&mut self, mode: protocol::Mode, timeout: u32) -> Result<AcquireOutcome> {
        let key = format!("wiki:pcache:idhash:0-0!canonical:revid:{}", self.wanted);
        let Setting { workers, maxqueue, .. } = self.setting;
        // A machine that is slow to schedule this process does not mean a server that is away.
        let answer_timeout = Duration::from_secs(u64::from(timeout) + 10);
        let request = Request::new(key.as_bytes()).mode(mode).workers(workers).maxqueue(maxqueue);
        Ok(self.client.acquire(&request.timeout_seconds(timeout).answer_timeout(answer_timeout))?)
    }

    fn told(&mut self, outcome: AcquireOutcome) -> Result<()> {
        match outcome {
            AcquireOutcome::Locked(lock) => self.parse(Some(lock)),
            AcquireOutcome::Done => self.say(if self.wiki.get("cached")? >= self.wanted { "fresh" } else { "unread" }),
            AcquireOutcome::QueueFull => self.fall_back("queue full"),
            AcquireOutcome::Timeout => self.fall_back("timeout"),
            AcquireOutcome::LockHeld => bail!("the connection is new, and has locks"),
        }
    }

    fn fall_back(&mut self, trouble: &str) -> Result<()> {
        match self.wiki.get("cached")? {
            0 => self.say(trouble),
            cached if cached < self.wanted => self.say("stale"),
            _ => self.say("fresh"),
        }
    }

    fn parse(&mut self, lock: Option<Lock>) -> Result<()> {
        let begun = Instant::now();
        if self.crashes {
            burn(self.cpu / 2)?;
            // Dies at once, as a worker that the kernel kills: its connection ends with it.
            kill_process(getpid(), Signal::KILL)?;
        }
        burn(self.cpu)?;
        self.wiki.set("cached", self.wanted.max(self.wiki.get("cached")?))?;
        if let Some(lock) = lock {
            let _ = self.client.release(lock)?;
        }
        writeln!(self.player, "parsed {}", begun.elapsed().as_micros())?;
        self.say("fresh")
    }

    fn say(&mut self, word: &str) -> Result<()> {
        Ok(writeln!(self.player, "{word}")?)
    }
}

/// Uses as much CPU time.
fn burn(cpu: Duration) -> Result<()> {
    let used = || Duration::try_from(clock_gettime(ClockId::ProcessCPUTime));
    let end = used()? + cpu;
    while used()? < end {
        std::hint::black_box((0..1_000_u32).fold(0, |sum: u32, number| sum.wrapping_mul(31) ^ number));
    }
    Ok(())
}
