//! Requests by several processes at the same time.

use std::ffi::OsString;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};

use super::Work;
use super::concurrent_player::ConcurrentPlayer;
use crate::replay;

/// The work of a request, with or without its lock.
const EACH: Duration = Duration::from_millis(100);

/// Does the work with this player, each process with a client made by `new`.
pub(super) fn work(work: &Work, command: &[OsString], new: &str) -> Result<()> {
    let start = || {
        let mut player = ConcurrentPlayer::start(command)?;
        ask(&mut player, new)?;
        Ok(player)
    };
    let processes = (0..work.processes).map(|_| start()).collect::<Result<Vec<_>>>()?;
    let (next, unprotected) = (AtomicU32::new(0), AtomicU32::new(0));
    let began = Instant::now();
    thread::scope(|scope| {
        let serve = |mut player: ConcurrentPlayer| -> Result<()> {
            while let Some(request) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|next| *next < work.requests) {
                if !protected(work, &mut player, request)? {
                    unprotected.fetch_add(1, Ordering::Relaxed);
                }
            }
            player.end()
        };
        let workers: Vec<_> = processes.into_iter().map(|player| scope.spawn(move || serve(player))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| anyhow!("a worker panicked"))?)
    })?;
    let (took, unprotected) = (began.elapsed(), unprotected.into_inner());
    println!("{} requests took {:.1} s, {unprotected} of them unprotected", work.requests, took.as_secs_f64());
    // The bound consists of the client's timers. Twice the time is allowed, so that a busy machine changes nothing.
    ensure!(took <= 2 * work.at_most, "{took:.1?} instead of {:?} at most; {unprotected} unprotected", work.at_most);
    Ok(())
}

/// Whether the request had its lock.
fn protected(work: &Work, player: &mut ConcurrentPlayer, request: u32) -> Result<bool> {
    let key = replay::hex(format!("work-{request}").as_bytes());
    let acquire = |timeout: u32| format!("acquire anyone 1 10 {timeout} {key}");
    let mut answer = ask(player, &acquire(if work.fast_stale { 0 } else { work.timeout }))?;
    if work.fast_stale && answer == "TIMEOUT" {
        answer = ask(player, &acquire(work.timeout))?;
    }
    thread::sleep(EACH);
    if answer != "LOCKED" {
        return Ok(false);
    }
    ask(player, "release")?;
    Ok(true)
}

fn ask(player: &mut ConcurrentPlayer, line: &str) -> Result<String> {
    player.ask(None, 1, line)?;
    let answer = player.answer(None, None)?.with_context(|| format!("no answer to `{line}`"))?;
    Ok(answer.1)
}
