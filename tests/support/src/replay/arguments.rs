//! The command line of `replay` and `outages`.

use std::ffi::OsString;

use anyhow::{Context, Result, bail, ensure};

/// The chosen stories, and the player.
#[derive(Debug, Default)]
pub struct Arguments {
    lacks: Vec<String>,
    only: Vec<String>,
    /// Runs the player.
    pub command: Vec<OsString>,
}

impl Arguments {
    /// Reads `[--lacks ABILITY]... [--only STORY]... COMMAND...`.
    pub fn read(mut words: impl Iterator<Item = OsString>, abilities: &[&str]) -> Result<Self> {
        let mut arguments = Self::default();
        let command = loop {
            let word = words.next().context("no command")?;
            let list = match word.to_str() {
                Some("--lacks") => &mut arguments.lacks,
                Some("--only") => &mut arguments.only,
                Some(option) if option.starts_with('-') => bail!("no such option: {option}"),
                _ => break word,
            };
            let value = words.next().context("an option without its value")?;
            list.push(value.to_string_lossy().into_owned());
        };
        let unknown = arguments.lacks.iter().find(|lacks| !abilities.contains(&lacks.as_str()));
        ensure!(unknown.is_none(), "no such ability: it is one of {}", abilities.join(", "));
        arguments.command = std::iter::once(command).chain(words).collect();
        Ok(arguments)
    }

    /// Whether to run a story; prints a line if the player lacks an ability.
    #[must_use]
    pub fn wants(&self, name: &str, needs: &[String]) -> bool {
        if !self.only.is_empty() && !self.only.iter().any(|only| only == name) {
            return false;
        }
        let lacking = self.lacks.iter().find(|lacks| needs.contains(lacks));
        if let Some(lacking) = lacking {
            println!("skipped {name}: the player lacks {lacking}");
        }
        lacking.is_none()
    }
}
