//! Unix sockets: their files are made, have a mode, and are removed.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Deadline, Outcome, PATIENCE, Process, Program, Scratch};
use rustix::process::Signal;

/// Sends a command to the daemon at this path, once it listens.
pub(crate) fn ask(path: &Path, question: &str) -> Result<String> {
    let connected = Deadline::after(PATIENCE).poll(|| UnixStream::connect(path).ok());
    let mut socket = connected.with_context(|| format!("no daemon listens at {}", path.display()))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.write_all(question.as_bytes())?;
    let mut answer = String::new();
    BufReader::new(socket).read_line(&mut answer)?;
    Ok(answer)
}

fn command(path: &Path) -> Result<Command> {
    let mut command = Program::ours()?.command();
    command.arg(format!("--listen=unix:{}", path.display()));
    Ok(command)
}

/// A daemon that listens there, and nowhere else.
fn listening(path: &Path) -> Result<Process> {
    let process = Process::spawn(&mut command(path)?)?;
    served(path)?;
    Ok(process)
}

fn served(path: &Path) -> Result<()> {
    let answer = ask(path, "RELEASE\n")?;
    ensure!(answer == "NOT_LOCKED\n", "the answer was {answer:?}");
    Ok(())
}

fn stop(mut process: Process) -> Result<()> {
    process.signal(Signal::TERM)?;
    let status = process.wait()?;
    let printed = process.printed()?;
    ensure!(status.success() && printed == (String::new(), String::new()), "{status}, {printed:?}");
    Ok(())
}

fn refused(path: &Path) -> Result<String> {
    let outcome = Outcome::of(&mut command(path)?)?;
    let Outcome::Ends { code: Some(1), stdout, stderr } = &outcome else { panic!("{outcome:?}") };
    ensure!(stdout.is_empty(), "it printed {stdout:?}");
    let start = format!("Couldn\\'t bind unix:{}: ", path.display());
    let reason = stderr.strip_prefix(&start).with_context(|| format!("it printed {stderr:?}"))?;
    Ok(reason.to_owned())
}

#[test]
fn its_file_goes_with_the_daemon() -> Result<()> {
    let scratch = Scratch::new()?;
    let path = scratch.file("socket");
    for signal in [Signal::TERM, Signal::INT] {
        let mut process = listening(&path)?;
        assert!(process.listeners().is_empty());
        process.signal(signal)?;
        assert!(process.wait()?.success());
        assert!(!path.exists());
    }
    Ok(())
}

#[test]
fn a_file_that_took_its_place_stays() -> Result<()> {
    let scratch = Scratch::new()?;
    let path = scratch.file("socket");
    let process = listening(&path)?;
    fs::rename(&path, scratch.file("moved"))?;
    let _other = UnixListener::bind(&path)?;
    let inode = fs::metadata(&path)?.ino();
    stop(process)?;
    assert_eq!(fs::metadata(&path)?.ino(), inode);
    Ok(())
}

#[test]
fn a_file_that_was_removed_is_not_missed() -> Result<()> {
    let scratch = Scratch::new()?;
    let path = scratch.file("socket");
    let process = listening(&path)?;
    fs::remove_file(&path)?;
    stop(process)
}

#[test]
fn a_stale_file_is_replaced() -> Result<()> {
    let scratch = Scratch::new()?;
    let path = scratch.file("socket");
    drop(UnixListener::bind(&path)?);
    assert!(path.exists());
    stop(listening(&path)?)?;
    // The file of a killed daemon is replaced as well.
    let mut process = listening(&path)?;
    process.signal(Signal::KILL)?;
    process.wait()?;
    assert!(path.exists());
    stop(listening(&path)?)
}

#[test]
fn a_socket_in_use_is_refused() -> Result<()> {
    let scratch = Scratch::new()?;
    let path = scratch.file("socket");
    let process = listening(&path)?;
    assert_eq!(refused(&path)?, "a server is listening there\\n");
    served(&path)?;
    stop(process)
}

#[test]
fn what_is_no_socket_is_refused_and_kept() -> Result<()> {
    let scratch = Scratch::new()?;
    let path = scratch.file("precious");
    fs::write(&path, "data")?;
    assert_eq!(refused(&path)?, "there is a file that is not a socket\\n");
    assert_eq!(fs::read_to_string(&path)?, "data");
    let link = scratch.file("link");
    std::os::unix::fs::symlink(&path, &link)?;
    assert_eq!(refused(&link)?, "there is a file that is not a socket\\n");
    assert_eq!(refused(&scratch.file("nowhere/socket"))?, "No such file or directory\\n");
    Ok(())
}

#[test]
fn its_mode_is_0660_unless_another_is_asked_for() -> Result<()> {
    for (arguments, mode) in [(&[][..], 0o660), (&["--unix-mode", "0600"], 0o600), (&["--unix-mode=777"], 0o777)] {
        let scratch = Scratch::new()?;
        let path = scratch.file("socket");
        let _process = Process::spawn(command(&path)?.args(arguments))?;
        served(&path)?;
        assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o7777, mode, "{arguments:?}");
    }
    Ok(())
}

/// Over a Unix socket a client has no address: the log names its process and its user.
#[test]
fn a_client_is_named_by_its_process_and_user() -> Result<()> {
    let scratch = Scratch::new()?;
    let path = scratch.file("socket");
    let process = Process::spawn(command(&path)?.args(["--max-clients", "1"]))?;
    served(&path)?;
    let _inside = UnixStream::connect(&path)?;
    let own = format!("closed: pid {} of user {}\\n", std::process::id(), rustix::process::geteuid().as_raw());
    let named = || {
        drop(UnixStream::connect(&path));
        process.printed().ok().filter(|(_, stderr)| stderr.contains(&own))
    };
    Deadline::after(PATIENCE).poll(named).with_context(|| format!("no {own:?} in {:?}", process.printed()))?;
    Ok(())
}
