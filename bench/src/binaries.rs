//! Which two programs are compared.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::options::CompareOptions;

/// The two sides of a comparison.
pub(crate) struct Binaries {
    pub(crate) reference: PathBuf,
    pub(crate) ours: PathBuf,
}

impl Binaries {
    /// Finds both, building ours if no path was given.
    pub(crate) fn find(options: &CompareOptions) -> Result<Binaries> {
        let reference = reference(options)?;
        let ours = match (&options.ours, options.itself) {
            (Some(path), _) => existing(path)?,
            (None, true) => reference.clone(),
            (None, false) => build()?,
        };
        Ok(Binaries { reference, ours })
    }
}

fn workspace() -> PathBuf {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
    bench.parent().unwrap_or(bench).to_owned()
}

fn reference(options: &CompareOptions) -> Result<PathBuf> {
    if let Some(path) = &options.reference {
        return existing(path);
    }
    let path = match env::var_os("POOLCOUNTER_REFERENCE") {
        Some(path) => PathBuf::from(path),
        None => workspace().join("build/reference/poolcounterd"),
    };
    existing(&path)
        .context("the reference daemon is missing: run `scripts/setup`, or name it with POOLCOUNTER_REFERENCE")
}

fn existing(path: &Path) -> Result<PathBuf> {
    if !path.is_file() {
        bail!("{} is no file", path.display());
    }
    Ok(std::path::absolute(path)?)
}

/// Has cargo build our daemon.
fn build() -> Result<PathBuf> {
    let root = workspace();
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--release", "-p", "poolcounterd"])
        .current_dir(&root)
        .status()
        .context("cannot run cargo to build our daemon; name one with --ours")?;
    if !status.success() {
        bail!("our daemon does not build; name one with --ours");
    }
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    existing(&root.join(target).join("release/poolcounterd"))
}
