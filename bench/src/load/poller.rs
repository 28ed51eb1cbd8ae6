//! Which connections have something to read.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::io::Errno;

/// Events taken from the kernel at once.
const BATCH: usize = 512;

/// An edge-triggered epoll over connections, which are identified by a number.
pub(crate) struct Poller {
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
    patience: Timespec,
}

impl Poller {
    /// A poller that waits for at most `patience`.
    pub(crate) fn new(patience: Duration) -> Result<Poller> {
        Ok(Poller {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            events: Vec::with_capacity(BATCH),
            patience: patience.try_into()?,
        })
    }

    /// Watches a connection for answers, and if it is `connecting`, for the end of that.
    pub(crate) fn watch(&self, source: impl AsFd, number: usize, connecting: bool) -> Result<()> {
        let mut flags = epoll::EventFlags::IN | epoll::EventFlags::ET;
        flags.set(epoll::EventFlags::OUT, connecting);
        epoll::add(&self.epoll, source, epoll::EventData::new_u64(number as u64), flags).context("epoll")
    }

    /// Waits, and gives the numbers of the connections where something happened.
    pub(crate) fn wait(&mut self) -> Result<impl Iterator<Item = usize>> {
        let patience = self.patience.tv_sec;
        let mut numbers = self.glance()?.peekable();
        ensure!(numbers.peek().is_some(), "no answer for {patience} s");
        Ok(numbers)
    }

    /// The same, but possibly without an event.
    pub(crate) fn glance(&mut self) -> Result<impl Iterator<Item = usize>> {
        self.events.clear();
        while let Err(error) = epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&self.patience)) {
            ensure!(error == Errno::INTR, "epoll: {error}");
        }
        let number = |event: &epoll::Event| usize::try_from(event.data.u64()).unwrap_or(usize::MAX);
        Ok(self.events.iter().map(number))
    }
}
