//! An upgrade keeps the state of clients: locks, places in queues, times, unfinished lines, unsent answers.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{
    Client, Counters, Daemon, Deadline, Deaf, Installed, PATIENCE, Pinned, ReservedDescriptors, masked,
};
use rustix::process::Signal;

fn installed() -> Result<(Installed, Daemon)> {
    let installed = Installed::new()?;
    let daemon = installed.daemon(&[])?;
    Ok((installed, daemon))
}

fn client(daemon: &Daemon) -> Result<Client> {
    let mut client = Client::connect(daemon.address())?;
    client.settle()?;
    Ok(client)
}

/// A client that waits.
fn waiting(daemon: &Daemon, request: &str) -> Result<Client> {
    let mut client = client(daemon)?;
    client.send(request.as_bytes())?;
    daemon.settle()?;
    client.expect_nothing()?;
    Ok(client)
}

#[test]
fn holders_and_queues_in_their_order() -> Result<()> {
    let (installed, daemon) = installed()?;
    let mut holder = client(&daemon)?;
    for key in ["page", "other", "page"] {
        assert_eq!(holder.ask(&format!("ACQ4ME {key} 2 9 0\n"))?, "LOCKED\n");
    }
    let mut for_me = [waiting(&daemon, "ACQ4ME page 1 9 60\n")?, waiting(&daemon, "ACQ4ME page 1 9 60\n")?];
    let mut for_anyone = [waiting(&daemon, "ACQ4ANY page 1 9 60\n")?, waiting(&daemon, "ACQ4ANY other 1 9 60\n")?];
    installed.upgrade(&daemon)?;
    // The newest lock is on `page`: the for-anyone waiters are told, then the oldest waiter gets the slot.
    assert_eq!(holder.ask("RELEASE\n")?, "RELEASED\n");
    for_anyone[0].expect(b"DONE\n")?;
    for_me[0].expect(b"LOCKED\n")?;
    installed.upgrade(&daemon)?;
    // After a disconnect no waiter is told that the work is done; the slot on `other` passes on.
    holder.close()?;
    for_anyone[1].expect(b"LOCKED\n")?;
    for_me[1].expect(b"LOCKED\n")?;
    let [_, told] = &mut for_anyone;
    for other in for_me.iter_mut().chain([told]) {
        assert_eq!(other.ask("RELEASE\n")?, "RELEASED\n");
        assert_eq!(other.ask("RELEASE\n")?, "NOT_LOCKED\n");
    }
    Ok(())
}

/// All statistics of STATS, and the start time of the daemon.
#[test]
fn statistics_go_on() -> Result<()> {
    let (installed, daemon) = installed()?;
    let mut holder = client(&daemon)?;
    let mut waiter = client(&daemon)?;
    assert_eq!(holder.ask("ACQ4ANY page 1 2 0\n")?, "LOCKED\n");
    waiter.send(b"ACQ4ANY page 1 2 60\n")?;
    assert_eq!(client(&daemon)?.ask("ACQ4ANY page 1 2 60\n")?, "QUEUE_FULL\n");
    thread::sleep(Duration::from_millis(1_100));
    assert_eq!(holder.ask("RELEASE\n")?, "RELEASED\n");
    waiter.expect(b"DONE\n")?;
    assert_eq!(holder.ask("ACQ4ANY page 1 2 0\n")?, "LOCKED\n");
    let full = |client: &mut Client| {
        client.send(b"STATS FULL\n")?;
        client.wait(PATIENCE, |received, _| received.ends_with(b"\n\n"))?;
        Ok::<_, anyhow::Error>(String::from_utf8(client.take())?)
    };
    let before = full(&mut holder)?;
    let seconds = |stats: &str| {
        let uptime =
            stats.lines().next().and_then(|line| line.strip_prefix("uptime: 0 days, 0h 0m ")?.strip_suffix('s'));
        uptime.and_then(|seconds| seconds.parse::<u64>().ok()).context("an uptime of less than a minute")
    };
    for _ in 0..3 {
        installed.upgrade(&daemon)?;
    }
    let after = full(&mut holder)?;
    // All digits except those of the uptime must be the same. The uptime continues.
    assert_eq!(before.lines().skip(1).collect::<Vec<_>>(), after.lines().skip(1).collect::<Vec<_>>());
    ensure!(seconds(&before)? >= 1 && seconds(&after)? >= seconds(&before)?, "{before}{after}");
    ensure!(masked(before.as_bytes()) != before.as_bytes(), "there are no times in {before}");
    Ok(())
}

