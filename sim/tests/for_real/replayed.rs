//! Compares column B of a replay with reality: a load is recorded with its old setting, and played by threads with the new one, five times.
//!
//! A figure of column B may differ from the mean of the five by a tenth, or by five. Work sleeps. If a thread came late, the machine was busy with other work, and the run is repeated.

use crate::TRIES;
use crate::loads::{Load, Setting};
use anyhow::{Context, Result, bail, ensure};
use poolcounter::protocol::Mode;
use poolcounter::recording::{Recording, Totals, verify};
use poolcounter_sim::replay::{Figures, Limits, Plan, Replay, Traffic};
use poolcounter_test_support::{Client, Daemon, Deadline, PATIENCE, Process, Program, Scratch};
use rustix::process::Signal;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

/// How often the new setting is played.
const RUNS: u64 = 5;

/// A thread that is later than this spoils its run.
const LATE: Duration = Duration::from_millis(120);

/// `LOCKED`, `DONE`, `QUEUE_FULL`, `TIMEOUT` after a wait, old copies.
type Counts = [u64; 5];

pub(crate) fn holds(load: &Load) -> Result<()> {
    // At the same time, because all of them only sleep.
    let (recording, real) = thread::scope(|scope| {
        let record = scope.spawn(|| record(load));
        let runs: Vec<_> = (0..RUNS).map(|_| scope.spawn(|| valid(|| play(load, load.new, None)))).collect();
        let real = runs.into_iter().map(|run| run.join().map_err(|_| anyhow::anyhow!("a run panicked"))?);
        let real = real.collect::<Result<Vec<Counts>>>();
        (record.join(), real)
    });
    let recording = recording.map_err(|_| anyhow::anyhow!("the recording panicked"))??;
    let real = real?;
    ensure!(verify(&recording)?.first.is_none(), "the recording is not true");
    let plan = Plan::default().with(load.change)?;
    let report = Replay::new(&Arc::new(Traffic::of(&[recording])?), &plan)?.finish();
    let [group] = &report.groups[..] else { bail!("one group") };
    ensure!(group.is_near, "column A is not near: recorded {:?}, a {:?}", group.recorded, group.a);
    let (old, b) = (counts(&group.recorded), counts(&group.b));
    ensure!(old.iter().zip(b).any(|(old, b)| old.abs_diff(b) > 20), "the new setting changes little: {old:?}, {b:?}");
    for (place, b) in b.into_iter().enumerate() {
        let mean = real.iter().map(|counts| counts[place]).sum::<u64>() / RUNS;
        ensure!(
            b.abs_diff(mean) <= (mean / 10).max(5),
            "figure {place}: {b}, and the mean is {mean}\nold  {old:?}\nb    {:?}\nreal {real:?}",
            counts(&group.b)
        );
    }
    Ok(())
}

fn counts(figures: &Figures) -> Counts {
    [figures.granted, figures.done, figures.refused, figures.timed_out, figures.stale.unwrap_or(0)]
}

/// Repeats a run on a machine that is busy with other work.
fn valid<T>(run: impl Fn() -> Result<Option<T>>) -> Result<T> {
    let result = (0..TRIES).map(|_| run()).find(|run| !matches!(run, Ok(None)));
    result.transpose()?.flatten().context("the machine is too busy to say anything")
}

/// The recording of a run with the old setting.
fn record(load: &Load) -> Result<Recording> {
    valid(|| {
        let scratch = Scratch::new()?;
        let file = scratch.file("load.rec");
        let counted = play(load, load.old, Some(&file))?;
        let Some(counted) = counted else { return Ok(None) };
        let recording = Recording::read(&std::fs::read(&file)?)?;
        let figures = &Replay::new(&Arc::new(Traffic::of(std::slice::from_ref(&recording))?), &Plan::default())?
            .finish()
            .groups[0]
            .recorded;
        // The old settings show no old copies, and the recording cannot tell.
        ensure!(
            counts(figures)[..4] == counted[..4],
            "the readers counted {counted:?}, and the recording has {figures:?}"
        );
        Ok(Some(recording))
    })
}

/// Plays a load, and records it if there is a file for that. `None` if a thread came late.
fn play(load: &Load, setting: Setting, file: Option<&Path>) -> Result<Option<Counts>> {
    let scratch = Scratch::new()?;
    let admin = format!("unix:{}", scratch.file("admin").display());
    let daemon = Daemon::ours(&["--admin", &admin])?;
    let mut recorder = None;
    if let Some(file) = file {
        let mut command = Program::ctl()?.command();
        let process = Process::spawn(command.args(["record", "-s", &admin, "-o"]).arg(file))?;
        let began = || (Totals::of(&std::fs::read(file).ok()?).ok()?.segments > 0).then_some(());
        // Calls of a probe, so that there is something to write.
        let began = Deadline::after(PATIENCE).poll(|| daemon.settle().ok().and_then(|()| began()));
        began.context("the recording does not begin")?;
        recorder = Some(process);
    }
    let counts = crowd(load, setting, daemon.address())?;
    if let Some(mut process) = recorder {
        process.signal(Signal::INT)?;
        ensure!(process.wait()?.success(), "the recording failed: {:?}", process.printed()?);
    }
    Ok(counts)
}

