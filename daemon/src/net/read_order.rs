use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The order in which the server reads from clients: the order in which their bytes, or the ends of their streams, arrived.
///
/// A new program finds many sockets readable at once. Of two requests, the first one must be answered first. Only the kernel knows the order: an epoll
/// descriptor has a list of ready sockets.
#[derive(Debug)]
pub(crate) struct ReadOrder(OwnedFd);

impl ReadOrder {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(epoll::create(CreateFlags::CLOEXEC)?))
    }

    /// The order that the old program began.
    pub(crate) fn resume(descriptor: OwnedFd) -> Self {
        Self(descriptor)
    }

    /// Watches a client until its socket is closed. [`unread`](Self::unread) gives `number` for it.
    pub(crate) fn watch(&self, socket: impl AsFd, number: u64) -> io::Result<()> {
        Ok(epoll::add(&self.0, socket, EventData::new_u64(number), EventFlags::IN | EventFlags::RDHUP)?)
    }

    /// Stops watching a client whose socket is still open.
    pub(crate) fn unwatch(&self, socket: impl AsFd) -> io::Result<()> {
        Ok(epoll::delete(&self.0, socket)?)
    }

    /// The numbers of those clients, at most `clients`, that have something to read. The client whose bytes came first is the first.
    ///
    /// The kernel removes a client from the list only when this function finds nothing to read from it. So call it also before the order matters.
    pub(crate) fn unread(&self, clients: usize) -> io::Result<Vec<u64>> {
        // One call for all events: a second call would start at the beginning of the list.
        let mut events = Vec::with_capacity(clients.max(1));
        epoll::wait(&self.0, spare_capacity(&mut events), Some(&Timespec::default()))?;
        Ok(events.iter().map(|event: &epoll::Event| event.data.u64()).collect())
    }

    /// Stops watching. This takes a microsecond for each client, so a thread does it.
    pub(crate) fn end(self) {
        // If no thread can be started, it is done at once.
        let _ = std::thread::Builder::new().spawn(move || drop(self));
    }
}

impl AsFd for ReadOrder {
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
    fn the_client_whose_bytes_came_first_is_the_first() {
        let pairs: Vec<_> = (0..5).map(|_| UnixStream::pair().expect("a pair")).collect();
        let read_order = ReadOrder::new().expect("a read order");
        for (number, (_, served)) in (10..).zip(&pairs) {
            read_order.watch(served, number).expect("watched");
        }
        let unread = || read_order.unread(pairs.len()).expect("an order");
        let send = |index: usize| (&pairs[index].0).write_all(b"x").expect("sent");
        assert_eq!(unread(), [0; 0]);
        [3, 1, 4].into_iter().for_each(send);
        assert_eq!(unread(), [13, 11, 14]);
        // A client that was read from leaves the list, and comes back at its end. The end of a stream counts as bytes.
        (&pairs[3].1).read_exact(&mut [0]).expect("read");
        assert_eq!(unread(), [11, 14]);
        pairs[0].0.shutdown(std::net::Shutdown::Write).expect("shut down");
        send(3);
        assert_eq!(unread(), [11, 14, 10, 13]);
        read_order.unwatch(&pairs[4].1).expect("not watched");
        assert_eq!(unread(), [11, 10, 13]);
    }
}
