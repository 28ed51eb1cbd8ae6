//! Compares the ABI with the dump in the tree, so that existing programs keep working.
//!
//! abidiff compares C types, so it reads a library that is made from the header in C, which is fast. `tests/header.rs` and `exported.rs`
//! check that the header is the library's.
//! `UPDATE=1 cargo test -p poolcounter_c --test library ABI` writes a new dump, unless existing programs would break.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs};

use anyhow::{Context, Result, bail, ensure};
use libtest_mimic::Trial;
use poolcounter_test_support::outage::must_run;
use poolcounter_test_support::{Deadline, run_to_end};

use crate::installed::{fresh_folder, output};
use crate::trial;

const COMPARING: Duration = Duration::from_mins(2);

/// These begin with their size, so fields may be added at their end.
const GROWING: [&str; 2] = ["pc_request", "pc_wait"];

const RENEW: &str = "write the dump anew: UPDATE=1 cargo test -p poolcounter_c --test library ABI";

pub(crate) fn trials() -> Vec<Trial> {
    let reason = if !cfg!(target_arch = "x86_64") {
        Some("the dump is that of x86_64")
    } else if is_missing() && !must_run() {
        Some(MISSING)
    } else {
        None
    };
    if let Some(reason) = reason {
        println!("SKIPPED the comparison of the ABI: {reason}");
    }
    vec![
        trial("the ABI is the one of the dump", compared).with_ignored_flag(reason.is_some()),
        trial("a change of the ABI is noticed", noticed).with_ignored_flag(reason.is_some()),
    ]
}

const MISSING: &str = "abidiff is missing; Debian's package abigail-tools has it";

fn is_missing() -> bool {
    Command::new("abidiff").arg("--version").stdout(Stdio::null()).status().is_err()
}

/// The effect of a new header on programs that were built with the old one.
#[derive(Debug)]
enum Change {
    None,
    /// They keep working; programs with the new header need the new library. With abidiff's output.
    Addition(String),
    /// They break.
    Break(String),
}