#[test]
fn waits_end_when_they_would_have() -> Result<()> {
    let (installed, daemon) = installed()?;
    let mut holder = client(&daemon)?;
    assert_eq!(holder.ask("ACQ4ME page 1 9 0\n")?, "LOCKED\n");
    let start = Instant::now();
    let mut two = waiting(&daemon, "ACQ4ANY page 1 9 2\n")?;
    let mut one = waiting(&daemon, "ACQ4ME page 1 9 1\n")?;
    // An unfinished line cancels the timer, and the cancellation is kept too.
    let mut cancelled = waiting(&daemon, "ACQ4ME page 1 9 4\n")?;
    let asked = Instant::now();
    cancelled.send(b"REL")?;
    daemon.settle()?;
    for _ in 0..3 {
        installed.upgrade(&daemon)?;
    }
    one.expect(b"TIMEOUT\n")?;
    ensure!(start.elapsed() >= Duration::from_secs(1), "too early");
    installed.upgrade(&daemon)?;
    two.expect(b"TIMEOUT\n")?;
    ensure!(start.elapsed() >= Duration::from_secs(2), "too early");
    thread::sleep(Duration::from_millis(4_100).saturating_sub(asked.elapsed()));
    cancelled.expect_nothing()?;
    assert_eq!(cancelled.ask("EASE\n")?, "RELEASED\n");
    assert_eq!(one.ask("ACQ4ANY page 2 9 2\n")?, "LOCKED\n");
    Ok(())
}

#[test]
fn half_lines_and_the_rest_of_long_ones() -> Result<()> {
    let (installed, daemon) = installed()?;
    let [mut half, mut long] = [client(&daemon)?, client(&daemon)?];
    for (piece, answer) in
        [("ACQ4ME pa", ""), ("ge 1 9", ""), (" 0\r", ""), ("\nREL", "LOCKED\n"), ("EASE\n", "RELEASED\n")]
    {
        half.send(piece.as_bytes())?;
        daemon.settle()?;
        half.expect(answer.as_bytes())?;
        half.expect_nothing()?;
        installed.upgrade(&daemon)?;
    }
    for (piece, answer) in
        [("x".repeat(1_000), ""), ("x".repeat(1_000), "ERROR LINE_TOO_LONG\n"), ("x".repeat(1_000), "")]
    {
        long.send(piece.as_bytes())?;
        daemon.settle()?;
        long.expect(answer.as_bytes())?;
        long.expect_nothing()?;
        installed.upgrade(&daemon)?;
    }
    assert_eq!(long.ask("x\nRELEASE\n")?, "NOT_LOCKED\n");
    Ok(())
}

