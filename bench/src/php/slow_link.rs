//! A slow link: a packet to the far address comes back to the near one, from the far one, a while later.
//!
//! Whole packets are late, those that make a connection too, which a proxy between sockets could not delay.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::num::NonZeroU64;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use poolcounter_test_support::{tunnel, turn_round};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::cpu;

/// The address behind which a server on every address of this machine is found, as if it were far away.
pub(crate) const FAR: &str = "192.0.2.2";
const NEAR: &str = "192.0.2.1/30";

/// Lays the link in this network namespace. It stays as long as this process.
pub(crate) fn lay(one_way: Duration, cpu: usize) -> Result<()> {
    let tunnel = tunnel("slow", NEAR)?;
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