fn tree(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn header() -> Result<String> {
    Ok(fs::read_to_string(tree("include/poolcounter.h"))?)
}

fn compared() -> Result<()> {
    ensure!(!is_missing(), MISSING);
    let folder = fresh_folder("abi")?;
    let file = tree("abi/libpoolcounter.abi");
    let number: u32 = fs::read_to_string(tree("abi/number"))?.trim().parse().context("abi/number")?;
    let renew = env::var_os("UPDATE").is_some();
    let new = || dump(&build(&header()?, number, &folder)?);
    if renew && !file.exists() {
        return Ok(fs::write(&file, new()?)?);
    }
    let old = fs::read_to_string(&file)?;
    let change = change(&old, &header()?, &folder)?;
    let raised = number > dumped_number(&old)?;
    match change {
        Change::Break(said) if !raised => {
            bail!(
                "programs that were built before would break: undo this, or raise the number in c-api/abi/number:\n{said}"
            )
        }
        Change::None if !raised => Ok(()),
        _ if renew => Ok(fs::write(&file, new()?)?),
        Change::None => bail!("the number of the ABI was raised: {RENEW}"),
        Change::Addition(said) | Change::Break(said) => bail!("the ABI has changed: {RENEW}\n{said}"),
    }
}

fn noticed() -> Result<()> {
    ensure!(!is_missing(), MISSING);
    let folder = fresh_folder("abi-changes")?;
    let old = dump(&build(&header()?, 0, &folder)?)?;
    let additions = [
        ("} pc_wait;", "  int32_t added;\n} pc_wait;"),
        ("} pc_request;", "  const char *added;\n} pc_request;"),
        ("const char *pc_version(void);", "const char *pc_version(void);\nint32_t pc_added(void);"),
        ("} pc_direction;", "  PC_DIRECTION_ADDED = 77,\n} pc_direction;"),
    ];
    let breaks = [
        ("  int32_t direction;", "  int32_t inserted;\n  int32_t direction;"),
        ("  int64_t workers;", "  int32_t workers;"),
        ("  int32_t look_up;", ""),
        ("const char *pc_version(void);", ""),
        ("typedef uint64_t pc_lock;", "typedef uint32_t pc_lock;"),
        ("PC_DIRECTION_WRITE = 2,", "PC_DIRECTION_WRITE = 3,"),
        ("void pc_client_free(pc_client **client);", "void pc_client_free(pc_client *client);"),
    ];
    for (from, to) in additions.into_iter().chain(breaks) {
        let changed = header()?.replace(from, to);
        ensure!(changed != header()?, "the header has no {from}");
        let change = change(&old, &changed, &folder)?;
        let right = match change {
            Change::None => false,
            Change::Addition(_) => additions.contains(&(from, to)),
            Change::Break(_) => breaks.contains(&(from, to)),
        };
        ensure!(right, "{to:?} instead of {from:?} is {change:?}");
    }
    Ok(())
}

fn change(old: &str, header: &str, folder: &Path) -> Result<Change> {
    let number = dumped_number(old)?;
    let dump = folder.join("old.abi");
    fs::write(&dump, old)?;
    let Some(said) = differences(&dump, &build(header, number, folder)?, "--harmless")? else {
        return Ok(Change::None);
    };
    let known = build(&as_known(header, old), number, folder)?;
    Ok(differences(&dump, &known, "--no-added-syms")?.map_or(Change::Addition(said), Change::Break))
}

/// The number in the SONAME of a dump.
fn dumped_number(dump: &str) -> Result<u32> {
    let number = dump.split_once("soname='libpoolcounter.so.").and_then(|(_, rest)| rest.split('\'').next());
    number.and_then(|number| number.parse().ok()).context("the dump has no SONAME with a number")
}

/// The output of abidiff, if there is a difference.
fn differences(dump: &Path, library: &Path, option: &str) -> Result<Option<String>> {
    let mut command = Command::new("abidiff");
    let done = run_to_end(command.arg(option).arg(dump).arg(library), Deadline::after(COMPARING))?;
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    // Bits: 1 and 2 for a comparison that failed, 4 for a change, and 8 as well for one that cannot be good.
    match done.status.code() {
        Some(0) => Ok(None),
        Some(4 | 12) => Ok(Some(said)),
        _ => bail!("{command:?}: {}{said}{}", done.status, String::from_utf8_lossy(&done.stderr)),
    }
}

fn dump(library: &Path) -> Result<String> {
    let mut command = Command::new("abidw");
    command.args(["--no-show-locs", "--no-corpus-path", "--no-comp-dir-path"]).arg(library);
    output(&mut command, COMPARING)
}

/// A library of C with the functions and types of a header.
fn build(header: &str, number: u32, folder: &Path) -> Result<PathBuf> {
    let code: Vec<&str> = header
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .filter(|line| !line.starts_with('#'))
        .collect();
    let code = code.join(" ");
    let mut source = "#include \"poolcounter.h\"\n".to_owned();
    let declarations = code.rsplit_once(';').map_or("", |(declarations, _)| declarations);
    for declaration in declarations.split(';').map(str::trim) {
        // Types that stand in no function's arguments are wanted, too.
        if let Some((_, name)) = declaration.rsplit_once('}') {
            let name = name.trim();
            writeln!(source, "void type_{name}({name} *value) {{ (void)value; }}")?;
        } else if declaration.ends_with(')') {
            // The first one stands behind `extern "C" {`.
            let declaration = declaration.rsplit('{').next().unwrap_or_default();
            writeln!(source, "{declaration} {{ __builtin_trap(); }}")?;
        }
    }
    let (file, library) = (folder.join("library.c"), folder.join("library.so"));
    fs::write(folder.join("poolcounter.h"), header)?;
    fs::write(&file, source)?;
    let mut command = Command::new("cc");
    // File names without folders, because the dump contains them.
    command.current_dir(folder).args(["-g", "-shared", "-fPIC", "-o", "library.so", "library.c"]);
    output(command.arg(format!("-Wl,-soname,libpoolcounter.so.{number}")), COMPARING)?;
    Ok(library)
}

/// The header without the fields that a program with the old header does not have.
fn as_known(header: &str, old: &str) -> String {
    let mut header = header.to_owned();
    for name in GROWING {
        let class = old.split_once(&format!("<class-decl name='{name}'")).map_or("", |(_, class)| class);
        let fields = class.split("</class-decl>").next().unwrap_or_default().matches("<data-member ").count();
        let end = format!("}} {name};");
        let Some((before, after)) = header.split_once(&end) else { continue };
        let Some((before, body)) = before.rsplit_once("typedef struct {\n") else { continue };
        let is_field = |line: &&str| line.ends_with(';');
        let known: Vec<&str> = body.lines().filter(is_field).take(fields).collect();
        header = format!("{before}typedef struct {{\n{}\n{end}{after}", known.join("\n"));
    }
    header
}
