//! What is measured, and the goals that stand beside it.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::slow_link;
use crate::plan::Goal;

/// How long the slow link takes.
pub(crate) const ONE_WAY: Duration = Duration::from_millis(1);

/// Pairs of slices in a round.
pub(crate) const PAIRS: usize = 4;

/// Who is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clients {
    /// A client in PHP that keeps its connection, and the extension.
    Kept,
    /// A client in PHP that does what MediaWiki's does, and the extension.
    Alone,
    /// Two pool counters in one MediaWiki.
    MediaWiki,
}

/// What lies between PHP and the daemon.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    Loopback,
    Unix,
    Slow,
}

/// One load.
#[derive(Clone, Copy)]
pub(crate) struct Scene {
    pub(crate) clients: Clients,
    pub(crate) link: Link,
    /// Whether there is a pause between sections.
    apart: bool,
}

impl Scene {
    pub(crate) fn all() -> Vec<Scene> {
        let mut scenes = Vec::new();
        for clients in [Clients::Kept, Clients::Alone, Clients::MediaWiki] {
            for link in [Link::Loopback, if clients == Clients::Kept { Link::Unix } else { Link::Slow }] {
                scenes.extend([true, false].map(|apart| Scene { clients, link, apart }));
            }
        }
        scenes
    }

    /// Its cells in the tables.
    pub(crate) fn labels(self) -> [String; 3] {
        let clients = match self.clients {
            Clients::Kept => "kept",
            Clients::Alone => "alone",
            Clients::MediaWiki => "1.43",
        };
        let link = match self.link {
            Link::Loopback => "loopback",
            Link::Unix => "unix",
            Link::Slow => "slow",
        };
        [clients, link, if self.apart { "apart" } else { "back-to-back" }].map(str::to_owned)
    }

    /// Where the daemon is to be reached, if this is its Unix socket.
    pub(crate) fn server(self, socket: &Path) -> String {
        match self.link {
            Link::Loopback => "127.0.0.1".to_owned(),
            Link::Unix => format!("unix:{}", socket.display()),
            Link::Slow => slow_link::FAR.to_owned(),
        }
    }

    /// The sections of a slice.
    pub(crate) fn sections(self) -> u32 {
        match self.link {
            Link::Loopback | Link::Unix => 500,
            Link::Slow => 80,
        }
    }

    /// The microseconds before each section.
    pub(crate) fn pause(self) -> u32 {
        match (self.apart, self.link) {
            (false, _) => 0,
            (true, Link::Loopback | Link::Unix) => 300,
            (true, Link::Slow) => 4_000,
        }
    }
}

impl fmt::Display for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [clients, link, sections] = self.labels();
        write!(f, "{clients:5} {link:8} {sections:12}")
    }
}

/// The figures of a slice, in microseconds a section.
#[derive(Clone, Copy, Deserialize)]
pub(crate) struct Figures {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
    /// PHP does not know this one.
    #[serde(default)]
    pub(crate) daemon: f64,
}

/// One figure of a slice.
#[derive(Clone, Copy)]
pub(crate) enum Measure {
    Wall,
    Cpu,
    Daemon,
}

impl Measure {
    /// In the order of the tables.
    pub(crate) const ALL: [Measure; 3] = [Measure::Wall, Measure::Cpu, Measure::Daemon];

    /// The heading of its table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Measure::Wall => "Wall time, µs a section (the median section of each slice)",
            Measure::Cpu => "CPU of PHP, µs a section",
            Measure::Daemon => "CPU of the daemon, µs a section",
        }
    }

    /// Its value in a slice.
    pub(crate) fn of(self, figures: &Figures) -> f64 {
        match self {
            Measure::Wall => figures.wall,
            Measure::Cpu => figures.cpu,
            Measure::Daemon => figures.daemon,
        }
    }

    /// What it has to reach, if anything.
    pub(crate) fn goal(self, scene: Scene) -> Option<Goal> {
        let ratio = match (self, scene.clients, scene.apart, scene.link) {
            (Measure::Wall, Clients::Kept, true, _) => 0.6,
            (Measure::Cpu, Clients::Kept, false, _) => 1.0,
            (_, Clients::Kept, ..) => return None,
            (Measure::Wall, _, true, Link::Slow) => 0.4,
            (Measure::Wall, _, false, Link::Slow) => 0.7,
            (_, _, true, _) => 0.5,
            _ => return None,
        };
        Some(Goal::RatioAtMost(ratio))
    }
}
