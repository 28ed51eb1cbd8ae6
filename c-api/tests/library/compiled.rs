//! From a source to a program.

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

/// Mistakes of a program's own, and of memory that the library was given or gave.
pub(crate) const SANITIZERS: [&str; 2] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// Compiles a source of this folder of `c-api` into `program`, and links it with these flags.
pub(crate) fn compile(source: &str, options: &[&str], flags: &[String], program: &Path) -> Result<()> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
    let language = if source.extension().is_some_and(|extension| extension == "cpp") { CPP17 } else { C99 };
    let mut command = Command::new(language[0]);
    command.arg(language[1]).args(STRICT).arg("-pthread").args(options);
    output(command.arg("-o").arg(program).arg(source).args(flags), COMPILING).map(drop)
}

/// Compiles a source as pkg-config says, and gives the program.
pub(crate) fn compile_with_pkg_config(source: &str, options: &[&str], program: PathBuf) -> Result<PathBuf> {
    let flags = Prefix::shared()?.pkg_config(&["--cflags", "--libs"])?;
    compile(source, options, &flags, &program)?;
    Ok(program)
}
