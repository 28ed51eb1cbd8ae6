//! Network stories: what a client of a real daemon must make of a network, a server or a resolver that fails. `network-stories/README.md` describes them.
//!
//! Each story is told to each client in a cell: network, mounts and processes of its own. A cell runs the program that made it once more, so that
//! program's `main` begins with [`run_cell_if_asked`].
//!
//! ```no_run
//! use poolcounter_test_support::outage::{run_cell_if_asked, stories, tell};
//!
//! # fn main() -> anyhow::Result<()> {
//! run_cell_if_asked();
//! for story in stories()? {
//!     tell(&story, &["python3".into(), "player.py".into()])?;
//! }
//! # Ok(())
//! # }
//! ```

mod cell;
mod host;
mod link;
mod packet;
mod parse;
mod perform;
mod resolver;
mod troupe;
mod work;

use std::cmp::Reverse;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use std::{fs, io};

use anyhow::{Context, Result};

pub use cell::{missing, must_run, run_cell_if_asked, tell};

use crate::daemon::PORT;
use crate::scratch::workspace;
use resolver::Manner;

/// How many stories are told at a time: most of a story is waiting.
pub const AT_A_TIME: usize = 32;

/// What a client may do that not every client can, beside the abilities of the client-side stories.
pub const ABILITIES: [&str; 4] = ["concurrent_clients", "concurrent_calls", "lookups_aside", "lookups_bounded"];

/// What a client meets, and what it must report.
#[derive(Debug, Default)]
pub struct Story {
    /// The name of its file, without the ending.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// What the client must be able to do, of these [`ABILITIES`] and those of the client-side stories.
    pub needs: Vec<String>,
    /// The servers as the client is given them, by the names of the story.
    servers: Vec<String>,
    /// Settings and their values, where they are not the usual ones.
    values: Vec<(String, String)>,
    scenes: Vec<Scene>,
}

#[derive(Debug)]
struct Scene {
    /// As it stands in the file.
    text: String,
    step: Step,
}

/// A host, by its number.
type Number = u8;

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Ask(Question),
    Answer(Expected),
    /// A call, by its label, is not answered yet.
    Waits(Option<String>),
    Wait(Duration),
    /// By name.
    Witness(String, Deed),
    /// Whether a key is held at a server.
    Held(String, Number, bool, Bounds),
    /// Whether the client has a connection to a server.
    Connected(Number, bool, Bounds),
    Lose(Number, Way, Kind, Amount),
    Delay(Number, Way, Duration),
    Host(Number, Fate),
    Resolver(Manner),
    Name(String, Vec<Number>),
    CountAnew,
    /// How often a name was asked for.
    Asked(String, Times),
    /// How often a server was sent commands that begin so.
    Sent(Number, String, Times, Bounds),
    /// A server was neither sent anything nor asked for a connection.
    SentNothing(Number),
    Work(Work),
}

/// The player is given a line.
#[derive(Debug, PartialEq, Eq)]
struct Question {
    client: u32,
    line: String,
    /// The raw key, if it is a question for a lock.
    key: Option<String>,
    /// It runs beside others, by this name.
    label: Option<String>,
    /// It is repeated until the right answer comes.
    insistent: bool,
}

/// What the player must say.
#[derive(Debug, PartialEq, Eq)]
struct Expected {
    label: Option<String>,
    text: String,
    /// The server where the lock must be held then.
    by: Option<Number>,
    bounds: Bounds,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bounds {
    at_least: Option<Duration>,
    /// Twice what the story says, unless that is final.
    at_most: Option<Duration>,
}

/// Somebody else, with a plain socket. A witness's connection is not through the network that fails, a stranger's is.
#[derive(Debug, PartialEq, Eq)]
enum Deed {
    Hold(String, SocketAddr),
    WaitFor(String, SocketAddr),
    Connect(SocketAddr),
    Release,
    Leave,
    Hear(String, Bounds),
    HearNothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    To,
    From,
    Both,
}

impl Way {
    fn includes(self, to_server: bool) -> bool {
        self == Self::Both || (self == Self::To) == to_server
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Packet,
    /// Of TCP's keepalive.
    Probe,
    Syn,
    /// With a payload.
    Data,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Amount {
    Count(u32),
    For(Duration),
}

/// What becomes of a host or its daemon.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Vanish,
    SwallowConnections,
    ComeBack,
    Freeze,
    Thaw,
    Die,
    Start(Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Times {
    count: usize,
    or_fewer: bool,
}

impl Times {
    fn fits(self, count: usize) -> bool {
        if self.or_fewer { count <= self.count } else { count == self.count }
    }
}

/// Requests by processes at the same time, each request for a lock of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Work {
    requests: u32,
    processes: u32,
    timeout: u32,
    /// A request asks with timeout 0 first.
    fast_stale: bool,
    at_most: Duration,
}

impl Story {
    /// About how long it takes if all is well.
    fn length(&self) -> Duration {
        let times = self.scenes.iter().map(|scene| match &scene.step {
            Step::Wait(time) => *time,
            Step::Work(work) => work.at_most,
            // The bound is twice that.
            Step::Connected(_, _, bounds) | Step::Witness(_, Deed::Hear(_, bounds)) => {
                bounds.at_most.unwrap_or_default() / 2
            }
            Step::Answer(expected) if expected.text == "fails" => expected.bounds.at_most.unwrap_or_default() / 2,
            _ => Duration::ZERO,
        });
        times.sum()
    }
}

/// Every story that is told to clients, the longest first, so that no long one is left when all others have been told.
pub fn stories() -> Result<Vec<Story>> {
    stories_in("network-stories")
}

/// Every story of a daemon and clients that others have made, likewise.
pub fn daemon_stories() -> Result<Vec<Story>> {
    stories_in("network-stories/of-the-daemon")
}

fn stories_in(folder: &str) -> Result<Vec<Story>> {
    let folder = workspace().join("tests").join(folder);
    let files = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files = files.map(|file| file.map(|file| file.path())).collect::<io::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    let stories = files.iter().map(|file| read(file).with_context(|| format!("{}", file.display())));
    let mut stories = stories.collect::<Result<Vec<_>>>()?;
    stories.sort_by_key(|story| Reverse(story.length()));
    Ok(stories)
}

fn read(file: &Path) -> Result<Story> {
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    Story::parse(&name, &fs::read_to_string(file)?)
}
