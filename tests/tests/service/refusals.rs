//! Starts that fail, with a service manager and without. The service manager must restart only if a later start may succeed.

use std::fs;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Daemon, Network, Outcome, Program, Scratch};

use crate::systemd::Installation;

/// The outcomes of a start without a service manager and with one.
fn outcomes(network: &Network, preparation: &str, arguments: &[&str]) -> Result<[Outcome; 2]> {
    let program = Program::ours()?;
    let alone = Outcome::of(network.after(preparation, &program).args(arguments))?;
    let managed = Outcome::of(network.after(preparation, &program).args(arguments).env("NOTIFY_SOCKET", "/nowhere"))?;
    Ok([alone, managed])
}

#[test]
fn a_command_line_that_is_refused_has_a_status_of_its_own() -> Result<()> {
    let (network, scratch) = (Network::new()?, Scratch::new()?);
    let file = scratch.file("file");
    fs::write(&file, "")?;
    let usage = |text: &str| format!("poolcounterd: {text}\nUsage: poolcounterd [-l address]\n");
    let not_valid = |address: &str| format!("Address `{address}` is not valid to listen on.\n");
    let twice = |one: &str, other: &str| {
        format!("Couldn't listen at both {one} and {other}: the command line asks for one port twice\n")
    };
    let long = format!("unix:/{}", "p".repeat(107));
    let no_socket = format!("unix:{}", file.display());
    let cases: &[(&[&str], String)] = &[
        (&["-x"], usage("invalid option -- 'x'")),
        (&["-l"], usage("option requires an argument -- 'l'")),
        (&["-l", "bad"], not_valid("bad")),
        (&["--listen", "10.0.0.1:x"], not_valid("10.0.0.1:x")),
        (&["--listen", &long], format!("--listen takes a path of at most 107 bytes, not `{long}`.\n")),
        (&["--max-clients", "0"], "--max-clients takes a number of at least 1, not `0`.\n".to_owned()),
        (&["--unix-mode=9"], "--unix-mode takes permissions in octal, as 0660, not `9`.\n".to_owned()),
        (&["--log-level=x"], "--log-level takes error, warn, info, debug or trace, not `x`.\n".to_owned()),
        (&["-l", "0.0.0.0", "--listen", "127.0.0.1"], twice("0.0.0.0:7531", "127.0.0.1:7531")),
        (&["--listen", "::", "--listen", "127.0.0.1"], twice("[::]:7531", "127.0.0.1:7531")),
        (&["--listen", "unix:/a", "--listen", "unix:/a"], twice("unix:/a", "unix:/a")),
        (&["--listen", &no_socket], format!("Couldn't bind {no_socket}: there is a file that is not a socket\n")),
    ];
    for (arguments, words) in cases {
        let expected = [Outcome::refuses(words), Outcome::refuses_with(64, words)];
        assert_eq!(outcomes(&network, "true", arguments)?, expected, "{arguments:?}");
    }
    Ok(())
}

/// A port that this user may not use.
#[test]
fn what_is_not_permitted_stays_so() -> Result<()> {
    let network = Network::new()?;
    let preparation = "echo 1024 >/proc/sys/net/ipv4/ip_unprivileged_port_start";
    let mut words = vec!["setpriv", "--bounding-set=-all", "--inh-caps=-all"];
    if rustix::process::geteuid().is_root() {
        words.extend(["--reuid=65534", "--clear-groups"]);
    }
    let wrapped = |service_manager: &str| {
        let program = Program::ours()?;
        let script = format!("{preparation} && exec \"$@\"");
        let mut command = network.script(&script);
        command.arg("bash").args(&words).arg(program.path()).args(["--listen", "127.0.0.1:80"]);
        command.env("NOTIFY_SOCKET", service_manager);
        Outcome::of(&mut command)
    };
    let refused = "Couldn't bind: Permission denied\n";
    assert_eq!(wrapped("")?, Outcome::refuses(refused));
    assert_eq!(wrapped("/nowhere")?, Outcome::refuses_with(64, refused));
    Ok(())
}

#[test]
fn what_may_be_there_later_is_tried_again() -> Result<()> {
    let (network, scratch) = (Network::new()?, Scratch::new()?);
    let absent = format!("unix:{}", scratch.file("nowhere/socket").display());
    let cases: &[(&[&str], String)] = &[
        (&["-l", "10.99.99.99"], "Couldn't bind: Cannot assign requested address\n".to_owned()),
        (&["--listen", &absent], format!("Couldn't bind {absent}: No such file or directory\n")),
    ];
    for (arguments, words) in cases {
        let expected = [Outcome::refuses(words), Outcome::refuses(words)];
        assert_eq!(outcomes(&network, "true", arguments)?, expected, "{arguments:?}");
    }
    let daemon = Daemon::ours::<&str>(&[])?;
    let mut command = Program::ours()?.command();
    command.arg("-l").arg(daemon.address().ip().to_string()).env("NOTIFY_SOCKET", "/nowhere");
    assert_eq!(Outcome::of(&mut command)?, Outcome::refuses("Couldn't bind: Address already in use\n"));
    Ok(())
}

#[test]
fn the_unit_knows_the_status() -> Result<()> {
    let unit = Installation::new()?.unit("poolcounter.service")?;
    let statuses = unit.lines().find_map(|line| line.strip_prefix("RestartPreventExitStatus="));
    ensure!(statuses.context("no RestartPreventExitStatus=")? == "64", "{unit}");
    Ok(())
}
