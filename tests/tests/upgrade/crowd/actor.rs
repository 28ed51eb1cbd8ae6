use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use poolcounter_test_support::{Client, PATIENCE};

use super::books::{Books, KEYS};

/// A client that acts at random.
pub(super) struct Actor {
    client: Client,
    address: SocketAddr,
    random: fastrand::Rng,
    doing: Doing,
}

#[derive(Clone, Copy, Debug)]
enum Doing {
    Nothing,
    /// It waits for the answer to an acquire.
    Waiting {
        key: usize,
        since: Instant,
        timeout: u64,
    },
    Working {
        key: usize,
        until: Instant,
    },
    Releasing {
        since: Instant,
    },
    /// It has ended its stream, and reads to the end of the daemon's stream. Answers that it still gets count.
    Leaving {
        waiting: bool,
        since: Instant,
    },
}

impl Actor {
    pub(super) fn new(number: usize, address: SocketAddr) -> Result<Self> {
        let random = fastrand::Rng::with_seed(number as u64);
        Ok(Self { client: Client::connect(address)?, address, random, doing: Doing::Nothing })
    }

    pub(super) fn socket(&self) -> &TcpStream {
        self.client.socket()
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(self.doing, Doing::Nothing)
    }

    /// Does the next action of its state. It begins nothing new while the test is ending.
    pub(super) fn act(&mut self, now: Instant, stopping: bool, books: &mut Books) -> Result<()> {
        match self.doing {
            Doing::Nothing if !stopping => match self.random.u32(..100) {
                0 => {
                    books.left_idle += 1;
                    self.leave(false, now)
                }
                _ => self.acquire(now),
            },
            Doing::Working { key, until } if now >= until => {
                books.end(key);
                if self.random.u32(..100) == 0 {
                    books.left_holding += 1;
                    return self.leave(false, now);
                }
                self.doing = Doing::Releasing { since: now };
                self.client.send(b"RELEASE\n")
            }
            Doing::Waiting { since, timeout, .. } => {
                let longest = Duration::from_secs(timeout) + PATIENCE * 2;
                ensure!(now - since < longest, "a wait of {timeout} s has not ended after {:?}", now - since);
                if self.random.u32(..100_000) == 0 {
                    books.left_waiting += 1;
                    return self.leave(true, now);
                }
                Ok(())
            }
            Doing::Releasing { since } | Doing::Leaving { since, .. } => {
                ensure!(now - since < PATIENCE * 2, "no answer came, or no end of the stream: {:?}", self.doing);
                Ok(())
            }
            Doing::Nothing | Doing::Working { .. } => Ok(()),
        }
    }

    fn acquire(&mut self, now: Instant) -> Result<()> {
        let (key, timeout) = (self.random.usize(..KEYS), [1, 1, 2, 60][self.random.usize(..4)]);
        let mode = if self.random.bool() { "ACQ4ME" } else { "ACQ4ANY" };
        let maxqueue = self.random.u32(8..20);
        self.doing = Doing::Waiting { key, since: now, timeout };
        self.client.send(format!("{mode} key:{key} 1 {maxqueue} {timeout}\n").as_bytes())
    }

    fn leave(&mut self, waiting: bool, since: Instant) -> Result<()> {
        self.doing = Doing::Leaving { waiting, since };
        self.client.shut_down_sending()
    }

    /// Reads the answers that have come. True if it has reconnected.
    pub(super) fn hear(&mut self, books: &mut Books) -> Result<bool> {
        self.client.read()?;
        let came = String::from_utf8(self.client.take()).context("an answer in ASCII")?;
        for answer in came.split_inclusive('\n') {
            self.doing = self.told(answer, books).with_context(|| format!("told {answer:?} in {:?}", self.doing))?;
        }
        if !self.client.ended() {
            return Ok(false);
        }
        ensure!(matches!(self.doing, Doing::Leaving { .. }), "the connection was lost in {:?}", self.doing);
        self.client = Client::connect(self.address)?;
        self.doing = Doing::Nothing;
        Ok(true)
    }

    fn told(&mut self, answer: &str, books: &mut Books) -> Result<Doing> {
        match (self.doing, answer) {
            (Doing::Waiting { key, .. }, "LOCKED\n") => {
                books.locked += 1;
                books.begin(key)?;
                Ok(Doing::Working { key, until: Instant::now() + self.work() })
            }
            (Doing::Leaving { waiting: true, since }, "LOCKED\n") => {
                // It no longer works: the slot passes on when the daemon reads the end of the stream.
                books.locked += 1;
                Ok(Doing::Leaving { waiting: false, since })
            }
            (Doing::Leaving { waiting: true, since }, "DONE\n" | "TIMEOUT\n" | "QUEUE_FULL\n") => {
                books.full += u64::from(answer == "QUEUE_FULL\n");
                Ok(Doing::Leaving { waiting: false, since })
            }
            (Doing::Waiting { .. }, "DONE\n") => {
                books.done += 1;
                Ok(Doing::Nothing)
            }
            (Doing::Waiting { .. }, "QUEUE_FULL\n") => {
                books.full += 1;
                Ok(Doing::Nothing)
            }
            (Doing::Waiting { since, timeout, .. }, "TIMEOUT\n") => {
                ensure!(since.elapsed() >= Duration::from_secs(timeout), "too early");
                books.timeouts += 1;
                Ok(Doing::Nothing)
            }
            (Doing::Releasing { .. }, "RELEASED\n") => {
                books.released += 1;
                Ok(Doing::Nothing)
            }
            _ => bail!("this is not an answer to the command"),
        }
    }

    /// The duration of work: usually very short, sometimes longer than the timeout of others.
    fn work(&mut self) -> Duration {
        match self.random.u32(..1_000) {
            0 => Duration::from_millis(1_500),
            1..50 => Duration::from_millis(20),
            _ => Duration::ZERO,
        }
    }
}
