//! Checks the files that `make install` installs, and that `make uninstall` removes them.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::{fs, io};

use anyhow::{Result, ensure};
use libtest_mimic::Trial;

use crate::installed::{Prefix, build, fresh_folder, make, output};
use crate::trial;

const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("make lays the files out, and takes them away again", files),
        trial("the library is found by its SONAME", soname),
        trial("the library has no symbols for debuggers", stripped),
        trial("pkg-config knows the version", version),
        trial("pkg-config knows what a static library needs", static_libraries),
    ]
}

fn files() -> Result<()> {
    build()?;
    let root = fresh_folder("staged")?;
    let variables =
        [&format!("DESTDIR={}", root.display()), "PREFIX=/usr", "LIBDIR=/usr/lib/x86", "INCLUDEDIR=/usr/include/pc"];
    make(&[&["install"], &variables[..]].concat())?;
    let library = format!("libpoolcounter.so.0.{VERSION}");
    let expected = [
        ("usr/bin/poolcounterctl", "755"),
        ("usr/bin/poolcounterd", "755"),
        ("usr/include/pc/poolcounter.h", "644"),
        ("usr/lib/systemd/system/poolcounter.service", "644"),
        ("usr/lib/systemd/system/poolcounter.socket", "644"),
        ("usr/lib/sysusers.d/poolcounter-admin.conf", "644"),
        ("usr/lib/x86/libpoolcounter.a", "644"),
        ("usr/lib/x86/libpoolcounter.so", "libpoolcounter.so.0"),
        ("usr/lib/x86/libpoolcounter.so.0", &library),
        (&format!("usr/lib/x86/{library}"), "644"),
        ("usr/lib/x86/pkgconfig/poolcounter.pc", "644"),
        ("usr/share/bash-completion/completions/poolcounterctl", "644"),
        ("usr/share/fish/vendor_completions.d/poolcounterctl.fish", "644"),
        ("usr/share/man/man1/poolcounterctl.1", "644"),
        ("usr/share/man/man8/poolcounterd.8", "644"),
        ("usr/share/zsh/site-functions/_poolcounterctl", "644"),
    ];
    let expected: BTreeMap<_, _> = expected.iter().map(|(name, what)| ((*name).into(), (*what).into())).collect();
    let there = listed(&root)?;
    ensure!(there == expected, "installed: {there:?}");
    let description = fs::read_to_string(root.join("usr/lib/x86/pkgconfig/poolcounter.pc"))?;
    let head = "prefix=/usr\nlibdir=/usr/lib/x86\nincludedir=/usr/include/pc\n";
    ensure!(description.starts_with(head) && !description.contains('@'), "{description}");
    make(&[&["uninstall"], &variables[..]].concat())?;
    let left = listed(&root)?;
    ensure!(left.is_empty(), "left: {left:?}");
    Ok(())
}

/// Every file below a folder, with its mode or the target of the link.
fn listed(root: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()? {
            let data = path.symlink_metadata()?;
            if data.is_dir() {
                folders.push(path);
                continue;
            }
            let what = match path.read_link() {
                Ok(target) => target.display().to_string(),
                Err(_) => format!("{:o}", data.permissions().mode() & 0o7777),
            };
            files.insert(path.strip_prefix(root)?.display().to_string(), what);
        }
    }
    Ok(files)
}

fn read(options: &[&str]) -> Result<String> {
    let library = Prefix::shared()?.file("lib/libpoolcounter.so");
    output(Command::new("readelf").env("LC_ALL", "C").args(options).arg(library), Duration::from_mins(1))
}

fn soname() -> Result<()> {
    let dynamic = read(&["--dynamic"])?;
    ensure!(dynamic.contains("Library soname: [libpoolcounter.so.0]"), "{dynamic}");
    Ok(())
}

fn stripped() -> Result<()> {
    let sections = read(&["--section-headers", "--wide"])?;
    ensure!(sections.contains(".dynsym") && !sections.contains(".symtab"), "{sections}");
    ensure!(!sections.contains(".debug"), "{sections}");
    Ok(())
}

fn version() -> Result<()> {
    let said = Prefix::shared()?.pkg_config(&["--modversion"])?;
    ensure!(said == [VERSION], "{said:?}");
    Ok(())
}

/// The compiler knows which libraries Rust's standard library needs.
fn static_libraries() -> Result<()> {
    let folder = fresh_folder("native-libraries")?;
    fs::write(folder.join("nothing.rs"), "")?;
    let mut rustc = Command::new("rustc");
    rustc.args(["--crate-type=staticlib", "--print=native-static-libs=libraries", "nothing.rs"]);
    output(rustc.current_dir(&folder), Duration::from_mins(1))?;
    let needed = fs::read_to_string(folder.join("libraries"))?;
    let said = Prefix::shared()?.pkg_config(&["--static", "--libs-only-l"])?;
    let needed: Vec<&str> = ["-lpoolcounter"].into_iter().chain(needed.split_whitespace()).collect();
    ensure!(said == needed, "pkg-config says {said:?}, rustc {needed:?}");
    Ok(())
}
