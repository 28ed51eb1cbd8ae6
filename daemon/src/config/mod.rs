//! The configuration file: the words of the long options, and groups of keys with limits of their own.
//!
//! ```toml
//! max-clients = 20000
//! warn-held = 30
//!
//! [groups.pcache]
//! patterns = ["*:pcache:*"]
//! max-hold = 120
//! ```

mod file;

use crate::command_line::{Options, Refusal};
use crate::groups_file::{self, GroupsFileError};
use crate::system::file::open_regular;
use crate::system::reason::reason;
use file::{Entry, File, Group};
use poolcounter::key::{GroupError, Groups};
use poolcounter::table::{HoldLimits, HoldPolicies};
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The largest file that is read, in bytes. So that a wrong file does not fill the memory.
const LARGEST: u64 = 1024 * 1024;

/// What the command line and the files say together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) options: Options,
    pub(crate) groups: Groups,
    pub(crate) policies: HoldPolicies,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("--config {}: it cannot be read: {}", .0.display(), reason(.1))]
    Read(PathBuf, #[source] io::Error),
    #[error("--config {}: it has more than {LARGEST} bytes", .0.display())]
    Size(PathBuf),
    #[error("--config {}: it is not UTF-8", .0.display())]
    Text(PathBuf),
    #[error("--config {}: line {line}: {reason}", .file.display())]
    Line { file: PathBuf, line: usize, reason: String },
    #[error(transparent)]
    Groups(#[from] GroupsFileError),
    #[error("there is no room for the rules of --groups after those of --config: {0}")]
    Together(GroupError),
}

/// Reads the files that the command line names. What the command line sets itself is not changed by them.
pub(crate) fn read(command_line: &Options) -> Result<Settings, ConfigError> {
    let mut settings = Settings { groups: Groups::none(), ..Settings::of(command_line) };
    if let Some(file) = &command_line.config {
        let text = read_text(file)?;
        settings.add(&text).map_err(|(place, reason)| {
            let before = text.get(..place.start).unwrap_or_default();
            let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
            ConfigError::Line { file: file.clone(), line, reason }
        })?;
    }
    let rules = groups_file::read(command_line.groups.as_deref())?;
    settings.groups.append(&rules).map_err(ConfigError::Together)?;
    Ok(settings)
}

fn read_text(file: &Path) -> Result<String, ConfigError> {
    let failed = |error| ConfigError::Read(file.to_owned(), error);
    let mut bytes = Vec::new();
    open_regular(file).and_then(|opened| opened.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(ConfigError::Size(file.to_owned()));
    }
    String::from_utf8(bytes).map_err(|_| ConfigError::Text(file.to_owned()))
}

/// A place in the text, and what is wrong there.
type Fault = (Range<usize>, String);

impl Settings {
    /// The settings of a command line that names no file.
    pub(crate) fn of(command_line: &Options) -> Self {
        let policies = HoldPolicies { usual: command_line.hold_limits, by_group: Vec::new() };
        Self { options: command_line.clone(), groups: Groups::default(), policies }
    }

    fn add(&mut self, text: &str) -> Result<(), Fault> {
        let file: File = toml::from_str(text)
            .map_err(|error| (error.span().unwrap_or_default(), error.message().replace('\n', ", ")))?;
        for Entry { word, place, values } in file.entries() {
            if self.options.given.contains(&word) {
                continue;
            }
            for value in values {
                let refused = |refusal: Refusal| (place.clone(), refusal.text());
                self.options.set(word, value.as_ref()).map_err(refused)?;
            }
        }
        let usual = self.options.hold_limits;
        self.policies.usual = usual;
        for (name, group) in &file.groups.0 {
            let refused = |place, error: GroupError| (place, error.to_string());
            self.groups.named(name.get_ref()).map_err(|error| refused(name.span(), error))?;
            for pattern in &group.patterns {
                let added = self.groups.add(name.get_ref(), pattern.get_ref());
                added.map_err(|error| refused(pattern.span(), error))?;
            }
            if group.warn_held.or(group.max_hold).is_some() {
                self.policies.by_group.push((name.get_ref().as_str().into(), limits(group, usual)));
            }
        }
        Ok(())
    }
}

/// The limits of a group; those that it does not have are the usual ones.
fn limits(group: &Group, usual: HoldLimits) -> HoldLimits {
    let limit = |own: Option<u32>, usual| match own {
        None => usual,
        Some(0) => None,
        Some(seconds) => Some(Duration::from_secs(seconds.into())),
    };
    HoldLimits { warn: limit(group.warn_held, usual.warn), max: limit(group.max_hold, usual.max) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str, given: &[&'static str]) -> Result<Settings, String> {
        let options = Options { given: given.to_vec(), ..Options::default() };
        let mut settings = Settings { options, groups: Groups::none(), policies: HoldPolicies::default() };
        let line = |(place, reason): Fault| format!("{}: {reason}", text[..place.start].matches('\n').count() + 1);
        settings.add(text).map_err(line)?;
        Ok(settings)
    }

    fn good(text: &str) -> Settings {
        settings(text, &[]).expect("good settings")
    }

    #[test]
    fn words_are_those_of_the_options() {
        let Settings { options, .. } = good(
            "listen = [\"10.0.0.1\", \"unix:/a\"]\nunix-mode = \"0600\"\nmax-clients = 9\nidle-timeout = 60\n\
            admin = \"unix:/b\"\nadmin-name = \"a.example\"\nwarn-held = 5\nmax-hold = 7\ndrain-on-stop = 8\nlog-level = \"info\"\n\
            record-buffer = \"64M\"",
        );
        let mut expected = Options::default();
        for (word, value) in [
            ("listen", "10.0.0.1"),
            ("listen", "unix:/a"),
            ("unix-mode", "0600"),
            ("max-clients", "9"),
            ("idle-timeout", "60"),
            ("admin", "unix:/b"),
            ("admin-name", "a.example"),
            ("warn-held", "5"),
            ("max-hold", "7"),
            ("drain-on-stop", "8"),
            ("log-level", "info"),
            ("record-buffer", "64M"),
        ] {
            assert!(expected.set(word, value.as_ref()).is_ok());
        }
        assert_eq!(options, expected);
        assert_eq!(good("").options, Options::default());
    }

    #[test]
    fn the_command_line_wins() {
        let settings = settings("max-clients = 9\nlisten = \"10.0.0.1\"", &["max-clients", "listen"]);
        let options = settings.expect("good settings").options;
        assert_eq!((options.max_clients, options.listen), (usize::MAX, Vec::new()));
    }

    #[test]
    fn groups_have_patterns_and_limits() {
        let mut settings = good(
            "warn-held = 5\n[groups.z]\npatterns = [\"a:*\"]\nmax-hold = 9\n[groups.a]\npatterns = [\"a:b:*\", \"c\"]\n\
            warn-held = 0\n[groups.other]\nwarn-held = 6",
        );
        let mut name = |key: &[u8]| {
            let group = settings.groups.of(key);
            settings.groups.name(group).to_owned()
        };
        assert_eq!(["a:b:c", "c", "d"].map(|key| name(key.as_bytes())), ["z", "a", "other"]);
        let limits = |group: &str| {
            let HoldLimits { warn, max } = settings.policies.of(group);
            [warn, max].map(|limit| limit.map_or(0, |limit| limit.as_secs()))
        };
        assert_eq!(["z", "a", "other", "more"].map(limits), [[5, 9], [0, 0], [6, 0], [5, 0]]);
    }

    #[test]
    fn faults_have_a_line_and_a_reason() {
        for (text, fault) in [
            ("\nmax-clients = 0", "2: --max-clients takes a number of at least 1, not `0`."),
            ("\n\nlisten = [\"::1\",\n\"x\"]", "3: Address `x` is not valid to listen on."),
            ("max-client = 1", "1: unknown field `max-client`, expected one of"),
            ("\nmax-clients = \"9\"", "2: invalid type: string \"9\", expected u64"),
            ("a = 1\na = 2", "2: duplicate key"),
            ("\n[groups.a]\n\npattern = []", "4: unknown field `pattern`, expected one of"),
            ("[groups.9a]\n", "1: \"9a\" is no name of a group"),
            ("[groups.slots]\n", "1: \"slots\" is no name of a group"),
            ("[groups.a]\npatterns = [\n\"b\",\n\"%\"]\n", "4: "),
            ("groups = 5", "1: invalid type: integer `5`, expected tables of groups"),
            ("listen = 5", "1: a text or a list of texts"),
            ("x", "1: "),
        ] {
            let said = settings(text, &[]).expect_err(text);
            assert!(said.starts_with(fault) && !said.contains('\n'), "{text:?}: {said}");
        }
    }
}
