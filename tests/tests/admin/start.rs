//! How the interface is asked for, and what is refused.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Admin, Deadline, Network, Outcome, PATIENCE, Process, Program, Scratch};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::scene::Scene;

fn refused(network: &Network, arguments: &[&str]) -> Result<[Outcome; 2]> {
    let program = Program::ours()?;
    let alone = Outcome::of(network.command(&program).args(arguments))?;
    let managed = Outcome::of(network.command(&program).args(arguments).env("NOTIFY_SOCKET", "/nowhere"))?;
    Ok([alone, managed])
}

#[test]
fn what_cannot_be_is_refused() -> Result<()> {
    let (network, scratch) = (Network::new()?, Scratch::new()?);
    let rules = scratch.file("groups");
    fs::write(&rules, "pcache *:pcache:*\n9 *\n")?;
    let rules = rules.display().to_string();
    let (pipe, large) = (scratch.file("pipe"), scratch.file("large"));
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
    fs::write(&large, vec![b'#'; 1024 * 1024 + 1])?;
    let [pipe, large] = [pipe, large].map(|file| file.display().to_string());
    let permanent = [
        (["--admin", "127.0.0.1"], "--admin takes ADDRESS:PORT or unix:/PATH, not `127.0.0.1`.\n".to_owned()),
        (["--admin", "unix:x"], "--admin takes ADDRESS:PORT or unix:/PATH, not `unix:x`.\n".to_owned()),
        (["--admin-name", "a:1"], "--admin-name takes the name of a host, without a port, not `a:1`.\n".to_owned()),
        (
            ["--groups", &rules],
            format!(
                "--groups {rules}: line 2: \"9\" is no name of a group: a letter, then up to 63 letters, digits, _ and -\n"
            ),
        ),
        (["--groups", "/nowhere/x"], "--groups /nowhere/x: it cannot be read: No such file or directory\n".to_owned()),
        (["--groups", "/dev/zero"], "--groups /dev/zero: it cannot be read: it is not a regular file\n".to_owned()),
        (["--groups", &pipe], format!("--groups {pipe}: it cannot be read: it is not a regular file\n")),
        (["--config", &pipe], format!("--config {pipe}: it cannot be read: it is not a regular file\n")),
        (["--groups", &large], format!("--groups {large}: it has more than 1048576 bytes\n")),
        (
            ["--admin", "127.0.0.1:7531"],
            "Couldn't listen at both 127.0.0.1:7531 and 127.0.0.1:7531: the command line asks for one port twice\n"
                .to_owned(),
        ),
    ];
    for (arguments, words) in permanent {
        let expected = [Outcome::refuses(&words), Outcome::refuses_with(64, &words)];
        assert_eq!(refused(&network, &arguments)?, expected, "{arguments:?}");
    }
    let words = "Couldn't bind 10.99.99.99:80 for --admin: Cannot assign requested address\n";
    assert_eq!(refused(&network, &["--admin", "10.99.99.99:80"])?, [words, words].map(Outcome::refuses));
    Ok(())
}

#[test]
fn an_address_that_others_reach_is_warned_about_once() -> Result<()> {
    let network = Network::new()?;
    let run = |admin: &str| {
        let mut command = network.command(&Program::ours()?);
        let mut process = Process::spawn(command.args(["--admin", admin]))?;
        process.expect_listeners(&["127.0.0.1:7531".parse()?, admin.parse()?])?;
        process.signal(rustix::process::Signal::TERM)?;
        process.wait()?;
        Ok::<_, anyhow::Error>(process.printed()?.1)
    };
    let said = run("0.0.0.0:7532")?;
    let warning = "WARN --admin 0.0.0.0:7532: other hosts that reach this address can read all keys, which contain users' addresses";
    ensure!(said.matches("WARN").count() == 1 && said.replace("\\\'", "'").contains(warning), "{said}");
    ensure!(run("127.0.0.2:7532")?.is_empty());
    Ok(())
}

/// A name alone serves nobody.
#[test]
fn a_name_without_an_interface_is_warned_about() -> Result<()> {
    let daemon = poolcounter_test_support::Daemon::ours(&["--admin-name", "pool.example"])?;
    daemon.expect_said("--admin-name has no effect without --admin")?;
    Ok(())
}

#[test]
fn rules_of_a_file_make_the_groups() -> Result<()> {
    let scratch = Scratch::new()?;
    fs::write(scratch.file("groups"), "mine my-*\nslots *\n")?;
    let scene = Scene::new(&["--groups", &scratch.file("groups").display().to_string()])?;
    let _clients = scene.clients(
        1,
        "ACQ4ME my-key 1 1 1\nACQ4ME x:pcache:1 1 1 1\nACQ4ME Render:7 1 1 1\n",
        "LOCKED\nLOCKED\nLOCKED\n",
    )?;
    let keys = scene.whole("/v1/keys", "keys", 10)?;
    let groups: Vec<_> = keys.iter().map(|key| (key["key"].as_str(), key["group"].as_str())).collect();
    for pair in [("my-key", "mine"), ("x:pcache:1", "other"), ("Render:7", "Render")] {
        ensure!(groups.contains(&(Some(pair.0), Some(pair.1))), "{groups:?}");
    }
    let metrics = scene.unix.get("/metrics")?;
    ensure!(metrics.contains("poolcounter_holders{group=\"mine\"} 1\n"), "{metrics}");
    Ok(())
}

/// As in the unit: the service's group is the operators', and its folder can be entered by all.
#[test]
fn operators_reach_the_interface_and_others_only_the_pool() -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: another user's rights need root");
        return Ok(());
    }
    let (operators, service, web) = ("64321", "64320", "33");
    let folder = tempfile()?;
    let [admin, pool] = ["admin", "socket"].map(|name| format!("{}/{name}", folder.0));
    std::os::unix::fs::chown(&folder.0, Some(service.parse()?), Some(operators.parse()?))?;
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o755))?;
    let program = Program::ours()?;
    let copy = format!("{}/poolcounterd", folder.0);
    fs::copy(program.path(), &copy)?;
    let wrapper = ["setpriv", "--reuid", service, "--regid", operators, "--clear-groups"];
    let mut command = Program::alone(copy.into()).within(&wrapper);
    command.arg(format!("--listen=unix:{pool}")).args(["--unix-mode", "0666"]).arg(format!("--admin=unix:{admin}"));
    let _process = Process::spawn(&mut command)?;
    let there = || Admin::Unix(admin.clone().into()).get("/healthz").ok();
    Deadline::after(PATIENCE).poll(there).context("it does not serve")?;
    ensure!(fs::metadata(&admin)?.permissions().mode() & 0o777 == 0o660, "{admin}");
    let connects = |group: &str, path: &str| {
        let script = "use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); exit !connect(S, sockaddr_un(shift))";
        let mut command = Command::new("setpriv");
        command.args(["--reuid", web, "--regid", web, "--groups", group, "perl", "-e", script, path]);
        Ok::<_, anyhow::Error>(command.stderr(std::process::Stdio::null()).status()?.success())
    };
    ensure!(connects(web, &pool)? && !connects(web, &admin)?, "www-data reaches the interface, or not the pool");
    ensure!(connects(operators, &admin)?, "an operator does not reach the interface");
    drop(UnixStream::connect(&pool)?);
    Ok(())
}

/// A folder that other users can reach.
fn tempfile() -> Result<Folder> {
    let path = format!("/tmp/poolcounter-admin-{}", std::process::id());
    fs::create_dir(&path)?;
    Ok(Folder(path))
}

struct Folder(String);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
