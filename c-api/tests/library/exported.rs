//! Checks that the library exports exactly the functions of the header, and that the tests use each of them.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::{fs, io};

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;

use crate::installed::{Prefix, output};
use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("the library exports the functions of the header and nothing else", symbols),
        trial("every pointer of every function is tried with NULL", nulls),
        trial("every function is in the table of the README", documented),
    ]
}

/// A function of the header, and whether each of its arguments is a pointer.
struct Function {
    name: String,
    pointers: Vec<bool>,
}

fn functions() -> Result<Vec<Function>> {
    let header = fs::read_to_string(Prefix::shared()?.file("include/poolcounter.h"))?;
    let code: Vec<&str> = header.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let functions: Vec<Function> = code.join(" ").split(';').filter_map(function).collect();
    ensure!(functions.len() > 40, "only {} functions were understood", functions.len());
    Ok(functions)
}

/// The function that a declaration declares, if it is one of a function.
fn function(declaration: &str) -> Option<Function> {
    let (head, arguments) = declaration.trim_end().strip_suffix(')')?.split_once('(')?;
    let name = head.rsplit([' ', '*']).next()?.to_owned();
    let pointers = arguments.split(',').map(|argument| argument.contains('*')).collect();
    Some(Function { name, pointers })
}

fn names() -> Result<BTreeSet<String>> {
    Ok(functions()?.into_iter().map(|function| function.name).collect())
}

fn symbols() -> Result<()> {
    let library = Prefix::shared()?.file("lib/libpoolcounter.so");
    let mut nm = Command::new("nm");
    nm.args(["--dynamic", "--defined-only", "--format=posix"]).arg(library);
    let listed = output(&mut nm, Duration::from_mins(1))?;
    let exported: BTreeSet<_> = listed.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    let declared = names()?;
    let strange: Vec<_> = exported.symmetric_difference(&declared).collect();
    ensure!(strange.is_empty(), "not both declared and exported: {strange:?}");
    ensure!(exported.iter().all(|name| name.starts_with("pc_")), "{exported:?}");
    Ok(())
}

fn file(name: &str) -> io::Result<String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name))
}

fn nulls() -> Result<()> {
    let program = file("tests/programs/nulls.c")?;
    for Function { name, pointers } in functions()? {
        let calls = calls(&program, &name);
        for place in (0..pointers.len()).filter(|place| pointers[*place]) {
            // Other tests check calls without an output, which are not errors.
            let may_be_null = matches!((name.as_str(), place), ("pc_client_release", 2) | ("pc_call_result", 1 | 2));
            let tried = calls.iter().any(|call| call.get(place).is_some_and(|argument| argument == "NULL"));
            ensure!(tried || may_be_null, "argument {place} of {name} is not tried with NULL");
        }
    }
    Ok(())
}

/// The arguments of each call of a function, in a program that writes them on one line and without brackets.
fn calls(program: &str, name: &str) -> Vec<Vec<String>> {
    let call = format!("{name}(");
    let arguments = program.split(&call).skip(1).filter_map(|rest| rest.split(')').next());
    arguments.map(|arguments| arguments.split(", ").map(str::to_owned).collect()).collect()
}

fn documented() -> Result<()> {
    let readme = file("README.md").context("the README")?;
    let missing: Vec<String> = names()?.into_iter().filter(|name| !readme.contains(&format!("`{name}()`"))).collect();
    ensure!(missing.is_empty(), "the README does not have {missing:?}");
    Ok(())
}
