use crate::program::{command, ran};
use crate::pty::Terminal;
use anyhow::{Context, Result};
use poolcounter_test_support::{Client, Daemon, Deadline, PATIENCE, Process, Scratch};
use rustix::process::Signal;
use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The arguments that run a command under the lock `job`.
fn line<'a>(server: &'a str, options: &[&'a str], command: &[&'a str]) -> Vec<&'a str> {
    [&["run", "--key", "job", "-s", server][..], options, &["--"], command].concat()
}

/// The program, with no signal ignored, whatever this process was started with, and in a process group that a shell could stop: TSTP does nothing to a group
/// whose parents have gone.
fn heeding(arguments: &[&str]) -> Command {
    let plain = command(arguments);
    let mut heeding = Command::new("env");
    heeding.arg("--default-signal").arg(plain.get_program()).args(arguments).stdin(Stdio::null()).process_group(0);
    heeding
}

/// A command that runs until it is told to end, and has said `ready`.
fn begun(server: &str, options: &[&str], script: &str) -> Result<Process> {
    let process = Process::spawn(&mut heeding(&line(server, options, &["sh", "-c", script])))?;
    expect(&process, "ready")?;
    Ok(process)
}

/// Waits until a process has printed these words, on any of its two outputs.
fn expect(process: &Process, words: &str) -> Result<String> {
    let printed = || process.printed().ok().map(|(out, err)| out + &err).filter(|printed| printed.contains(words));
    Deadline::after(PATIENCE).poll(printed).with_context(|| format!("no {words:?}, but {:?}", process.printed()))
}

fn server(daemon: &Daemon) -> String {
    daemon.address().to_string()
}

#[test]
fn the_status_is_that_of_the_command() -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    let server = server(&daemon);
    let cases: [(&[&str], i32, &str); 6] = [
        (&["true"], 0, ""),
        (&["sh", "-c", "exit 7"], 7, ""),
        (&["sh", "-c", "kill -KILL $$"], 137, ""),
        (&["sh", "-c", "kill -TERM $$"], 143, ""),
        (
            &["/nonexistent/program"],
            127,
            "poolcounterctl: cannot run /nonexistent/program: No such file or directory\n",
        ),
        (&["/etc/passwd"], 126, "poolcounterctl: cannot run /etc/passwd: Permission denied\n"),
    ];
    for (command, status, stderr) in cases {
        let ran = ran(&line(&server, &[], command))?;
        assert_eq!((ran.status, &*ran.stderr), (Some(status), stderr), "{command:?}");
    }
    Ok(())
}

#[test]
fn the_reference_will_do() -> Result<()> {
    let daemon = Daemon::reference()?;
    let ran = ran(&line(&server(&daemon), &[], &["echo", "--not", "an option"]))?;
    assert_eq!((ran.status, &*ran.stdout, &*ran.stderr), (Some(0), "--not an option\n", ""));
    Ok(())
}

#[test]
fn others_are_told_of_work_that_is_done_and_do_what_is_not() -> Result<()> {
    for (status, answer) in [(0, "DONE\n"), (3, "LOCKED\n")] {
        let daemon = Daemon::ours::<&str>(&[])?;
        let mut process = begun(
            &server(&daemon),
            &[],
            &format!("trap 'exit {status}' USR1; echo ready; while :; do sleep 0.05; done"),
        )?;
        let mut other = Client::connect(daemon.address())?;
        other.send(b"ACQ4ANY job 1 10 60\n")?;
        daemon.settle()?;
        other.expect_nothing()?;
        process.signal(Signal::USR1)?;
        assert_eq!(other.line()?, answer);
        assert_eq!(process.wait()?.code(), Some(status));
    }
    Ok(())
}

#[test]
fn a_command_without_a_lock_is_not_run() -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    let mut holder = Client::connect(daemon.address())?;
    assert_eq!(holder.ask("ACQ4ANY job 1 10 60\n")?, "LOCKED\n");
    let cases: [(&[&str], &str); 3] = [
        (&["--maxqueue", "1"], "job: 1 or more hold it or wait for it"),
        (&["--timeout", "0"], "job: it is not free"),
        (&["--timeout", "1"], "job: it was not free within 1 s"),
    ];
    for (options, why) in cases {
        let ran = ran(&line(&server(&daemon), options, &["echo", "run"]))?;
        assert_eq!(
            (ran.status, &*ran.stdout, ran.stderr),
            (Some(75), "", format!("poolcounterctl: {why}\n")),
            "{options:?}"
        );
    }
    Ok(())
}

