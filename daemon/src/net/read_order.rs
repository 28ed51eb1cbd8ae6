use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The order in which bytes, and the ends of streams, have come for clients.
///
/// A program that takes over finds many sockets readable at once. Of two requests the one that came first must be answered first, and only the kernel
/// knows which that was: it keeps a list of them.
#[derive(Debug)]
pub(crate) struct Arrivals(OwnedFd);

impl Arrivals {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(epoll::create(CreateFlags::CLOEXEC)?))
    }

    /// The arrivals that another program has watched.
    pub(crate) fn resume(descriptor: OwnedFd) -> Self {
        Self(descriptor)
    }

    /// Watches a client until its socket is closed. Whoever asks for the arrivals knows it by `number`.
    pub(crate) fn watch(&self, socket: impl AsFd, number: u64) -> io::Result<()> {
        Ok(epoll::add(&self.0, socket, EventData::new_u64(number), EventFlags::IN | EventFlags::RDHUP)?)
    }

    /// Watches a client no longer whose socket is still open.
    pub(crate) fn unwatch(&self, socket: impl AsFd) -> io::Result<()> {
        Ok(epoll::delete(&self.0, socket)?)
    }

    /// Those of `clients` clients that have something to be read; whose came first stands first.
    ///
    /// A client keeps its place in the list until this finds that nothing is left to be read. So this is to be asked before the order matters, too.
    pub(crate) fn unread(&self, clients: usize) -> io::Result<Vec<u64>> {
        // All at once: asked a second time, the list would begin again.
        let mut events = Vec::with_capacity(clients.max(1));
        epoll::wait(&self.0, spare_capacity(&mut events), Some(&Timespec::default()))?;
        Ok(events.iter().map(|event: &epoll::Event| event.data.u64()).collect())
    }

    /// Watches no longer. The system takes a microsecond for each client, so that is left to a thread.
    pub(crate) fn end(self) {
        // Where no thread can be had it is done at once.
        let _ = std::thread::Builder::new().spawn(move || drop(self));
    }
}

impl AsFd for Arrivals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    #[test]
    fn whose_came_first_stands_first() {
        let pairs: Vec<_> = (0..5).map(|_| UnixStream::pair().expect("a pair")).collect();
        let arrivals = Arrivals::new().expect("arrivals");
        for (number, (_, served)) in (10..).zip(&pairs) {
            arrivals.watch(served, number).expect("watched");
        }
        let unread = || arrivals.unread(pairs.len()).expect("an order");
        let send = |place: usize| (&pairs[place].0).write_all(b"x").expect("sent");
        assert_eq!(unread(), [0; 0]);
        [3, 1, 4].into_iter().for_each(send);
        assert_eq!(unread(), [13, 11, 14]);
        // What was read is no longer among them, and comes back at the end; an end of stream is an arrival too.
        (&pairs[3].1).read_exact(&mut [0]).expect("read");
        assert_eq!(unread(), [11, 14]);
        pairs[0].0.shutdown(std::net::Shutdown::Write).expect("shut down");
        send(3);
        assert_eq!(unread(), [11, 14, 10, 13]);
        arrivals.unwatch(&pairs[4].1).expect("watched no longer");
        assert_eq!(unread(), [11, 10, 13]);
    }
}
