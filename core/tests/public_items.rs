//! The public items are those of `public-items.txt`, so that no change of the interface is made unawares.
//!
//! They are read from the pages of rustdoc, which differ from compiler to compiler. So only the one that the workspace names compares them; with another one this is skipped.
//! `UPDATE=1 cargo test -p poolcounter --test public_items` writes the list anew.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::process::Command;
use std::{env, fs};

const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/public-items.txt");

/// As `rust-version` in Cargo.toml.
const COMPILER: &str = concat!("rustc ", env!("CARGO_PKG_RUST_VERSION"), ".");

#[test]
fn the_public_items_are_those_of_the_list() {
    let rustc = Command::new("rustc").arg("--version").output().expect("rustc runs, as cargo does");
    let rustc = String::from_utf8_lossy(&rustc.stdout).into_owned();
    if !rustc.starts_with(COMPILER) {
        println!("SKIPPED the comparison of the public items: it needs {COMPILER}x, and this is {rustc}");
        return;
    }
    let items = documented().join("\n");
    if env::var_os("UPDATE").is_some() {
        fs::write(LIST, &items).unwrap();
    }
    let listed = fs::read_to_string(LIST).unwrap_or_default();
    if items != listed {
        let same = items.lines().zip(listed.lines()).take_while(|(is, was)| is == was).count();
        let [is, was] = [&items, &listed].map(|text| text.lines().nth(same).unwrap_or("its end"));
        panic!(
            "core/public-items.txt has in line {}\n{was}\nand there is\n{is}\n\
             If that is wanted: UPDATE=1 cargo test -p poolcounter --test public_items",
            same + 1
        );
    }
}

/// Each item, and below it what belongs to it.
fn documented() -> Vec<String> {
    let target = env!("CARGO_TARGET_TMPDIR");
    let cargo = env::var_os("CARGO").expect("cargo runs the tests");
    let mut command = Command::new(cargo);
    command.args(["doc", "--quiet", "--locked", "--no-deps", "--all-features", "--package", "poolcounter"]);
    // Another target directory: cargo may hold its lock on that of the tests.
    let done = command.arg("--target-dir").arg(target).env_remove("RUSTDOCFLAGS").output().expect("cargo runs");
    assert!(done.status.success(), "cargo doc: {}", String::from_utf8_lossy(&done.stderr));
    let pages = Path::new(target).join("doc/poolcounter");
    let all = fs::read_to_string(pages.join("all.html")).unwrap();
    let lists = parts(&all, "<ul class=\"all-items\">", "</ul>");
    let mut items: Vec<(String, String)> = lists
        .flat_map(|list| parts(list, "<a href=\"", "</a>"))
        .map(|link| link.split_once("\">").unwrap())
        .map(|(page, name)| (name.to_owned(), fs::read_to_string(pages.join(page)).unwrap()))
        .collect();
    items.sort();
    let mut lines = Vec::new();
    for (name, page) in items {
        lines.push(format!("poolcounter::{name}"));
        lines.extend(members(&page).iter().flat_map(|member| member.lines()).map(|line| format!("    {line}")));
    }
    lines.push(String::new());
    lines
}

/// The declaration, constants and methods, and the traits that are implemented.
fn members(page: &str) -> Vec<String> {
    // Behind that stands what the compiler derives of itself, and what every type has.
    let page = page.split("id=\"synthetic-implementations\"").next().unwrap_or(page);
    let (own, traits) = page.split_once("id=\"trait-implementations\"").unwrap_or((page, ""));
    let declaration = parts(own, "<pre class=\"rust item-decl\"><code>", "</code></pre>");
    let members = parts(own, "<section id=\"", "</section>")
        .filter(|section| ["method.", "tymethod.", "associated"].iter().any(|kind| section.starts_with(kind)));
    let impls = parts(traits, "<section id=\"impl-", "</section>");
    let headers = members.chain(impls).flat_map(|section| parts(section, "class=\"code-header\">", "</h"));
    declaration.chain(headers).map(text).collect()
}

/// What stands between two texts, each time.
fn parts<'a>(page: &'a str, start: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
    page.split(start).skip(1).filter_map(move |part| Some(part.split_once(end)?.0))
}

/// What a browser shows.
fn text(html: &str) -> String {
    let mut text = String::new();
    for (index, part) in html.split('<').enumerate() {
        text.push_str(if index == 0 { part } else { part.split_once('>').map_or("", |(_, text)| text) });
    }
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")];
    entities.iter().fold(text, |text, (entity, character)| text.replace(entity, character))
}
