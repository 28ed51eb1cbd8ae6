//! Reads facts about a process from the kernel: its sockets and children, its memory, the processor time that it has used and the signals that it ignores.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{OwnedFd, RawFd};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, Signal, pidfd_getfd, pidfd_open};

const ESTABLISHED: u8 = 0x01;
const LISTEN: u8 = 0x0a;

/// Where a process listens over TCP, in its own network namespace.
pub fn listeners(pid: u32) -> Result<BTreeSet<SocketAddr>> {
    let own = sockets(pid)?;
    let rows = connections(pid)?.into_iter();
    Ok(rows.filter(|row| row.state == LISTEN && own.contains_key(&row.inode)).map(|row| row.local).collect())
}

/// How many descriptors a process has for sockets that listen over TCP.
pub fn listening_descriptors(pid: u32) -> Result<usize> {
    let rows = connections(pid)?.into_iter();
    let listening: BTreeSet<u64> = rows.filter(|row| row.state == LISTEN).map(|row| row.inode).collect();
    Ok(descriptors(pid)?.iter().filter(|(inode, _)| listening.contains(inode)).count())
}

/// A copy of the socket with which a child process serves the client with this port.
pub fn accepted(pid: u32, client_port: u16) -> Result<OwnedFd> {
    let own = sockets(pid)?;
    let mut rows = connections(pid)?.into_iter();
    let served = rows.find_map(|row| {
        let fits = row.state == ESTABLISHED && row.remote.port() == client_port;
        own.get(&row.inode).copied().filter(|_| fits)
    });
    let process = i32::try_from(pid).ok().and_then(Pid::from_raw).context("a process id")?;
    let process = pidfd_open(process, PidfdFlags::empty())?;
    Ok(pidfd_getfd(process, served.context("the process has no such connection")?, PidfdGetfdFlags::empty())?)
}

/// How many connections to this address are established in the network namespace of a process.
pub fn connections_to(pid: u32, address: SocketAddr) -> Result<usize> {
    let rows = connections(pid)?.into_iter();
    Ok(rows.filter(|row| row.state == ESTABLISHED && row.remote == address).count())
}

/// The processor time that all threads of a process have used, to the nanosecond.
pub fn cpu_time(pid: u32) -> Result<Duration> {
    let mut clock: libc::clockid_t = 0;
    // SAFETY: the out-pointer is a live, writable clockid_t.
    let error = unsafe { libc::clock_getcpuclockid(libc::pid_t::try_from(pid)?, &raw mut clock) };
    if error != 0 {
        return Err(io::Error::from_raw_os_error(error)).context("the processor clock of a process");
    }
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the out-pointer is a live, writable timespec.
    if unsafe { libc::clock_gettime(clock, &raw mut time) } != 0 {
        return Err(io::Error::last_os_error()).context("the processor time of a process");
    }
    Ok(Duration::new(u64::try_from(time.tv_sec)?, u32::try_from(time.tv_nsec)?))
}

/// The bytes of a process's private memory.
pub fn private_memory(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/smaps_rollup");
    private_bytes(&fs::read_to_string(&path).with_context(|| path.clone())?).context(path)
}

/// The sum of the private pages in a `smaps_rollup`.
fn private_bytes(text: &str) -> Option<u64> {
    let kilobytes = |name: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    };
    Some((kilobytes("Private_Clean:")? + kilobytes("Private_Dirty:")?) * 1024)
}

/// The children of all threads of a process.
pub fn children(pid: u32) -> Result<Vec<u32>> {
    let mut children = Vec::new();
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        // It may have ended meanwhile.
        let listed = fs::read_to_string(thread?.path().join("children")).unwrap_or_default();
        children.extend(listed.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
    }
    Ok(children)
}

/// Whether a process ignores a signal. It ignores the signal from its start if its parent did, as with `nohup`.
pub fn ignores(pid: u32, signal: Signal) -> Result<bool> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).context("a process ignores signals")?;
    Ok(u64::from_str_radix(mask.trim(), 16)? >> (signal.as_raw() - 1) & 1 == 1)
}

/// The sockets that a process has, by inode, with a descriptor of each.
fn sockets(pid: u32) -> Result<BTreeMap<u64, RawFd>> {
    Ok(descriptors(pid)?.into_iter().collect())
}

/// All descriptors of a process that are sockets, each behind its inode.
fn descriptors(pid: u32) -> Result<Vec<(u64, RawFd)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
        let entry = entry?;
        let Ok(target) = fs::read_link(entry.path()) else { continue };
        let inode = target.to_str().and_then(|text| text.strip_prefix("socket:[")?.strip_suffix(']'));
        if let (Some(inode), Some(fd)) = (inode, entry.file_name().to_str()) {
            found.push((inode.parse()?, fd.parse()?));
        }
    }
    Ok(found)
}

/// One line of `/proc/net/tcp`.
struct Row {
    local: SocketAddr,
    remote: SocketAddr,
    state: u8,
    inode: u64,
}

fn connections(pid: u32) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for name in ["tcp", "tcp6"] {
        // A kernel without IPv6 has no second file.
        let text = fs::read_to_string(format!("/proc/{pid}/net/{name}")).unwrap_or_default();
        rows.extend(text.lines().skip(1).map(row).collect::<Option<Vec<_>>>().context("lines of /proc/net/tcp")?);
    }
    // While connections are made and closed, the kernel may list one of them several times.
    let mut seen = HashSet::new();
    rows.retain(|row| seen.insert((row.local, row.remote, row.inode)));
    Ok(rows)
}

fn row(line: &str) -> Option<Row> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    Some(Row {
        local: address(fields.get(1)?)?,
        remote: address(fields.get(2)?)?,
        state: u8::from_str_radix(fields.get(3)?, 16).ok()?,
        inode: fields.get(9)?.parse().ok()?,
    })
}

/// An address as the kernel prints it: 32-bit words in the order of the machine.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let word = |at: usize| Some(u32::from_str_radix(ip.get(at * 8..at * 8 + 8)?, 16).ok()?.to_ne_bytes());
    let ip = if ip.len() == 8 {
        IpAddr::V4(Ipv4Addr::from(word(0)?))
    } else {
        let bytes = [word(0)?, word(1)?, word(2)?, word(3)?].concat();
        IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?))
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::time::Instant;

    #[test]
    fn private_pages_are_summed() {
        let text = "1-2 ---p 00 [rollup]\nRss:  9 kB\nPrivate_Clean:   4 kB\nPrivate_Dirty:  16 kB\n";
        assert_eq!(private_bytes(text), Some(20 * 1024));
        assert_eq!(private_bytes("Rss: 9 kB\n"), None);
    }

    #[test]
    fn the_clock_of_a_process_moves_while_it_works() {
        let me = std::process::id();
        let before = cpu_time(me).unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while cpu_time(me).unwrap() < before + Duration::from_millis(5) {
            assert!(Instant::now() < deadline, "5 ms of processor time within 10 s");
        }
    }

    #[test]
    fn a_listener_is_found_by_its_process() {
        for ip in ["127.0.0.1:0", "[::1]:0"] {
            let listener = TcpListener::bind(ip).unwrap();
            let address = listener.local_addr().unwrap();
            assert!(listeners(std::process::id()).unwrap().contains(&address), "{address}");
        }
    }
}
