//! Folders for the files of one daemon, in the build folder.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

use anyhow::{Context, Result};

/// The parent folder of all folders that this process makes, if it is not the build folder.
static HOME: OnceLock<PathBuf> = OnceLock::new();

/// Makes all further folders in this one.
pub(crate) fn move_to(home: PathBuf) {
    // Only the first one counts.
    let _ = HOME.set(home);
}

/// A folder that is removed when this value is dropped.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes it.
    pub fn new() -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let home = HOME.get().cloned().map_or_else(|| target().map(|target| target.join("tmp")), Ok)?;
        Self::within(&home, &COUNT)
    }

    fn within(home: &Path, count: &AtomicU32) -> Result<Self> {
        fs::create_dir_all(home).with_context(|| format!("cannot make {}", home.display()))?;
        loop {
            let folder = home.join(format!("daemon-{}-{}", process::id(), count.fetch_add(1, Ordering::Relaxed)));
            match fs::create_dir(&folder) {
                Ok(()) => return Ok(Self(folder)),
                // A process that was killed has left it, and had the same number.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).with_context(|| format!("cannot make {}", folder.display())),
            }
        }
    }

    /// The path of a file with this name in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A folder that is left in the build folder does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The folder of the running profile: `target/debug`, say.
pub(crate) fn profile() -> Result<PathBuf> {
    let program = env::current_exe().context("where does this program stand?")?;
    let folder = program.parent().context("a program stands in a folder")?;
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    Ok(folder.to_path_buf())
}

/// The build folder of the running program.
pub(crate) fn target() -> Result<PathBuf> {
    let profile = profile()?;
    Ok(profile.parent().unwrap_or(&profile).to_path_buf())
}

/// The root of the workspace.
#[must_use]
pub fn workspace() -> &'static Path {
    let support = Path::new(env!("CARGO_MANIFEST_DIR"));
    support.ancestors().nth(2).unwrap_or(support)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_was_left_is_not_used_again() -> Result<()> {
        let scratch = Scratch::new()?;
        let home = scratch.file("home");
        let left = Scratch::within(&home, &AtomicU32::new(0))?;
        let next = Scratch::within(&home, &AtomicU32::new(0))?;
        assert_ne!(left.0, next.0);
        Ok(())
    }
}