/// A client whose answers do not fit into a Unix socket, and that reads slowly while the daemon is upgraded.
#[test]
fn answers_that_the_socket_has_not_taken_yet() -> Result<()> {
    /// Each is answered by some 700 bytes.
    const QUESTIONS: usize = 4_000;
    const A_THIRD: usize = 900_000;
    let installed = Installed::new()?;
    let path = installed.path().with_file_name("socket");
    let daemon = installed.daemon(&[&format!("--listen=unix:{}", path.display())])?;
    // The daemon serves clients once it listens on this socket too.
    client(&daemon)?;
    let mut socket = UnixStream::connect(path)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    socket.write_all(&[b"STATS FULL\n".repeat(QUESTIONS), b"RELEASE\n".to_vec()].concat())?;
    // It reads slowly until the first upgrade is over, but fast enough that the daemon does not drop it.
    let (count, hurry) = (AtomicUsize::new(0), AtomicBool::new(false));
    let read = || {
        let mut answers = Vec::new();
        let mut buffer = [0; 8192];
        while !answers.ends_with(b"NOT_LOCKED\n") {
            let length = socket.read(&mut buffer).with_context(|| format!("after {} bytes", answers.len()))?;
            ensure!(length > 0, "the connection ended after {} bytes", answers.len());
            answers.extend_from_slice(&buffer[..length]);
            count.store(answers.len(), Ordering::Relaxed);
            thread::sleep(Duration::from_millis(if hurry.load(Ordering::Relaxed) { 2 } else { 20 }));
        }
        Ok(answers)
    };
    let answers = thread::scope(|scope| {
        let reading = scope.spawn(read);
        installed.upgrade(&daemon)?;
        let taken = count.load(Ordering::Relaxed);
        hurry.store(true, Ordering::Relaxed);
        ensure!(taken < A_THIRD, "the first upgrade took so long that {taken} bytes were read");
        for _ in 1..5 {
            installed.upgrade(&daemon)?;
        }
        reading.join().map_err(|_| anyhow::anyhow!("the reader panicked"))?
    })?;
    let one = masked(&answers[..answers.windows(2).position(|two| two == b"\n\n").context("an answer")? + 2]);
    // Not with assert_eq!, which would print both sides.
    ensure!(masked(&answers) == [one.repeat(QUESTIONS), b"NOT_LOCKED\n".to_vec()].concat(), "other answers came");
    let counters = Counters::ask(&mut client(&daemon)?)?;
    assert_eq!(counters["failed_sends"], 0);
    Ok(())
}

/// The daemon drops a client that does not read even if it is upgraded again and again.
#[test]
fn the_time_for_taking_answers() -> Result<()> {
    let (installed, daemon) = installed()?;
    let mut deaf = Deaf::connect(daemon.address())?;
    deaf.send("ACQ4ME page 1 9 0\n")?;
    let mut waiter = waiting(&daemon, "ACQ4ME page 1 9 60\n")?;
    thread::scope(|scope| {
        let asking = scope.spawn(|| deaf.ask_until_cut_off("STATS FULL\n"));
        while !asking.is_finished() {
            installed.upgrade(&daemon)?;
            thread::sleep(Duration::from_millis(200));
        }
        asking.join().map_err(|_| anyhow::anyhow!("the asker panicked"))?
    })?;
    waiter.expect(b"LOCKED\n")?;
    assert_eq!(Counters::ask(&mut waiter)?["failed_sends"], 1);
    Ok(())
}

/// Installs a wrapper program that pauses before it executes the new program, and upgrades up to this pause.
fn upgrade_with_a_pause(installed: &Installed, daemon: &Daemon) -> Result<()> {
    installed.put_script(
        "[ \"$1\" = --check-hand-over ] || until [ -e \"$(dirname \"$0\")/go\" ]; do sleep 0.01; done; exec \"$program\" \"$@\"",
    )?;
    daemon.signal(Signal::USR1)?;
    let program = format!("/proc/{}/cmdline", daemon.pid());
    let paused = || fs::read(&program).ok().filter(|line| line.starts_with(b"/bin/sh")).map(|_| ());
    Deadline::after(PATIENCE).poll(paused).context("it does not upgrade")
}

fn end_the_pause(installed: &Installed) -> Result<()> {
    Ok(fs::write(installed.path().with_file_name("go"), "")?)
}

#[test]
fn what_is_sent_in_the_pause_is_answered_in_its_order() -> Result<()> {
    const CLIENTS: usize = 200;
    let (installed, daemon) = installed()?;
    let mut clients = (0..CLIENTS).map(|_| client(&daemon)).collect::<Result<Vec<_>>>()?;
    upgrade_with_a_pause(&installed, &daemon)?;
    // Otherwise bytes that are sent first may arrive later.
    let _pinned = Pinned::new()?;
    // An order that is neither the order of the connections nor its reverse.
    let order: Vec<usize> = (0..CLIENTS).map(|place| place * 77 % CLIENTS).collect();
    for &who in &order {
        clients[who].send(b"ACQ4ME page 1 999 60\n")?;
    }
    end_the_pause(&installed)?;
    for who in order {
        clients[who].expect(b"LOCKED\n")?;
        assert_eq!(clients[who].ask("RELEASE\n")?, "RELEASED\n");
    }
    Ok(())
}

