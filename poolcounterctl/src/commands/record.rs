use crate::admin::{AdminAddress, AdminOptions, AskError, End, encoded, get, stream};
use crate::failure::{Exit, Failure, reason};
use crate::output::{age, complain, print, print_json, size};
use poolcounter::recording::{Tally, Totals, whole_blocks};
use poolcounter_sim::progress::Progress;
use serde_json::json;
use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};

/// Only a stream that lasted for this time is begun again when it breaks. So a server that ends each stream at once is not asked in a loop.
const LIVED: Duration = Duration::from_secs(1);

/// How many bytes of the file are read at a time.
const PIECE: u64 = 1 << 20;

/// How often the progress is shown on a terminal.
const PROGRESS: Duration = Duration::from_secs(1);

/// A server sends calls about 100 ms after they have come. Those from before the signal are waited for.
const LATEST: Duration = Duration::from_millis(500);

/// Record every call into a server's lock table, until SIGINT or SIGTERM
///
/// `poolcounter-sim verify` plays the file on the lock table and compares the answers. With `--last` the file has the calls that the server keeps in memory (`poolcounterd --record-buffer`). Keys may contain addresses of users, so only the owner may read the file. After an upgrade of the server, the recording goes on in
/// the same file.
#[derive(Debug, clap::Args)]
#[command(mut_arg("servers", |arg| arg.help("The admin socket of one server, unix:/PATH or ADDRESS:PORT")))]
pub(crate) struct Options {
    /// The file, which must not exist yet
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// End after this many seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: Option<u64>,
    /// Write the calls of the last SECONDS seconds, and end
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400), conflicts_with_all = ["seconds", "groups"])]
    last: Option<u64>,
    /// Record only keys of these groups
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    groups: Vec<String>,
    /// Replace keys by numbers; over TCP this is always done
    #[arg(long)]
    anonymous: bool,
    #[command(flatten)]
    admin: AdminOptions,
}

pub(crate) async fn run(options: &Options) -> Result<Exit, Failure> {
    let Options { output, seconds, anonymous, admin, .. } = options;
    let [server] = &admin.servers[..] else {
        return Err(Failure::usage("a file has the recording of one server: name one server"));
    };
    let cannot = |error: &io::Error| Failure::new(Exit::Failed, format!("{}: {}", output.display(), reason(error)));
    let file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(output).map_err(|error| cannot(&error))?;
    if !server.is_unix() && !anonymous {
        complain("over TCP keys are replaced by numbers");
    } else if !anonymous {
        complain(format!(
            "{} gets the keys, which may contain addresses of users; --anonymous replaces them by numbers",
            output.display()
        ));
    }
    let tape = RefCell::new(Tape { file, rest: Vec::new(), bytes: 0, failure: None });
    let begun = Instant::now();
    let end = seconds.map(|seconds| begun + Duration::from_secs(seconds));
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut told_to_end = async || {
        tokio::select! {
            _ = interrupt.recv() => {},
            _ = terminate.recv() => {},
        }
    };
    let recorded = async {
        let mut recording = pin!(begin(server, options, end, &tape));
        tokio::select! {
            ended = &mut recording => return ended,
            () = told_to_end() => {},
            () = show_progress(&tape, begun) => {},
        }
        tokio::select! {
            ended = timeout(LATEST, recording) => ended.unwrap_or(Ok(())),
            () = told_to_end() => Ok(()),
        }
    };
    let ended = recorded.await;
    let Tape { file, bytes, failure, .. } = tape.into_inner();
    if bytes == 0 {
        // It has nothing in it.
        let _ = std::fs::remove_file(output);
    }
    if let Some(error) = failure {
        return Err(cannot(&error));
    }
    // How long the answer to `--last` took says nothing of the calls.
    let sum_up = || sum_up(output, options.last.is_none().then(|| begun.elapsed()), admin.json);
    if let Err(error) = ended {
        complain(&error);
        if bytes > 0 {
            sum_up()?;
        }
        return Ok(error.exit());
    }
    if bytes == 0 {
        return Err(Failure::new(Exit::Failed, "nothing was recorded: the server had not answered yet"));
    }
    file.sync_all().map_err(|error| cannot(&error))?;
    sum_up()?;
    Ok(Exit::Done)
}

/// Records, after a look at the names of the groups.
async fn begin(
    server: &AdminAddress,
    options: &Options,
    end: Option<Instant>,
    tape: &RefCell<Tape>,
) -> Result<(), AskError> {
    if !options.groups.is_empty() {
        warn_of_unknown(server, options).await?;
    }
    record(server, options, end, tape).await
}

