//! Two thousand clients at full speed, and fifty upgrades meanwhile.

mod actor;
mod books;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use poolcounter_test_support::{Client, Counters, Daemon, Deadline, Installed, PATIENCE, ReservedDescriptors};
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};

use actor::Actor;
use books::Books;

const CLIENTS: usize = 2_000;
const UPGRADES: usize = 50;

/// All clients. One thread handles them, so it sees the events of each key in order.
struct Crowd {
    actors: Vec<Actor>,
    books: Books,
    epoll: rustix::fd::OwnedFd,
}

impl Crowd {
    fn new(daemon: &Daemon) -> Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let actors = (0..CLIENTS).map(|number| Actor::new(number, daemon.address())).collect::<Result<_>>()?;
        let crowd = Self { actors, books: Books::new(), epoll };
        (0..CLIENTS).try_for_each(|number| crowd.listen_to(number))?;
        Ok(crowd)
    }

    fn listen_to(&self, number: usize) -> Result<()> {
        let socket = self.actors[number].socket();
        Ok(epoll::add(&self.epoll, socket, EventData::new_u64(number as u64), EventFlags::IN | EventFlags::RDHUP)?)
    }

    /// Runs until it is told to stop, and then until every client has finished.
    fn play(&mut self, stop: &AtomicBool) -> Result<()> {
        let mut end: Option<Deadline> = None;
        loop {
            let stopping = stop.load(Ordering::Relaxed);
            if stopping && self.actors.iter().all(Actor::is_idle) {
                return Ok(());
            }
            if stopping {
                let end = end.get_or_insert_with(|| Deadline::after(PATIENCE * 6));
                ensure!(end.left().is_some(), "some client is never done");
            }
            self.hear()?;
            let now = Instant::now();
            for actor in &mut self.actors {
                actor.act(now, stopping, &mut self.books)?;
            }
        }
    }

    /// Reads the answers that have come.
    fn hear(&mut self) -> Result<()> {
        let mut events = Vec::with_capacity(CLIENTS);
        let pause = rustix::event::Timespec { tv_sec: 0, tv_nsec: 1_000_000 };
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&pause)) {
            Err(rustix::io::Errno::INTR) => return Ok(()),
            waited => waited?,
        };
        for event in events {
            let number = usize::try_from(event.data.u64())?;
            let came_back = self.actors[number].hear(&mut self.books).with_context(|| format!("client {number}"))?;
            if came_back {
                self.listen_to(number)?;
            }
        }
        Ok(())
    }
}

#[test]
fn fifty_upgrades_at_full_speed() -> Result<()> {
    let _reserved = ReservedDescriptors::new(CLIENTS as u64 + 500)?;
    let installed = Installed::new()?;
    let daemon = installed.daemon(&[])?;
    let mut crowd = Crowd::new(&daemon)?;
    let stop = AtomicBool::new(false);
    let (played, upgraded) = thread::scope(|scope| {
        let playing = scope.spawn(|| crowd.play(&stop));
        let upgraded = (0..UPGRADES).try_for_each(|_| {
            thread::sleep(Duration::from_millis(20));
            ensure!(!playing.is_finished(), "the crowd has stopped");
            installed.upgrade(&daemon)
        });
        stop.store(true, Ordering::Relaxed);
        (playing.join(), upgraded)
    });
    // The error of the crowd explains more, so it is reported first.
    played.map_err(|_| anyhow!("the crowd panicked"))?.with_context(|| daemon.stderr())?;
    upgraded?;
    let mut witness = Client::connect(daemon.address())?;
    let rest = || Counters::ask(&mut witness).ok().filter(Counters::at_rest);
    let counters = Deadline::after(PATIENCE).poll(rest).context("some lock is left over")?;
    crowd.books.balance(&counters)?;
    ensure!(daemon.stderr().is_empty(), "it printed {:?}", daemon.stderr());
    Ok(())
}
