//! Descriptors that travel through a socket, from a program to the one that takes its place in the same process.
//!
//! What is in the socket survives `execve`, while the descriptors themselves are closed by it: should that fail, there is nothing to take back.

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// As many descriptors as the system takes in one message (`SCM_MAX_FD`).
const A_MESSAGE: usize = 253;

/// As many descriptors as a socket's buffer takes for certain. The usual one takes 278 messages.
const A_CRATE: usize = 128 * A_MESSAGE;

/// Packs copies of the descriptors into a socket that [`unpack`] takes them out of.
pub(crate) fn pack(descriptors: &[BorrowedFd<'_>]) -> io::Result<OwnedFd> {
    pack_by(A_CRATE, descriptors)
}

fn pack_by(a_crate: usize, descriptors: &[BorrowedFd<'_>]) -> io::Result<OwnedFd> {
    let crates = descriptors.chunks(a_crate).map(fill).collect::<io::Result<Vec<_>>>()?;
    fill(&crates.iter().map(AsFd::as_fd).collect::<Vec<_>>())
}

/// Takes them out again, in their order. The socket is used up.
pub(crate) fn unpack(parcel: impl AsFd) -> io::Result<Vec<OwnedFd>> {
    let mut descriptors = Vec::new();
    for one in empty(parcel)? {
        descriptors.extend(empty(one)?);
    }
    Ok(descriptors)
}

fn fill(descriptors: &[BorrowedFd<'_>]) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let (inlet, outlet) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
    for message in descriptors.chunks(A_MESSAGE) {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(A_MESSAGE))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !ancillary.push(SendAncillaryMessage::ScmRights(message)) {
            unreachable!("there is space for {A_MESSAGE} descriptors");
        }
        // A message must not be empty, or it could not be told from the end.
        sendmsg(&inlet, &[IoSlice::new(b"+")], &mut ancillary, SendFlags::empty())?;
    }
    Ok(outlet)
}

fn empty(outlet: impl AsFd) -> io::Result<Vec<OwnedFd>> {
    let mut descriptors = Vec::new();
    loop {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(A_MESSAGE))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut byte = [0];
        let received = recvmsg(&outlet, &mut [IoSliceMut::new(&mut byte)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
        if received.bytes == 0 {
            return Ok(descriptors);
        }
        // A limit of descriptors cuts a message short.
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
        for (a_crate, length) in [(A_CRATE, 0), (A_CRATE, 1), (A_CRATE, A_MESSAGE), (A_CRATE, A_MESSAGE + 1), (50, 600)]
        {
            let sent: Vec<_> = (0..length).map(|at| if at % 3 == 0 { zero.as_fd() } else { null.as_fd() }).collect();
            let parcel = pack_by(a_crate, &sent).expect("a parcel");
            let came: Vec<_> = unpack(&parcel).expect("its contents").iter().map(identity).collect();
            assert_eq!(came, sent.iter().map(identity).collect::<Vec<_>>(), "{length} in crates of {a_crate}");
        }
    }

    #[test]
    fn a_socket_without_an_end_is_no_parcel() {
        let (_inlet, outlet) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::NONBLOCK, None).expect("a pair");
        assert_eq!(unpack(&outlet).expect_err("no parcel").kind(), io::ErrorKind::WouldBlock);
    }
}
