//! Runs a case in real time.

use crate::cases::Case;
use crate::count::Counts;
use crate::reader::{self, Wiki};
use anyhow::{Context, Result, bail};
use poolcounter_sim::traffic::{self, Arrival, Arrivals, Edits, Parse};
use poolcounter_test_support::{Daemon, Deadline, PATIENCE, Process, Scratch};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// How long a reader may take for its answer.
const LONG: Duration = Duration::from_mins(2);

enum Event {
    Edit,
    Arrival(Arrival),
}

/// The counts; `None` if the machine was too busy for valid counts.
pub(crate) fn play(case: &Case) -> Result<Option<Counts>> {
    let daemon = Daemon::ours::<&str>(&[])?;
    let folder = Scratch::new()?;
    let wiki = Wiki(folder.file(""));
    wiki.set("newest", 1)?;
    wiki.set("cached", u64::from(case.scenario.hot_cached))?;
    let (processes, mut readers) = readers(case, &daemon, &wiki)?;
    tell(case, &wiki, &mut readers)?;
    let counts = listen(case, readers);
    drop(processes);
    counts
}

/// A process for each request, ready to begin.
fn readers(case: &Case, daemon: &Daemon, wiki: &Wiki) -> Result<(Vec<Process>, Vec<TcpStream>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let player = listener.local_addr()?.to_string();
    let start = |arrival: Arrival| {
        let mut command = std::process::Command::new(std::env::current_exe()?);
        command.args([reader::WORD, &arrival.number.to_string(), &player, &daemon.address().to_string()]);
        command.arg(&wiki.0).arg(case.setting.to_string());
        Process::spawn(&mut command)
    };
    let processes = Arrivals::new(&case.scenario).map(start).collect::<Result<Vec<_>>>()?;
    let mut readers: Vec<Option<TcpStream>> = processes.iter().map(|_| None).collect();
    for _ in &processes {
        let accepted = Deadline::after(PATIENCE).poll(|| match listener.accept() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            accepted => Some(accepted),
        });
        let (mut reader, _) = accepted.context("a reader does not come")??;
        reader.set_nonblocking(false)?;
        reader.set_nodelay(true)?;
        reader.set_read_timeout(Some(LONG))?;
        let mut number = [0; 4];
        reader.read_exact(&mut number)?;
        readers[usize::try_from(u32::from_be_bytes(number))?] = Some(reader);
    }
    let readers = readers.into_iter().collect::<Option<Vec<_>>>().context("two readers have one number")?;
    Ok((processes, readers))
}

/// Tells each reader to begin at its moment, and edits the page in between.
fn tell(case: &Case, wiki: &Wiki, readers: &mut [TcpStream]) -> Result<()> {
    let edits = Edits::new(&case.scenario).map(|edit| (edit.at, Event::Edit));
    let arrivals = Arrivals::new(&case.scenario).map(|arrival| (arrival.at, Event::Arrival(arrival)));
    let mut events: Vec<(u64, Event)> = edits.chain(arrivals).collect();
    events.sort_by_key(|(at, _)| *at);
    let begun = Instant::now();
    for (at, event) in events {
        std::thread::sleep(Duration::from_micros(at).saturating_sub(begun.elapsed()));
        match event {
            Event::Edit => wiki.set("newest", wiki.get("newest")? + 1)?,
            Event::Arrival(Arrival { number, page, .. }) => {
                let Parse { cpu, crashes } = traffic::parse(&case.scenario, number, page);
                let reader = usize::try_from(number)?;
                // One write: the reader waits for the end of the line.
                readers[reader].write_all(format!("{cpu:.0} {crashes}\n").as_bytes())?;
            }
        }
    }
    Ok(())
}

/// The outcome of each reader.
fn listen(case: &Case, readers: Vec<TcpStream>) -> Result<Option<Counts>> {
    let mut counts = Counts::default();
    let mut slowest = Duration::ZERO;
    for reader in readers {
        let lines = BufReader::new(reader).lines().collect::<std::io::Result<Vec<_>>>()?;
        match &lines[..] {
            [] => counts.crashed += 1,
            [answer] => counts.add(answer).with_context(|| format!("a reader said {answer:?}"))?,
            [parsed, answer] => {
                let micros = parsed.strip_prefix("parsed ").context("a reader says two things")?;
                slowest = slowest.max(Duration::from_micros(micros.parse()?));
                counts.parses += 1;
                counts.add(answer).with_context(|| format!("a reader said {answer:?}"))?;
            }
            more => bail!("a reader said {more:?}"),
        }
    }
    Ok((slowest <= Duration::from_secs_f64(case.slowest_parse)).then_some(counts))
}
