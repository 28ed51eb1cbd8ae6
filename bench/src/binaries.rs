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
        let ours = if options.itself { reference.clone() } else { ours(options.ours.as_deref())? };
        Ok(Binaries { reference, ours })
    }
}

/// Our daemon, built if no path was given.
pub(crate) fn ours(given: Option<&Path>) -> Result<PathBuf> {
    given
        .map_or_else(|| build("poolcounterd", "poolcounterd"), existing)
        .context("our daemon is missing; name one with --ours")
}

/// The PHP extension, built if neither a path was given nor `POOLCOUNTER_SO` names one.
pub(crate) fn extension(given: Option<&Path>) -> Result<PathBuf> {
    let named = env::var_os("POOLCOUNTER_SO").map(PathBuf::from);
    given
        .or(named.as_deref())
        .map_or_else(|| build("poolcounter_php", "libpoolcounter_php.so"), existing)
        .context("the PHP extension is missing (to build it takes php-dev and libclang); name one with --extension")
}

/// libpoolcounter's shared library, built if no path was given.
pub(crate) fn library(given: Option<&Path>) -> Result<PathBuf> {
    given
        .map_or_else(|| build("poolcounter_c", "libpoolcounter_c.so"), existing)
        .context("libpoolcounter is missing; name it with --library")
}

/// The workspace's root.
pub(crate) fn workspace() -> PathBuf {
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

/// The absolute path of a file that must be there.
fn existing(path: &Path) -> Result<PathBuf> {
    if !path.is_file() {
        bail!("{} is no file", path.display());
    }
    Ok(std::path::absolute(path)?)
}

/// Has cargo build a package of this workspace; `product` is the file that comes of it.
fn build(package: &str, product: &str) -> Result<PathBuf> {
    let root = workspace();
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--release", "-p", package])
        .current_dir(&root)
        .status()
        .context("cannot run cargo")?;
    if !status.success() {
        bail!("{package} does not build");
    }
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    existing(&root.join(target).join("release").join(product))
}
