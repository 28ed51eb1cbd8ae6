//! Stories and their text. `transcripts/README.md` describes the format.

mod bytes;
mod check;
mod parse;
mod record;
mod write;

use std::time::Duration;

pub(crate) use bytes::{escaped, unescaped};
pub(crate) use check::SoFar;
pub use record::recorded;

/// The name of a client in a story.
pub type Name = String;

/// Something that is done to the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A client connects.
    Connect(Name),
    /// A client sends these bytes in one segment. It connects before if necessary.
    Send(Name, Vec<u8>),
    /// A client ends its stream, and still reads.
    ShutDown(Name),
    /// A client closes its connection.
    Close(Name),
    /// A client resets its connection.
    Reset(Name),
    /// Real time passes.
    Wait(Duration),
    /// Only the clock of the statistics is moved on.
    Clock(Duration),
    /// The daemon is stopped. It will read everything that is sent from now on in one wake-up.
    Freeze,
    /// The daemon continues.
    Thaw,
}

impl Step {
    /// The client that does the step, if a client does it.
    #[must_use]
    pub fn client(&self) -> Option<&Name> {
        match self {
            Self::Connect(name)
            | Self::Send(name, _)
            | Self::ShutDown(name)
            | Self::Close(name)
            | Self::Reset(name) => Some(name),
            Self::Wait(_) | Self::Clock(_) | Self::Freeze | Self::Thaw => None,
        }
    }
}

/// An event that a client receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// These bytes.
    Bytes(Name, Vec<u8>),
    /// The end of the stream.
    End(Name),
}

impl Event {
    /// The client that receives it.
    #[must_use]
    pub fn client(&self) -> &Name {
        match self {
            Self::Bytes(name, _) | Self::End(name) => name,
        }
    }
}

/// A step and the events that clients receive because of it, in the order of sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    /// The line of the file on which the step stands, counted from 1.
    pub line: usize,
    /// The step.
    pub step: Step,
    /// The events.
    pub events: Vec<Event>,
}

/// A whole story.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Story {
    /// Its steps in order.
    pub scenes: Vec<Scene>,
}

impl Story {
    /// A story of these steps, without events.
    #[must_use]
    pub fn of(steps: impl IntoIterator<Item = Step>) -> Self {
        let scene = |(index, step)| Scene { line: index + 1, step, events: Vec::new() };
        Self { scenes: steps.into_iter().enumerate().map(scene).collect() }
    }

    /// Its steps.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.scenes.iter().map(|scene| &scene.step)
    }
}

/// Joins consecutive bytes of one client, because their cuts have no meaning.
#[must_use]
pub fn merged(events: impl IntoIterator<Item = Event>) -> Vec<Event> {
    let mut joined: Vec<Event> = Vec::new();
    for event in events {
        match (joined.last_mut(), event) {
            (Some(Event::Bytes(last, bytes)), Event::Bytes(name, more)) if *last == name => bytes.extend(more),
            (_, event) => joined.push(event),
        }
    }
    joined
}