#[test]
fn work_that_another_one_did_is_not_done_again() -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    let mut holder = Client::connect(daemon.address())?;
    assert_eq!(holder.ask("ACQ4ANY job 1 10 60\n")?, "LOCKED\n");
    let server = server(&daemon);
    let any = line(&server, &["--mode", "any"], &["echo", "run"]);
    let mut process = Process::spawn(&mut command(&any))?;
    let waits = || holder.ask("STATS waiting_workers\n").ok().filter(|answer| answer == "waiting_workers: 1\n");
    Deadline::after(PATIENCE).poll(waits).context("it does not wait")?;
    holder.send(b"RELEASE\n")?;
    assert_eq!(process.wait()?.code(), Some(0));
    assert_eq!(process.printed()?, (String::new(), String::new()));
    Ok(())
}

#[test]
fn without_a_server_it_is_run_only_if_that_was_said() -> Result<()> {
    let missing = "unix:/nonexistent/pool";
    let why = "poolcounterctl: cannot connect to unix:/nonexistent/pool: No such file or directory";
    let closed = ran(&line(missing, &[], &["echo", "run"]))?;
    assert_eq!((closed.status, &*closed.stdout, closed.stderr), (Some(69), "", format!("{why}\n")));
    let open = ran(&line(missing, &["--open"], &["sh", "-c", "echo run; exit 5"]))?;
    let stderr = format!("{why}; the command runs unprotected\n");
    assert_eq!((open.status, &*open.stdout, open.stderr), (Some(5), "run\n", stderr));
    Ok(())
}

#[test]
fn a_key_that_cannot_be_sent_is_a_mistake() -> Result<()> {
    let ran = ran(&["run", "--key", "a\nb", "--open", "--", "echo", "run"])?;
    assert_eq!((ran.status, &*ran.stdout), (Some(64), ""));
    assert_eq!(ran.stderr, "poolcounterctl: the key contains a line feed\n");
    Ok(())
}

#[test]
fn the_command_inherits_neither_the_lock_nor_blocked_signals() -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    // No shell, which would see to some of that itself.
    let blocked = ran(&line(&server(&daemon), &[], &["grep", "SigBlk", "/proc/self/status"]))?;
    assert_eq!(blocked.stdout, "SigBlk:\t0000000000000000\n");
    let files = ran(&line(&server(&daemon), &[], &["find", "/proc/self/fd", "-printf", "%l "]))?;
    assert!(files.stdout.contains("/stdout") && files.stdout.contains("/proc/"), "{}", files.stdout);
    assert!(!files.stdout.contains("socket:") && !files.stdout.contains("signalfd"), "{}", files.stdout);
    Ok(())
}

#[test]
fn signals_are_passed_on() -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    for (signal, name) in [
        (Signal::TERM, "TERM"),
        (Signal::INT, "INT"),
        (Signal::HUP, "HUP"),
        (Signal::QUIT, "QUIT"),
        (Signal::USR1, "USR1"),
        (Signal::USR2, "USR2"),
    ] {
        let script = format!("trap 'echo got {name}; exit 3' {name}; echo ready; while :; do sleep 0.05; done");
        let mut process = begun(&server(&daemon), &[], &script)?;
        process.signal(signal)?;
        assert_eq!(process.wait()?.code(), Some(3), "{name}");
        assert_eq!(process.printed()?, (format!("ready\\ngot {name}\\n"), String::new()));
    }
    let mut process = begun(&server(&daemon), &[], "echo ready; exec sleep 60")?;
    process.signal(Signal::TERM)?;
    assert_eq!(process.wait()?.code(), Some(143));
    Ok(())
}

#[test]
fn what_is_ignored_stays_ignored() -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    let server = server(&daemon);
    let script = "echo ready; while :; do sleep 0.05; done";
    let plain = command(&line(&server, &[], &["sh", "-c", script]));
    let mut ignoring = Command::new("sh");
    ignoring.args(["-c", "trap '' HUP TSTP; exec \"$@\"", "sh"]).arg(plain.get_program()).args(plain.get_args());
    let mut process = Process::spawn(&mut ignoring)?;
    expect(&process, "ready")?;
    process.signal(Signal::HUP)?;
    process.signal(Signal::TSTP)?;
    process.signal(Signal::TERM)?;
    // The others came first, and would have ended or stopped it.
    assert_eq!(process.wait()?.code(), Some(143));
    Ok(())
}

