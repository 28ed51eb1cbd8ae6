//! Steps and events as lines of a transcript.

use std::fmt;
use std::time::Duration;

use super::bytes::escaped;
use super::{Event, Step, Story};

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(name) => write!(f, "{name} connects"),
            Self::Send(name, bytes) => write!(f, "{name} -> {}", escaped(bytes)),
            Self::ShutDown(name) => write!(f, "{name} shuts down sending"),
            Self::Close(name) => write!(f, "{name} closes"),
            Self::Reset(name) => write!(f, "{name} resets"),
            Self::Wait(time) => write!(f, "wait {}", seconds(*time)),
            Self::Clock(time) => write!(f, "clock +{}", seconds(*time)),
            Self::Freeze => write!(f, "daemon stops"),
            Self::Thaw => write!(f, "daemon goes on"),
        }
    }
}

/// One line for the end of a stream, and one for each line that was received.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, bytes) = match self {
            Self::End(name) => return writeln!(f, "{name} <- end of stream"),
            Self::Bytes(name, bytes) => (name, bytes),
        };
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            writeln!(f, "{name} <- {}", escaped(line))?;
        }
        Ok(())
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for scene in &self.scenes {
            writeln!(f, "{}", scene.step)?;
            scene.events.iter().try_for_each(|event| write!(f, "{event}"))?;
        }
        Ok(())
    }
}

fn seconds(time: Duration) -> String {
    format!("{}s", time.as_secs_f64())
}
