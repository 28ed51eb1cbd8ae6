//! The clients that are connected during an upgrade.

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use crate::plan::Goal;
use crate::report::thousands;

/// The numbers of connections, in addition to the clients that work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scene {
    pub(crate) waiting: usize,
    pub(crate) idle: usize,
}

impl Scene {
    pub(crate) const ALL: [Scene; 3] = [
        Scene { waiting: 1_000, idle: 0 },
        Scene { waiting: 10_000, idle: 0 },
        // The most that a process can have if the system allows 20,000 descriptors.
        Scene { waiting: 10_000, idle: 9_000 },
    ];

    /// All of its connections.
    pub(crate) fn connections(self) -> usize {
        self.waiting + self.idle
    }

    /// What the 99th percentile of the commands has to reach, in milliseconds.
    pub(crate) fn goal(self) -> Option<Goal> {
        (self == Scene { waiting: 10_000, idle: 0 }).then_some(Goal::Below(100.0))
    }
}

impl fmt::Display for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [connections, waiting] = [self.connections(), self.waiting].map(|count| thousands(&count.to_string()));
        write!(f, "{connections:>6} connections, {waiting:>6} wait")
    }
}

impl FromStr for Scene {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Scene> {
        let (waiting, idle) = text.split_once('+').unwrap_or((text, "0"));
        let scene = Scene { waiting: waiting.parse()?, idle: idle.parse()? };
        if scene.waiting == 0 {
            bail!("`{text}`: at least one connection waits");
        }
        Ok(scene)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scene_is_its_waiters_and_its_idle() {
        assert_eq!("10000+9000".parse::<Scene>().unwrap(), Scene::ALL[2]);
        assert_eq!("7".parse::<Scene>().unwrap(), Scene { waiting: 7, idle: 0 });
        for wrong in ["", "+1", "1+", "0", "0+5", "1+2+3", "x"] {
            assert!(wrong.parse::<Scene>().is_err(), "{wrong}");
        }
    }
}