/// A group of slots exists only when its first key has come, so an unknown name is no error.
async fn warn_of_unknown(server: &AdminAddress, options: &Options) -> Result<(), AskError> {
    let answer = get(server, "/v1/groups", options.admin.within()).await?;
    let names = answer["groups"].as_array().into_iter().flatten().filter_map(|group| group["name"].as_str());
    let known: Vec<&str> = names.collect();
    for name in options.groups.iter().filter(|name| !known.contains(&name.as_str())) {
        let known = known.join(", ");
        complain(format!(
            "{server} has no group {name} yet, and records nothing of it until there is one; its groups are {known}"
        ));
    }
    Ok(())
}

/// Writes what the server records, until the time has passed. A stream that breaks is begun again, if it lasted for `LIVED`.
async fn record(
    server: &AdminAddress,
    options: &Options,
    end: Option<Instant>,
    tape: &RefCell<Tape>,
) -> Result<(), AskError> {
    loop {
        let begun = Instant::now();
        let path = path(options, end.map(|end| end.saturating_duration_since(begun)));
        let error = match stream(server, &path, options.admin.within(), |bytes| tape.borrow_mut().take(bytes)).await {
            Ok(End::Enough) => return Ok(()),
            Ok(End::Complete) if options.last.is_some() || end.is_some_and(|end| Instant::now() >= end) => {
                return Ok(());
            }
            Ok(End::Complete) => {
                AskError::NoAnswer { server: server.clone(), cause: "it ended the recording".to_owned() }
            }
            Ok(End::Broken(why)) => why,
            Err(why) => return Err(why),
        };
        // After an incomplete block the rest of the file could not be read.
        tape.borrow_mut().rest.clear();
        // The second answer to `--last` would begin with the same calls.
        if options.last.is_some() || begun.elapsed() < LIVED {
            return Err(error);
        }
        complain(format!("{error}; calls are missing until it is connected again"));
    }
}

fn path(options: &Options, time: Option<Duration>) -> String {
    let mut query = vec![format!("anonymous={}", u8::from(options.anonymous))];
    if !options.groups.is_empty() {
        query.push(format!("groups={}", encoded(&options.groups.join(","))));
    }
    query.extend(options.last.map(|last| format!("last={last}")));
    query.extend(time.map(|time| format!("seconds={}", time.as_millis().div_ceil(1000).max(1))));
    format!("/v1/recording?{}", query.join("&"))
}

/// The file, and the bytes of a block that is not complete yet.
struct Tape {
    file: File,
    rest: Vec<u8>,
    bytes: u64,
    failure: Option<io::Error>,
}

impl Tape {
    /// Returns whether it was written.
    fn take(&mut self, bytes: &[u8]) -> bool {
        self.rest.extend_from_slice(bytes);
        let whole = whole_blocks(&self.rest);
        match self.file.write_all(&self.rest[..whole]) {
            Ok(()) => {
                self.bytes += whole as u64;
                self.rest.drain(..whole);
                true
            }
            Err(error) => {
                self.failure = Some(error);
                false
            }
        }
    }
}

/// Never ends.
async fn show_progress(tape: &RefCell<Tape>, begun: Instant) {
    let mut progress = Progress::begin();
    loop {
        sleep(PROGRESS).await;
        progress.say(|| format!("{}, {}", age(begun.elapsed().as_secs_f64()), size(tape.borrow().bytes)));
    }
}

/// Prints the numbers of calls and segments in the file, and how long it was recorded; if this is not known, the time from its first moment to its last call.
fn sum_up(output: &Path, time: Option<Duration>, as_json: bool) -> Result<(), Failure> {
    let cannot = |error: &dyn std::fmt::Display| Failure::new(Exit::Failed, format!("{}: {error}", output.display()));
    let mut file = File::open(output).map_err(|error| cannot(&reason(&error)))?;
    let bytes = file.metadata().map_err(|error| cannot(&reason(&error)))?.len();
    // A day's file may be larger than the memory.
    let (mut tally, mut rest) = (Tally::default(), Vec::new());
    while (&mut file).take(PIECE).read_to_end(&mut rest).map_err(|error| cannot(&reason(&error)))? > 0 {
        let read = tally.add(&rest).map_err(|error| cannot(&error))?;
        rest.drain(..read);
    }
    let totals = tally.totals().map_err(|error| cannot(&error))?;
    let Totals { calls, told, left_out, segments, micros, .. } = totals;
    let time = time.unwrap_or(Duration::from_micros(micros));
    let file = output.display().to_string();
    if as_json {
        return print_json(&json!({
            "file": file, "seconds": time.as_secs_f64(), "bytes": bytes, "calls": calls, "messages": told,
            "left_out": left_out, "segments": segments,
        }));
    }
    let time = age(time.as_secs_f64());
    print(&format!("{file}: {time}, {}, {calls} calls, {left_out} left out\n", size(bytes)))
}