/// Clients that were busy during the trial, and more of them than the daemon reads from in one turn.
#[test]
fn what_is_sent_at_the_end_of_the_trial_is_answered_in_its_order() -> Result<()> {
    const CLIENTS: usize = 2_500;
    let _reserved = ReservedDescriptors::new(CLIENTS as u64 + 500)?;
    let (installed, daemon) = installed()?;
    let mut clients = (0..CLIENTS).map(|_| Client::connect(daemon.address())).collect::<Result<Vec<_>>>()?;
    daemon.settle()?;
    installed.put_script(
        "[ \"$1\" = --check-hand-over ] && echo $$ >\"$0.tried\" && until [ -e \"$0.go\" ]; do sleep 0.01; done; exec \"$program\" \"$@\"",
    )?;
    daemon.signal(Signal::USR1)?;
    let [tried, go] = ["poolcounterd.tried", "poolcounterd.go"].map(|name| installed.path().with_file_name(name));
    let trial = || fs::read_to_string(&tried).ok()?.trim().parse::<u32>().ok();
    let trial = Deadline::after(PATIENCE).poll(trial).context("it is not tried")?;
    clients.iter_mut().rev().try_for_each(|client| client.send(b"RELEASE\n"))?;
    clients.iter_mut().try_for_each(|client| client.expect(b"NOT_LOCKED\n"))?;
    daemon.freeze()?;
    let _pinned = Pinned::new()?;
    let order: Vec<usize> = (0..CLIENTS).map(|place| place * 777 % CLIENTS).collect();
    for &who in &order {
        clients[who].send(b"ACQ4ME page 1 9999 60\n")?;
    }
    fs::write(go, "")?;
    // The daemon sees these bytes and the end of the trial at the same time.
    let stat = format!("/proc/{trial}/stat");
    let ended = || fs::read_to_string(&stat).ok().filter(|stat| stat.contains(") Z "));
    Deadline::after(PATIENCE).poll(ended).context("the trial does not end")?;
    daemon.thaw()?;
    for who in order {
        clients[who].expect(b"LOCKED\n")?;
        assert_eq!(clients[who].ask("RELEASE\n")?, "RELEASED\n");
    }
    clients.into_iter().try_for_each(Client::reset)
}

/// Clients that leave or connect in the pause, or whose timeout passes in it.
#[test]
fn what_else_happens_in_the_pause() -> Result<()> {
    let (installed, daemon) = installed()?;
    let [mut holder, mut late] = [client(&daemon)?, client(&daemon)?];
    assert_eq!(holder.ask("ACQ4ME page 1 9 0\n")?, "LOCKED\n");
    let mut expiring = waiting(&daemon, "ACQ4ME page 1 9 1\n")?;
    let start = Instant::now();
    let mut waiter = waiting(&daemon, "ACQ4ME page 1 9 60\n")?;
    upgrade_with_a_pause(&installed, &daemon)?;
    // First the end of a stream, then a request for the slot that it frees; and a client whose request is cut into two parts.
    holder.close()?;
    late.send(b"ACQ4ME page 1 9 6")?;
    let mut fresh = Client::connect(daemon.address())?;
    fresh.send(b"STATS waiting_workers\n")?;
    thread::sleep(Duration::from_millis(1_100).saturating_sub(start.elapsed()));
    end_the_pause(&installed)?;
    // Timeouts are handled first, so the client whose timeout has passed does not get the slot.
    expiring.expect(b"TIMEOUT\n")?;
    waiter.expect(b"LOCKED\n")?;
    fresh.expect(b"waiting_workers: 0\n")?;
    late.send(b"0\n")?;
    assert_eq!(waiter.ask("RELEASE\n")?, "RELEASED\n");
    late.expect(b"LOCKED\n")?;
    Ok(())
}
