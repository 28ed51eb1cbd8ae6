//! Passes descriptors through a socket, from the old program to the new one in the same process.
//!
//! `execve` closes the process's descriptors, but not the copies in the socket. If `execve` fails, nothing has to be undone.

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The most descriptors that the system takes in one message (`SCM_MAX_FD`).
const MESSAGE: usize = 253;

/// How many descriptors one socket carries. They fit into its buffer: a default buffer has room for 278 messages.
const BATCH: usize = 128 * MESSAGE;

/// Puts copies of the descriptors into sockets, one batch in each, and these sockets into one socket, which [`unpack`] reads.
pub(crate) fn pack(descriptors: &[BorrowedFd<'_>]) -> io::Result<OwnedFd> {
    pack_by(BATCH, descriptors)
}

fn pack_by(batch: usize, descriptors: &[BorrowedFd<'_>]) -> io::Result<OwnedFd> {
    let batches = descriptors.chunks(batch).map(fill).collect::<io::Result<Vec<_>>>()?;
    fill(&batches.iter().map(AsFd::as_fd).collect::<Vec<_>>())
}

/// Takes the descriptors out again, in their order. The socket is empty afterwards.
pub(crate) fn unpack(parcel: impl AsFd) -> io::Result<Vec<OwnedFd>> {
    let mut descriptors = Vec::new();
    for batch in empty(parcel)? {
        descriptors.extend(empty(batch)?);
    }
    Ok(descriptors)
}

fn fill(descriptors: &[BorrowedFd<'_>]) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let (inlet, outlet) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
    for message in descriptors.chunks(MESSAGE) {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MESSAGE))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !ancillary.push(SendAncillaryMessage::ScmRights(message)) {
            unreachable!("there is space for {MESSAGE} descriptors");
        }
        // An empty message would look like the end.
        sendmsg(&inlet, &[IoSlice::new(b"+")], &mut ancillary, SendFlags::empty())?;
    }
    Ok(outlet)
}

fn empty(outlet: impl AsFd) -> io::Result<Vec<OwnedFd>> {
    let mut descriptors = Vec::new();
    loop {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MESSAGE))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut byte = [0];
        let received = recvmsg(&outlet, &mut [IoSliceMut::new(&mut byte)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
        if received.bytes == 0 {
            return Ok(descriptors);
        }
        // The limit of descriptors was reached, and the system left some out.
        if received.flags.contains(rustix::net::ReturnFlags::CTRUNC) {
            return Err(Errno::MFILE.into());
        }
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(rights) = message {
                descriptors.extend(rights);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::fstat;
    use std::fs::File;

    fn identity(file: impl AsFd) -> (u64, u64) {
        let status = fstat(file).expect("an open file");
        (status.st_dev, status.st_ino)
    }

    #[test]
    fn descriptors_come_out_in_their_order() {
        let [null, zero] = ["/dev/null", "/dev/zero"].map(|path| File::open(path).expect("a device"));
        for (batch, length) in [(BATCH, 0), (BATCH, 1), (BATCH, MESSAGE), (BATCH, MESSAGE + 1), (50, 600)] {
            let sent: Vec<_> = (0..length).map(|at| if at % 3 == 0 { zero.as_fd() } else { null.as_fd() }).collect();
            let parcel = pack_by(batch, &sent).expect("a parcel");
            let came: Vec<_> = unpack(&parcel).expect("its contents").iter().map(identity).collect();
            assert_eq!(came, sent.iter().map(identity).collect::<Vec<_>>(), "{length} in batches of {batch}");
        }
    }

    #[test]
    fn a_socket_without_an_end_is_refused() {
        let (_inlet, outlet) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::NONBLOCK, None).expect("a pair");
        assert_eq!(unpack(&outlet).expect_err("no parcel").kind(), io::ErrorKind::WouldBlock);
    }
}
