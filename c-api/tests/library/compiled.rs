//! Compiles C programs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::installed::{Prefix, output};

const COMPILING: Duration = Duration::from_mins(5);

/// The language of a source: a compiler and its standard.
const C99: [&str; 2] = ["cc", "-std=c99"];
const CPP17: [&str; 2] = ["g++", "-std=c++17"];

const STRICT: [&str; 6] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g", "-O1"];

/// The sanitizers: they find errors in the program, and in memory that is passed between program and library.
pub(crate) const SANITIZERS: [&str; 2] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// Compiles a source of this folder of `c-api` into `program`, and links it with these flags.
pub(crate) fn compile(source: &str, options: &[&str], flags: &[String], program: &Path) -> Result<()> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
    let language = if source.extension().is_some_and(|extension| extension == "cpp") { CPP17 } else { C99 };
    let mut command = Command::new(language[0]);
    command.arg(language[1]).args(STRICT).arg("-pthread").args(options);
    output(command.arg("-o").arg(program).arg(source).args(flags), COMPILING).map(drop)
}

/// Compiles a source with the flags of pkg-config, and gives the program.
pub(crate) fn compile_with_pkg_config(source: &str, options: &[&str], program: PathBuf) -> Result<PathBuf> {
    let flags = Prefix::shared()?.pkg_config(&["--cflags", "--libs"])?;
    compile(source, options, &flags, &program)?;
    Ok(program)
}