#[test]
fn a_command_whose_status_nobody_can_know_ends_all_the_same() -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    let server = server(&daemon);
    let plain = command(&line(&server, &[], &["true"]));
    let mut ignoring = Command::new("env");
    ignoring.arg("--ignore-signal=CHLD").arg(plain.get_program()).args(plain.get_args());
    let mut process = Process::spawn(&mut ignoring)?;
    assert_eq!(process.wait()?.code(), Some(1));
    let stderr = "poolcounterctl: the status of the command is lost, for SIGCHLD is ignored\\n";
    assert_eq!(process.printed()?, (String::new(), stderr.to_owned()));
    Ok(())
}

/// What the kernel says a process does: `T` is stopped.
fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

#[test]
fn it_stops_and_goes_on_together_with_the_command() -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    let mut process = begun(&server(&daemon), &[], "trap 'exit 3' USR1; echo $$ ready; while :; do sleep 0.05; done")?;
    let (printed, _) = process.printed()?;
    let command: u32 = printed.split(' ').next().context("a number")?.parse()?;
    let both = |stopped: bool| {
        let is = [process.pid(), command].iter().all(|pid| (state(*pid) == Some('T')) == stopped);
        is.then_some(())
    };
    process.signal(Signal::TSTP)?;
    Deadline::after(PATIENCE).poll(|| both(true)).context("they do not stop")?;
    process.signal(Signal::CONT)?;
    Deadline::after(PATIENCE).poll(|| both(false)).context("they do not go on")?;
    process.signal(Signal::USR1)?;
    assert_eq!(process.wait()?.code(), Some(3));
    Ok(())
}

#[test]
fn a_lost_lock_is_reported_and_the_command_goes_on() -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    let scratch = Scratch::new()?;
    let go_on = scratch.file("go-on");
    let script = format!("echo ready; while ! [ -e {} ]; do sleep 0.05; done; exit 5", go_on.display());
    let server = server(&daemon);
    let mut process = begun(&server, &[], &script)?;
    daemon.signal(Signal::KILL)?;
    expect(&process, "is lost")?;
    fs::write(&go_on, "")?;
    assert_eq!(process.wait()?.code(), Some(5));
    let why = format!(
        "the lock on job is lost, because the connection to {server} has ended; the command goes on unprotected"
    );
    assert_eq!(process.printed()?, ("ready\\n".to_owned(), format!("poolcounterctl: {why}\\n")));
    Ok(())
}

#[test]
fn a_command_that_has_lost_its_lock_can_be_ended() -> Result<()> {
    for (script, status) in [
        ("echo ready; exec sleep 60", 143),
        ("trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done", 9),
        // It is killed after ten seconds.
        ("trap '' TERM; echo ready; while :; do sleep 0.05; done", 137),
    ] {
        let daemon = Daemon::ours::<&str>(&[])?;
        let mut process = begun(&server(&daemon), &["--kill-on-loss"], script)?;
        daemon.signal(Signal::KILL)?;
        let ended = Deadline::after(Duration::from_secs(20) + PATIENCE).poll(|| process.ended().transpose());
        assert_eq!(ended.context("it does not end")??.code(), Some(status), "{script}");
    }
    Ok(())
}

/// Says of each interruption that it came.
const COUNTING: &str = "
import signal, sys
signals = {signal.SIGINT, signal.SIGUSR1}
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
print('ready', flush=True)
while signal.sigwait(signals) == signal.SIGINT:
    print('interrupted', flush=True)
sys.exit(3)
";

#[test]
fn a_key_of_the_terminal_interrupts_the_command_once() -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    let server = server(&daemon);
    // A shell would count two interruptions as one.
    let mut terminal = Terminal::start((80, 24), &line(&server, &[], &["python3", "-c", COUNTING]), &[])?;
    terminal.expect_text("ready")?;
    for times in 1..=3 {
        terminal.enter("\x03")?;
        terminal.expect("an interruption", |screen| screen.contents().matches("interrupted").count() >= times)?;
    }
    terminal.signal(Signal::USR1)?;
    assert_eq!(terminal.ended()?.code(), Some(3));
    assert_eq!(terminal.text().matches("interrupted").count(), 3, "{}", terminal.text());
    Ok(())
}

#[test]
fn a_terminal_that_vanishes_ends_the_command_and_frees_the_lock() -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    let server = server(&daemon);
    let script = "trap 'exit 3' HUP; echo ready; while :; do sleep 0.05; done";
    let mut terminal = Terminal::start((80, 24), &line(&server, &[], &["sh", "-c", script]), &[])?;
    terminal.expect_text("ready")?;
    assert_eq!(terminal.hang_up()?.code(), Some(3));
    let mut next = Client::connect(daemon.address())?;
    assert_eq!(next.ask("ACQ4ME job 1 10 60\n")?, "LOCKED\n");
    Ok(())
}
