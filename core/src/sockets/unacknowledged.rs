use rustix::ioctl::{Getter, ioctl};
use std::ffi::c_int;
use std::io;
use std::os::fd::AsFd;

/// Of <linux/sockios.h>: how many bytes are not acknowledged yet.
const SIOCOUTQ: rustix::ioctl::Opcode = 0x5411;

/// Whether the other host has acknowledged all that was sent on a TCP socket.
pub(super) fn is_acknowledged(socket: impl AsFd) -> io::Result<bool> {
    // SAFETY: the request writes an int, and nothing else.
    let unacknowledged = unsafe { ioctl(socket, Getter::<SIOCOUTQ, c_int>::new()) }?;
    Ok(unacknowledged == 0)
}
