//! If the new program cannot take over, the old one continues and logs the reason.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Counters, Daemon, Deadline, Installed, PATIENCE, Program};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// A daemon, and clients that hold and wait.
pub(crate) struct Scene {
    pub(crate) installed: Installed,
    pub(crate) daemon: Daemon,
    pub(crate) holder: Client,
    waiter: Client,
    open: usize,
}

impl Scene {
    pub(crate) fn new() -> Result<Self> {
        let installed = Installed::new()?;
        let daemon = installed.daemon(&[])?;
        let [mut holder, mut waiter] = [Client::connect(daemon.address())?, Client::connect(daemon.address())?];
        assert_eq!(holder.ask("ACQ4ME page 1 9 0\n")?, "LOCKED\n");
        waiter.send(b"ACQ4ME page 1 9 60\n")?;
        holder.settle()?;
        let open = descriptors(&daemon)?;
        Ok(Self { installed, daemon, holder, waiter, open })
    }

    /// Asks for an upgrade, which must fail for a reason with these words.
    fn expect_refusal(&mut self, words: &str) -> Result<()> {
        let said = self.daemon.stderr();
        self.daemon.signal(Signal::USR1)?;
        self.expect_said(&said, words)
    }

    fn expect_said(&mut self, before: &str, words: &str) -> Result<()> {
        let more = || Some(self.daemon.stderr()).filter(|now| now.len() > before.len() && now.ends_with('\n'));
        let now = Deadline::after(PATIENCE * 2).poll(more).context("it says nothing")?;
        let path = self.installed.path();
        let line = now.strip_prefix(before).context("it goes on")?;
        ensure!(line.lines().count() == 1 && line.contains(words), "expected {words:?}, it said {line:?}");
        ensure!(
            line.contains("SIGUSR1: not upgraded") && line.contains(&path.display().to_string()),
            "it said {line:?}"
        );
        self.expect_unharmed()
    }

    pub(crate) fn expect_unharmed(&mut self) -> Result<()> {
        self.holder.settle()?;
        self.waiter.expect_nothing()?;
        assert_eq!(self.holder.ask("ACQ4ME page 9 2 0\n")?, "QUEUE_FULL\n");
        // Connections that tested the daemon may not be closed yet.
        let as_before = || descriptors(&self.daemon).ok().filter(|open| *open == self.open);
        Deadline::after(PATIENCE)
            .poll(as_before)
            .with_context(|| format!("{:?} are open", descriptors(&self.daemon)))?;
        Ok(())
    }

    /// At the end a valid upgrade succeeds, and nothing is lost.
    pub(crate) fn expect_upgrade(self) -> Result<()> {
        self.installed.upgrade(&self.daemon)?;
        self.expect_nothing_lost()
    }

    pub(crate) fn expect_nothing_lost(mut self) -> Result<()> {
        assert_eq!(self.holder.ask("RELEASE\n")?, "RELEASED\n");
        self.waiter.expect(b"LOCKED\n")?;
        self.waiter.close()?;
        let rest = || Counters::ask(&mut self.holder).ok().filter(Counters::at_rest);
        Deadline::after(PATIENCE).poll(rest).context("some lock is left over")?;
        Ok(())
    }
}

fn descriptors(daemon: &Daemon) -> Result<usize> {
    Ok(fs::read_dir(format!("/proc/{}/fd", daemon.pid()))?.count())
}

#[test]
fn a_file_that_is_not_there_or_cannot_be_executed() -> Result<()> {
    let mut scene = Scene::new()?;
    fs::remove_file(scene.installed.path())?;
    scene.expect_refusal("No such file or directory")?;
    fs::create_dir(scene.installed.path())?;
    scene.expect_refusal("Permission denied")?;
    fs::remove_dir(scene.installed.path())?;
    scene.installed.put_script("exit 0")?;
    scene.installed.put("#!/bin/sh\n", 0o644)?;
    scene.expect_refusal("Permission denied")?;
    scene.installed.put("\x7fELF and nothing more", 0o755)?;
    scene.expect_refusal("Exec format error")?;
    scene.expect_upgrade()
}

#[test]
fn a_program_that_is_another_one() -> Result<()> {
    let mut scene = Scene::new()?;
    for (script, words) in [
        ("exit 0", "(exit status: 0): it said nothing"),
        ("echo 'poolcounterd: can take over, and more'", "(exit status: 0): poolcounterd: can take over, and more"),
        ("echo 'poolcounterd: can take over'; exit 1", "(exit status: 1): poolcounterd: can take over"),
        ("echo first >&2; echo second >&2; exit 3", "(exit status: 3): first"),
        ("printf '\\033[2Jhidden' >&2; exit 3", ": ?[2Jhidden"),
        ("kill -SEGV $$", "SIGSEGV"),
        ("head -c 5000 /dev/zero | tr '\\0' x >&2; exit 3", &"x".repeat(200)),
    ] {
        scene.installed.put_script(script)?;
        scene.expect_refusal(words)?;
    }
    // If an operator goes back to the reference, SIGUSR1 must not start it in addition to our daemon.
    let reference = Program::reference()?;
    let libraries = reference.path().with_file_name("lib");
    let script = format!("LD_LIBRARY_PATH={} exec {} \"$@\"", libraries.display(), reference.path().display());
    scene.installed.put_script(&script)?;
    scene.expect_refusal("invalid option -- '-'")?;
    scene.expect_upgrade()
}

/// The new program may not accept the command line of the old one.
#[test]
fn a_program_that_does_not_know_an_option() -> Result<()> {
    let mut scene = Scene::new()?;
    scene.installed.put_script("exec \"$program\" \"$@\" --not-yet-known")?;
    scene.expect_refusal("invalid option -- '-'")?;
    scene.expect_upgrade()
}

