//! Network stories: how a client of a real daemon must react to faults of the network, a server or a resolver. `network-stories/README.md` describes them.
//!
//! Each story runs with each client in a cell, which has its own network, mount and process namespaces. A cell executes the program that made it again, so
//! that program's `main` begins with [`run_cell_if_asked`].
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
mod concurrent_player;
mod host;
mod link;
mod packet;
mod parse;
mod perform;
mod resolver;
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

/// How many stories run at a time: a story mostly waits.
pub const AT_A_TIME: usize = 32;

/// Abilities that not every client has, in addition to those of the client stories.
pub const ABILITIES: [&str; 4] = ["concurrent_clients", "concurrent_calls", "lookups_aside", "lookups_bounded"];

/// A story: what happens to a client, and what it must report.
#[derive(Debug, Default)]
pub struct Story {
    /// The name of its file, without the ending.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// The abilities that the client needs, of [`ABILITIES`] and of those of the client stories.
    pub needs: Vec<String>,
    /// The servers of the client, with their names in the story.
    servers: Vec<String>,
    /// Settings that differ from the usual ones, and their values.
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
    /// The call with this label has no answer yet.
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
    /// How often the name server was asked for a name.
    Asked(String, Times),
    /// How many commands with this beginning were sent to a server.
    Sent(Number, String, Times, Bounds),
    /// No bytes were sent to a server, and no connection to it was attempted.
    SentNothing(Number),
    Work(Work),
}

/// The player is given a line.
#[derive(Debug, PartialEq, Eq)]
struct Question {
    client: u32,
    line: String,
    /// The raw key, if the call acquires a lock.
    key: Option<String>,
    /// The name of the call, if it runs at the same time as others.
    label: Option<String>,
    /// The call is repeated until the right answer comes.
    insistent: bool,
}

/// The expected answer of the player.
#[derive(Debug, PartialEq, Eq)]
struct Expected {
    label: Option<String>,
    text: String,
    /// The server at which the lock must then be held.
    by: Option<Number>,
    bounds: Bounds,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bounds {
    at_least: Option<Duration>,
    /// Twice the time in the story, unless that is a hard limit.
    at_most: Option<Duration>,
}

/// Another client, with a plain socket. A witness does not use the failing network, a stranger does.
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

/// A change of a host or its daemon.
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

/// Requests by several processes at the same time. Each request acquires its own lock.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Work {
    requests: u32,
    processes: u32,
    timeout: u32,
    /// A request first sends an acquire with timeout 0.
    fast_stale: bool,
    at_most: Duration,
}

impl Story {
    /// About how long it takes without a fault.
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

/// Every story for clients, the longest first, so that no long one is left at the end.
pub fn stories() -> Result<Vec<Story>> {
    stories_in("network-stories")
}

/// Every story of a daemon and clients that are not ours, in the same order.
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
