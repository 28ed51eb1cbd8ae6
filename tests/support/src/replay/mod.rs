//! Client stories, and the player that each client of the project has for them. `client-stories/README.md` describes both.
//!
//! ```no_run
//! use poolcounter_test_support::replay::{Player, perform, stories};
//!
//! # fn main() -> anyhow::Result<()> {
//! let mut player = Player::start(&["python3".into(), "player.py".into()])?;
//! for story in stories()? {
//!     perform(&story, &mut player)?;
//! }
//! player.end()?;
//! # Ok(())
//! # }
//! ```

mod arguments;
mod line;
mod parse;
mod perform;
mod player;
mod server;

use std::path::Path;
use std::{fs, io};

use anyhow::{Context, Result};

use crate::scratch::workspace;

pub use arguments::Arguments;
pub(crate) use line::{call, hex};
pub(crate) use perform::new_line;
pub use perform::perform;
pub use player::Player;

/// Abilities that not every client has.
pub const ABILITIES: [&str; 8] = [
    "own_connections",
    "shared_connections",
    "bare_release",
    "ring",
    "await_release",
    "connect_timeout_ms",
    "answer_timeout_ms",
    "pass_over_ms",
];

/// A story: what a client is asked to do, what it sends, what the servers answer, and what it must report.
#[derive(Debug, Default)]
pub struct Story {
    /// The name of its file, without the ending.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// The abilities that the client needs, of [`ABILITIES`].
    pub needs: Vec<String>,
    setting: Setting,
    scenes: Vec<Scene>,
}

/// The client's configuration.
#[derive(Debug, Default)]
struct Setting {
    /// The names of the client's servers.
    servers: Vec<String>,
    /// A raw key, and the order in which the client tries the servers for it.
    order: Option<(Vec<u8>, Vec<String>)>,
    /// A label and a weight for each server.
    ring: Vec<(String, String)>,
    /// Settings that differ from the usual ones, and their values.
    values: Vec<(String, String)>,
}

#[derive(Debug)]
struct Scene {
    /// As it stands in the file.
    text: String,
    step: Step,
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// This line is sent to the player.
    Ask(String),
    /// The player answers this; the name of a server stands for its address.
    Answer(String),
    /// A server accepts a connection, which gets a name.
    Accept(String, String),
    /// Exactly these bytes come next.
    Receive(String, Vec<u8>),
    Send(String, Vec<u8>),
    /// The server's side closes.
    Close(String),
    Reset(String),
    /// The client has closed.
    Closed(String),
    Stop(String),
    Listen(String),
    Fill(String),
    /// Nothing happens for a tenth of a second.
    Quiet,
}

/// Every story in `client-stories/`, by name.
pub fn stories() -> Result<Vec<Story>> {
    let folder = workspace().join("tests/client-stories");
    let files = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files = files.map(|file| file.map(|file| file.path())).collect::<io::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    files.iter().map(|file| read(file).with_context(|| format!("{}", file.display()))).collect()
}

fn read(file: &Path) -> Result<Story> {
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    Story::parse(&name, &fs::read_to_string(file)?)
}