#[test]
fn a_program_that_cannot_read_the_state() -> Result<()> {
    let mut scene = Scene::new()?;
    for (change, words) in [
        // The version comes after a line of 23 bytes.
        (
            "{ head -c 23; printf '\\377'; tail -c +2; }",
            "the state is of version 255; this program reads versions up to 2",
        ),
        ("head -c -1", "damaged"),
        ("{ cat; echo; }", "damaged"),
        ("{ cat; printf '\\011\\000'; }", "the state has a section 9"),
        ("cat /dev/null", "not the state of a poolcounterd"),
        ("tr a-z A-Z", "not the state of a poolcounterd"),
    ] {
        scene.installed.put_script(&format!("{change} | \"$program\" \"$@\""))?;
        scene.expect_refusal(words)?;
    }
    scene.expect_upgrade()
}

/// The process of a tried program, which writes its process id into the file `mark`.
fn mark(scene: &Scene) -> Result<Pid> {
    let file = scene.installed.path().with_file_name("mark");
    let tried = || fs::read_to_string(&file).ok()?.trim().parse().ok().and_then(Pid::from_raw);
    let pid = Deadline::after(PATIENCE).poll(tried).context("it is not tried")?;
    fs::remove_file(file)?;
    Ok(pid)
}

#[test]
fn a_program_that_hangs() -> Result<()> {
    let mut scene = Scene::new()?;
    // One that is silent, and one that fills its pipe.
    for script in ["sleep 3600", "yes >&2"] {
        let before = scene.daemon.stderr();
        scene.installed.put_script(&format!("echo $$ >\"$(dirname \"$0\")/mark\"; exec {script}"))?;
        let start = Instant::now();
        scene.daemon.signal(Signal::USR1)?;
        let hanging = mark(&scene)?;
        // The daemon serves meanwhile.
        scene.holder.settle()?;
        scene.waiter.expect_nothing()?;
        scene.expect_said(&before, "did not report within 10 s")?;
        ensure!(start.elapsed() >= Duration::from_secs(10), "too early");
        ensure!(test_kill_process(hanging).is_err(), "the program that hung is left");
    }
    scene.expect_upgrade()
}

/// The operator sees that the program hangs, and replaces it by a working one.
#[test]
fn a_request_that_comes_during_a_trial() -> Result<()> {
    let mut scene = Scene::new()?;
    scene.installed.put_script("echo $$ >\"$(dirname \"$0\")/mark\"; exec sleep 3600")?;
    scene.daemon.signal(Signal::USR1)?;
    let hanging = mark(&scene)?;
    scene.installed.exchange()?;
    scene.daemon.signal(Signal::USR1)?;
    scene.daemon.settle()?;
    kill_process(hanging, Signal::KILL)?;
    scene.installed.wait_until_it_runs(&scene.daemon)?;
    let said = scene.daemon.expect_said("(signal: 9 (SIGKILL)): it said nothing")?;
    ensure!(said.lines().count() == 1, "it said {said:?}");
    assert_eq!(scene.holder.ask("RELEASE\n")?, "RELEASED\n");
    scene.waiter.expect(b"LOCKED\n")
}

/// The daemon does not wait for a child of the tried program that keeps its pipes open.
#[test]
fn a_program_that_leaves_a_child_behind() -> Result<()> {
    let mut scene = Scene::new()?;
    scene.installed.put_script("sleep 60 & echo $! >\"$(dirname \"$0\")/mark\"; exit 4")?;
    let refused = scene.expect_refusal("exit status: 4");
    // This fails if the process has ended.
    kill_process(mark(&scene)?, Signal::KILL)?;
    refused?;
    scene.expect_upgrade()
}

/// The daemon executes only the file that it has tried.
#[test]
fn a_file_that_is_exchanged_while_it_is_tried() -> Result<()> {
    let mut scene = Scene::new()?;
    // Each program accepts, and has replaced its own file meanwhile.
    let exchange = "cp \"$0\" \"$0.next\"; mv \"$0.next\" \"$0\"";
    scene.installed.put_script(&format!("{exchange}; exec \"$program\" \"$@\""))?;
    scene.expect_refusal("its file was replaced during each of 3 trials")?;
    // A program that accepts and replaces itself by one that refuses: that one is tried too.
    let refuse =
        "printf '#!/bin/sh\\necho no >&2; exit 7\\n' >\"$0.next\"; chmod +x \"$0.next\"; mv \"$0.next\" \"$0\"";
    scene.installed.put_script(&format!("{refuse}; exec \"$program\" \"$@\""))?;
    scene.expect_refusal("(exit status: 7): no")?;
    scene.expect_upgrade()
}

/// The program was tried but cannot be executed: the old program undoes its preparations.
#[test]
fn an_execution_that_fails_at_last() -> Result<()> {
    let mut scene = Scene::new()?;
    let interpreter = scene.installed.path().with_file_name("interpreter");
    for _ in 0..3 {
        std::os::unix::fs::symlink("/bin/sh", &interpreter)?;
        let script =
            format!("#!{0}\nrm {0}\nexec {1} \"$@\"\n", interpreter.display(), Program::ours()?.path().display());
        scene.installed.put(&script, 0o755)?;
        scene.expect_refusal("it cannot be executed: No such file or directory")?;
        // A client that disconnects while the daemon writes to it (SIGPIPE) must still not end the daemon.
        let mut gone = Client::connect(scene.daemon.address())?;
        gone.send(&b"STATS FULL\n".repeat(1_000))?;
        gone.reset()?;
        scene.expect_unharmed()?;
    }
    let input = fs::read_link(format!("/proc/{}/fd/0", scene.daemon.pid()))?;
    assert_eq!(input, Path::new("/dev/null"));
    scene.expect_upgrade()
}
