//! Imports between the daemon's modules run in one direction. Unit tests may import from anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, io, slice};

/// The modules below `src/`, the highest first. A module imports only from those after it.
const ORDER: [&str; 16] = [
    "main",
    "start_error",
    "service",
    "hand_over",
    "admin",
    "running",
    "drain",
    "tasks",
    "server",
    "net",
    "config",
    "command_line",
    "groups_file",
    "system",
    "constants",
    "saved",
];

/// The source text of each module, by its path: `["server", "outbox"]`, or `[]` for `main.rs`.
type Sources = BTreeMap<Vec<String>, String>;

/// Reads all modules in this folder.
fn read(folder: &Path, path: &[String], sources: &mut Sources) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let file = entry?.path();
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let inner = [path, slice::from_ref(&name)].concat();
        if file.is_dir() {
            read(&file, &inner, sources)?;
        } else if file.extension().is_some_and(|extension| extension == "rs") && name != "tests" {
            let module = if ["main", "mod"].contains(&name.as_str()) { path.to_vec() } else { inner };
            sources.insert(module, fs::read_to_string(&file)?);
        }
    }
    Ok(())
}

/// The code without comments and without the unit tests at its end.
fn code(source: &str) -> String {
    let lines = source.lines().take_while(|line| *line != "mod tests {");
    lines.map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d` and `a::c::e`.
fn expand(tree: &str) -> Vec<String> {
    let Some((prefix, group)) = tree.split_once('{') else { return vec![tree.to_owned()] };
    let mut depth = 0;
    let between_branches = |character: char| {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        character == ',' && depth == 0
    };
    let group = group.strip_suffix('}').unwrap_or(group);
    group.split(between_branches).flat_map(expand).map(|branch| format!("{prefix}{branch}")).collect()
}

/// All paths in the code that begin with `crate::`, `super::` or the name of a submodule, as paths from the crate's root.
fn paths(module: &[String], code: &str, sources: &Sources) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for statement in code.split(';') {
        let words = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        let tree = words.rsplit_once("use ").filter(|(before, _)| before.is_empty() || before.ends_with([' ', ']']));
        if let Some((_, tree)) = tree {
            found.extend(expand(&tree.replace(' ', "")));
        } else {
            let inline = words.split(|character: char| !(character.is_alphanumeric() || "_:".contains(character)));
            found.extend(inline.filter(|path| path.contains("::")).map(str::to_owned));
        }
    }
    let absolute = |path: &String| {
        let mut steps = path.split("::").map(str::to_owned).peekable();
        let mut base = module.to_vec();
        if steps.next_if(|step| step == "crate").is_some() {
            base.clear();
        } else if steps.peek().is_some_and(|step| step == "super") {
            while steps.next_if(|step| step == "super").is_some() {
                base.pop();
            }
        } else {
            let child = [&base[..], slice::from_ref(steps.peek()?)].concat();
            sources.contains_key(&child).then_some(())?;
        }
        Some(base.into_iter().chain(steps).collect())
    };
    found.iter().filter_map(absolute).collect()
}

/// The modules that each module imports from.
fn imports(sources: &Sources) -> BTreeMap<&[String], BTreeSet<&[String]>> {
    let module_of = |path: Vec<String>| {
        let prefixes = (0..=path.len()).rev().map(|length| &path[..length]);
        prefixes.filter_map(|prefix| sources.get_key_value(prefix)).map(|(module, _)| &module[..]).next()
    };
    let of = |(module, source): (&Vec<String>, &String)| {
        let paths = paths(module, &code(source), sources);
        paths.into_iter().filter_map(module_of).filter(|other| *other != &module[..]).collect()
    };
    sources.iter().map(|entry| (&entry.0[..], of(entry))).collect()
}

fn split(path: &str) -> Vec<String> {
    path.split("::").filter(|step| !step.is_empty()).map(str::to_owned).collect()
}

/// The faults of the imports, as texts.
fn faults(sources: &Sources) -> Vec<String> {
    let imports = imports(sources);
    let name = |module: &[String]| if module.is_empty() { "main".to_owned() } else { module.join("::") };
    let top = |module: &[String]| module.first().map_or("main", String::as_str).to_owned();
    let rank = |module: &[String]| ORDER.iter().position(|other| *other == top(module));
    let mut faults: Vec<String> = imports
        .keys()
        .filter(|module| rank(module).is_none())
        .map(|module| format!("{} has no place in ORDER", name(module)))
        .collect();
    for (module, others) in &imports {
        let back = others.iter().filter(|other| rank(other) < rank(module));
        faults.extend(back.map(|other| format!("{} imports from {} above it", name(module), name(other))));
    }
    // A module is in no cycle if it imports from no remaining module, or if no remaining module imports from it.
    let mut left = imports;
    loop {
        let imported: BTreeSet<_> = left.values().flatten().copied().collect();
        let in_no_cycle = |(module, others): (&&[String], &BTreeSet<&[String]>)| {
            (others.is_empty() || !imported.contains(module)).then(|| module.to_vec())
        };
        let removed: BTreeSet<_> = left.iter().filter_map(in_no_cycle).collect();
        if removed.is_empty() {
            break;
        }
        left.retain(|module, _| !removed.contains(*module));
        for others in left.values_mut() {
            others.retain(|other| !removed.contains(*other));
        }
    }
    if !left.is_empty() {
        let modules: Vec<_> = left.keys().map(|module| name(module)).collect();
        faults.push(format!("there is a cycle among {}", modules.join(", ")));
    }
    faults
}

#[test]
fn imports_run_in_one_direction() -> io::Result<()> {
    let mut sources = Sources::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &[], &mut sources)?;
    let count: usize = imports(&sources).values().map(BTreeSet::len).sum();
    assert!(count > 50, "only {count} imports were found");
    assert_eq!(faults(&sources), [""; 0]);
    Ok(())
}

/// Shows that the test above can fail.
#[test]
fn an_import_that_runs_back_up_is_found() {
    let found = |path: &str, source: &str| {
        let modules = [
            ("", "const LIMIT: u8 = 1;"),
            ("server", "mod outbox;\nmod table;\nuse outbox::Outbox;"),
            ("server::outbox", "pub(crate) struct Outbox;"),
            ("server::table", "// crate::tasks::run\n"),
            ("tasks", "use crate::server::Server;\n"),
        ];
        let mut sources: Sources = modules.into_iter().map(|(path, source)| (split(path), source.to_owned())).collect();
        sources.insert(split(path), source.to_owned());
        faults(&sources)
    };
    assert_eq!(found("server::table", ""), [""; 0]);
    let up = "server::table imports from tasks above it";
    let cases = [
        ("use crate::tasks::run;", up),
        ("use crate::{server::outbox::{self, Outbox}, tasks::run};", up),
        ("use super::super::tasks::run;", up),
        ("#[cfg(unix)]\nuse crate::tasks;", up),
        ("fn f() { crate::tasks::run() }", up),
        ("use crate::LIMIT;", "server::table imports from main above it"),
    ];
    for (source, fault) in cases {
        assert_eq!(found("server::table", source).first().map(String::as_str), Some(fault), "{source}");
    }
    assert_eq!(found("server::outbox", "use super::Server;"), ["there is a cycle among server, server::outbox"]);
    assert_eq!(found("new", ""), ["new has no place in ORDER"]);
}