/// All readers, each in a thread of its own.
fn crowd(load: &Load, setting: Setting, daemon: SocketAddr) -> Result<Option<Counts>> {
    let wiki = Wiki {
        newest: AtomicU32::new(1),
        cached: AtomicU32::new(0),
        counts: Mutex::default(),
        late: AtomicU32::new(0),
    };
    let begun = Instant::now() + Duration::from_millis(100);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..)
            .zip(&load.arrivals)
            .map(|(number, &at)| {
                let wiki = &wiki;
                scope.spawn(move || {
                    wiki.sleep_until(begun + at);
                    Reader { load, setting, number, wiki }.come(daemon)
                })
            })
            .collect();
        for &edit in load.edits {
            wiki.sleep_until(begun + Duration::from_millis(edit));
            wiki.newest.fetch_add(1, Ordering::SeqCst);
        }
        readers.into_iter().try_for_each(|reader| reader.join().map_err(|_| anyhow::anyhow!("a reader panicked"))?)
    })?;
    let counts = *wiki.counts.lock().map_err(|_| anyhow::anyhow!("a reader panicked"))?;
    Ok((wiki.late.load(Ordering::SeqCst) == 0).then_some(counts))
}

/// The wiki's one page.
struct Wiki {
    newest: AtomicU32,
    /// The newest revision that the cache has; 0: none.
    cached: AtomicU32,
    counts: Mutex<Counts>,
    late: AtomicU32,
}

impl Wiki {
    fn sleep_until(&self, moment: Instant) {
        sleep(moment.saturating_duration_since(Instant::now()));
        if moment.elapsed() > LATE {
            self.late.fetch_add(1, Ordering::SeqCst);
        }
    }
}

struct Reader<'a> {
    load: &'a Load,
    setting: Setting,
    number: u64,
    wiki: &'a Wiki,
}

impl Reader<'_> {
    fn come(&self, daemon: SocketAddr) -> Result<()> {
        let wanted = self.wiki.newest.load(Ordering::SeqCst);
        let cached = || self.wiki.cached.load(Ordering::SeqCst);
        let for_anyone = self.load.mode == Mode::ForAnyone;
        if for_anyone && cached() >= wanted {
            return Ok(());
        }
        let mut client = Client::connect(daemon)?;
        if self.setting.fast_stale {
            match &*client.ask(&self.line(wanted, 0))? {
                "TIMEOUT\n" if cached() == 0 => {}
                "TIMEOUT\n" => return self.count(4),
                answer => return self.told(client, answer, wanted),
            }
        }
        let answer = client.ask(&self.line(wanted, self.setting.limits.timeout))?;
        self.told(client, &answer, wanted)
    }

    fn line(&self, wanted: u32, timeout: u32) -> String {
        let Limits { workers, maxqueue, .. } = self.setting.limits;
        let key = self.load.key;
        match self.load.mode {
            Mode::ForAnyone => format!("ACQ4ANY {key}:revid:{wanted} {workers} {maxqueue} {timeout}\n"),
            Mode::ForMe => format!("ACQ4ME {key} {workers} {maxqueue} {timeout}\n"),
        }
    }

    fn told(&self, mut client: Client, answer: &str, wanted: u32) -> Result<()> {
        match answer {
            "LOCKED\n" => {
                // From 0.8 to 1.0 s, and a third of this for me.
                let millis = 800 + self.number * 37 % 200;
                let millis = if self.load.mode == Mode::ForMe { millis / 3 } else { millis };
                self.wiki.sleep_until(Instant::now() + Duration::from_millis(millis));
                self.wiki.cached.fetch_max(wanted, Ordering::SeqCst);
                ensure!(client.ask("RELEASE\n")? == "RELEASED\n", "the lock is lost");
                self.count(0)
            }
            "DONE\n" => self.count(1),
            "QUEUE_FULL\n" => self.fall_back(2, wanted),
            "TIMEOUT\n" => self.fall_back(3, wanted),
            other => bail!("the daemon said {other:?}"),
        }
    }

    /// Without a lock and without a result.
    fn fall_back(&self, place: usize, wanted: u32) -> Result<()> {
        let has_old =
            self.load.mode == Mode::ForAnyone && (1..wanted).contains(&self.wiki.cached.load(Ordering::SeqCst));
        if has_old {
            self.count(4)?;
        }
        self.count(place)
    }

    fn count(&self, place: usize) -> Result<()> {
        let counts = self.wiki.counts.lock();
        counts.map_err(|_| anyhow::anyhow!("a reader panicked"))?[place] += 1;
        Ok(())
    }
}
