use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::systemd::{Installation, workspace};

#[test]
fn systemd_finds_no_fault() -> Result<()> {
    let installation = Installation::new()?;
    let units = ["poolcounter.service", "poolcounter.socket"];
    // It searches for the manual with the command `man`, which may be missing.
    let man = if Path::new("/usr/bin/man").exists() { "--man=yes" } else { "--man=no" };
    let (content, said) = installation.analyze(&["verify", man, units[0], units[1]])?;
    ensure!(content && said.is_empty(), "systemd-analyze verify said {said}");
    // It reports a faulty unit.
    fs::write(installation.file("lib/systemd/system/bad.service"), "[Service]\nExecStart=/nowhere/poolcounterd\n")?;
    let (content, said) = installation.analyze(&["verify", "--man=no", "bad.service"])?;
    ensure!(!content && said.contains("/nowhere/poolcounterd"), "systemd-analyze verify said {said}");
    Ok(())
}

#[test]
fn it_is_exposed_by_1_5_at_the_most() -> Result<()> {
    let installation = Installation::new()?;
    let (_, said) = installation.analyze(&["security", "--offline=true", "poolcounter.service"])?;
    let exposure = said.lines().find_map(|line| line.split_once("Overall exposure level for poolcounter.service: "));
    let exposure = exposure.and_then(|(_, level)| level.split(' ').next()).with_context(|| said.clone())?;
    ensure!(exposure.parse::<f64>()? <= 1.5, "{said}");
    Ok(())
}

/// Operators reach the admin interface, and everybody a socket for clients beside it.
#[test]
fn the_admin_interface_is_the_operators() -> Result<()> {
    let installation = Installation::new()?;
    let unit = installation.unit("poolcounter.service")?;
    let lines = [
        "Environment=\"ADMIN=--admin unix:/run/poolcounter/admin\"",
        "RuntimeDirectory=poolcounter",
        "RuntimeDirectoryMode=0755",
        "Group=poolcounter-admin",
    ];
    for line in lines {
        ensure!(unit.lines().any(|other| other == line), "no line {line:?} in\n{unit}");
    }
    // With a name of its own the user would have to be there before the service starts.
    ensure!(!unit.lines().any(|line| line.starts_with("User=")), "{unit}");
    let group = installation.sysusers(&["poolcounter-admin.conf"])?;
    ensure!(group.lines().any(|line| line.starts_with("poolcounter-admin:")), "systemd-sysusers made {group:?}");
    Ok(())
}

/// The settings that operators of Debian's package rely on, and those that an upgrade needs.
#[test]
fn the_service_is_as_debian_has_it() -> Result<()> {
    let installation = Installation::new()?;
    let unit = installation.unit("poolcounter.service")?;
    let debian = fs::read_to_string(workspace().join("build/reference/lib/systemd/system/poolcounter.service"))?;
    let debian = debian.replace("/usr/bin/poolcounterd", &installation.file("bin/poolcounterd").display().to_string());
    // Ours has an admin interface, which has an option of its own.
    let debian = debian.replace(" $ARGS", " $ADMIN $ARGS");
    // Debian's unit has its own user; ours gets a dynamic user.
    let others = ["Description=", "Documentation=", "User="];
    let is_kept = |line: &&str| line.contains('=') && !others.iter().any(|name| line.starts_with(name));
    let theirs: Vec<&str> = debian.lines().filter(is_kept).collect();
    ensure!(theirs.len() >= 5, "{debian}");
    let ours =
        ["ExecReload=/bin/sh -c 'kill -USR1 $MAINPID'", "Type=notify", "DynamicUser=yes", "StartLimitIntervalSec=0"];
    for line in theirs.iter().chain(&ours) {
        ensure!(unit.lines().any(|other| other == *line), "no line {line:?} in\n{unit}");
    }
    // Each of these would pin the old program file.
    for setting in ["ExecPaths=", "BindReadOnlyPaths=", "RootImage="] {
        ensure!(!unit.lines().any(|line| line.starts_with(setting)), "{setting} in\n{unit}");
    }
    Ok(())
}
