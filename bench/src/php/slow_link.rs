//! A slow link: a packet to the far address comes back to the near one, from the far one, a while later.
//!
//! Whole packets are late, those that make a connection too, which a proxy between sockets could not delay.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::num::NonZeroU64;
use std::os::fd::AsRawFd;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::cpu;

/// The address behind which a server on every address of this machine is found, as if it were far away.
pub(crate) const FAR: &str = "192.0.2.2";
const NEAR: &str = "192.0.2.1/30";

const DEVICE: &str = "slow";

/// Lays the link in this network namespace. It stays as long as this process.
pub(crate) fn lay(one_way: Duration, cpu: usize) -> Result<()> {
    let tunnel = open().context("the slow link needs /dev/net/tun")?;
    ip(&["address", "add", NEAR, "dev", DEVICE])?;
    ip(&["link", "set", DEVICE, "up"])?;
    thread::spawn(move || {
        // Without these two it works too, less exactly.
        let _ = cpu::pin(cpu);
        let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
        if let Err(error) = carry(&tunnel, one_way) {
            eprintln!("the slow link broke: {error}");
        }
    });
    Ok(())
}

fn ip(arguments: &[&str]) -> Result<()> {
    if !Command::new("ip").args(arguments).status().context("cannot run `ip` (package iproute2)")?.success() {
        bail!("`ip {}` failed", arguments.join(" "));
    }
    Ok(())
}

fn open() -> io::Result<File> {
    let device = OpenOptions::new().read(true).write(true).open("/dev/net/tun")?;
    // SAFETY: an ifreq of zeros is a valid one.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (place, byte) in request.ifr_name.iter_mut().zip(DEVICE.bytes()) {
        *place = byte.cast_signed();
    }
    request.ifr_ifru.ifru_flags = libc::c_short::try_from(libc::IFF_TUN | libc::IFF_NO_PI).map_err(io::Error::other)?;
    // SAFETY: this request reads and writes an ifreq, which lives.
    if unsafe { libc::ioctl(device.as_raw_fd(), libc::TUNSETIFF, &raw mut request) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(device)
}

fn carry(mut tunnel: &File, one_way: Duration) -> io::Result<()> {
    let mut under_way: VecDeque<(Instant, Vec<u8>)> = VecDeque::new();
    let mut buffer = [0; 2048];
    loop {
        let wait = under_way.front().map(|(due, _)| due.saturating_duration_since(Instant::now()));
        let wait = wait.map(Timespec::try_from).transpose().map_err(io::Error::other)?;
        let mut ready = [PollFd::new(tunnel, PollFlags::IN)];
        if poll(&mut ready, wait.as_ref())? > 0 {
            let length = tunnel.read(&mut buffer)?;
            let mut packet = buffer[..length].to_vec();
            if turn_round(&mut packet) {
                under_way.push_back((Instant::now() + one_way, packet));
            }
        }
        while let Some((_, packet)) = under_way.pop_front_if(|(due, _)| *due <= Instant::now()) {
            tunnel.write_all(&packet)?;
        }
    }
}

/// Swaps the addresses of an IPv4 packet, which leaves its checksums right. Other packets are of no use here.
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
