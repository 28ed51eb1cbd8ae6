//! What is measured, and the goals that stand beside it.

use std::fmt;

use serde::Deserialize;

use crate::plan::Goal;
use crate::report::Row;

/// Who is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rivals {
    /// The C library and a loop of send and recv.
    C,
    /// The Python package and a client that keeps its connection.
    PythonKeeping,
    /// The Python package and a client that connects each time.
    PythonConnecting,
    /// The npm package and a plain socket.
    Node,
}

/// One load.
#[derive(Clone, Copy)]
pub(crate) struct Scene {
    pub(crate) rivals: Rivals,
    /// Whether there is a pause between sections.
    apart: bool,
}

/// The figures of a slice, in microseconds a section.
#[derive(Clone, Copy, Deserialize)]
pub(crate) struct Figures {
    wall: f64,
    cpu: f64,
}

impl Scene {
    pub(crate) const ALL: [Scene; 8] = [
        Scene { rivals: Rivals::C, apart: false },
        Scene { rivals: Rivals::C, apart: true },
        Scene { rivals: Rivals::PythonKeeping, apart: true },
        Scene { rivals: Rivals::PythonConnecting, apart: true },
        Scene { rivals: Rivals::PythonKeeping, apart: false },
        Scene { rivals: Rivals::PythonConnecting, apart: false },
        Scene { rivals: Rivals::Node, apart: false },
        Scene { rivals: Rivals::Node, apart: true },
    ];

    /// Its cells in the tables.
    pub(crate) fn labels(self) -> [String; 3] {
        let (language, against) = match self.rivals {
            Rivals::C => ("C", "send/recv"),
            Rivals::PythonKeeping => ("Python", "keeping"),
            Rivals::PythonConnecting => ("Python", "connecting"),
            Rivals::Node => ("Node", "socket"),
        };
        [language, against, if self.apart { "apart" } else { "back-to-back" }].map(str::to_owned)
    }

    /// The sections of a slice.
    pub(crate) fn sections(self) -> u32 {
        if self.apart { 500 } else { 2000 }
    }

    /// The microseconds before each section.
    pub(crate) fn pause(self) -> u32 {
        if self.apart { 300 } else { 0 }
    }

    /// A row in each table.
    pub(crate) fn rows(self, pairs: &[(Figures, Figures)], with_goals: bool) -> Vec<Row> {
        let row = |title, figure: fn(&Figures) -> f64, goal: Option<f64>| {
            let figures = pairs.iter().map(|(theirs, ours)| (figure(theirs), figure(ours))).collect();
            let goal = goal.filter(|_| with_goals).map(Goal::RatioAtMost);
            Row::new(title, |_| 1, self.labels().into(), figures, goal)
        };
        let cpu_goal = (self.rivals == Rivals::C).then_some(1.1);
        let wall_goal = match self.rivals {
            Rivals::PythonKeeping if self.apart => Some(0.6),
            Rivals::PythonConnecting if self.apart => Some(0.4),
            // As many sections a second, or a tenth fewer.
            Rivals::Node if !self.apart => Some(1.0 / 0.9),
            _ => None,
        };
        vec![
            row("Wall time, µs a section", |figures| figures.wall, wall_goal),
            row("CPU of the client, µs a section", |figures| figures.cpu, cpu_goal),
        ]
    }
}

impl fmt::Display for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [language, against, sections] = self.labels();
        write!(f, "{language:6} {against:10} {sections:12}")
    }
}
