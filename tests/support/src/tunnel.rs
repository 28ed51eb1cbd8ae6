//! TUN devices that return packets: a packet from the near address to the far address comes back as a packet from the far address to the near one.
//!
//! So the program with the device passes on, delays or drops all packets between a client and a server on one machine, also those that make a connection.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::num::NonZeroU64;
use std::os::fd::AsRawFd;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Makes a device in this network namespace, gives it an address and brings it up. It exists as long as the file is open.
pub fn tunnel(name: &str, address: &str) -> Result<File> {
    let device = open(name).context("a tunnel needs /dev/net/tun")?;
    ip(&["address", "add", address, "dev", name])?;
    ip(&["link", "set", name, "up"])?;
    Ok(device)
}

/// Runs `ip`.
pub(crate) fn ip(arguments: &[&str]) -> Result<()> {
    if !Command::new("ip").args(arguments).status().context("cannot run `ip` (package iproute2)")?.success() {
        bail!("`ip {}` failed", arguments.join(" "));
    }
    Ok(())
}

fn open(name: &str) -> io::Result<File> {
    let device = OpenOptions::new().read(true).write(true).open("/dev/net/tun")?;
    // SAFETY: an ifreq of zeros is valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (place, byte) in request.ifr_name.iter_mut().zip(name.bytes().take(libc::IFNAMSIZ - 1)) {
        *place = byte.cast_signed();
    }
    request.ifr_ifru.ifru_flags = libc::c_short::try_from(libc::IFF_TUN | libc::IFF_NO_PI).map_err(io::Error::other)?;
    // SAFETY: this request reads and writes an ifreq, which lives.
    if unsafe { libc::ioctl(device.as_raw_fd(), libc::TUNSETIFF, &raw mut request) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(device)
}

/// Passes packets on for as long as the device exists. `delay` says how long a packet takes, or `None` if it is lost.
pub fn carry(mut device: &File, mut delay: impl FnMut(&[u8]) -> Option<Duration>) -> io::Result<()> {
    // Without this, delays are less exact.
    let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
    let mut under_way: VecDeque<(Instant, Vec<u8>)> = VecDeque::new();
    let mut buffer = [0; 2048];
    loop {
        let wait = under_way.front().map(|(due, _)| due.saturating_duration_since(Instant::now()));
        let wait = wait.map(Timespec::try_from).transpose().map_err(io::Error::other)?;
        if poll(&mut [PollFd::new(device, PollFlags::IN)], wait.as_ref())? > 0 {
            let length = device.read(&mut buffer)?;
            let packet = &mut buffer[..length];
            let delay = delay(packet);
            if let Some(delay) = delay.filter(|_| turn_round(packet)) {
                let due = Instant::now() + delay;
                // The two directions may have different delays.
                let place = under_way.partition_point(|(other, _)| *other <= due);
                under_way.insert(place, (due, packet.to_vec()));
            }
        }
        while let Some((_, packet)) = under_way.pop_front_if(|(due, _)| *due <= Instant::now()) {
            device.write_all(&packet)?;
        }
    }
}

/// Swaps the addresses of an IPv4 packet, which leaves its checksums right. Other packets are dropped.
fn turn_round(packet: &mut [u8]) -> bool {
    if packet.len() < 20 || packet[0] >> 4 != 4 {
        return false;
    }
    let (before, behind) = packet.split_at_mut(16);
    before[12..].swap_with_slice(&mut behind[..4]);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_comes_back_from_where_it_was_sent_to() {
        let mut packet: Vec<u8> = (0..24).collect();
        packet[0] = 0x45;
        let mut expected = packet.clone();
        expected[12..20].copy_from_slice(&[16, 17, 18, 19, 12, 13, 14, 15]);
        assert!(turn_round(&mut packet));
        assert_eq!(packet, expected);
    }

    #[test]
    fn what_is_no_ipv4_is_not_carried() {
        assert!(!turn_round(&mut [0x60; 40]));
        assert!(!turn_round(&mut [0x45; 19]));
        assert!(!turn_round(&mut []));
    }
}
