//! `--listen`, and what listens without it.

use std::net::{SocketAddr, TcpListener};

use anyhow::{Result, ensure};
use poolcounter_test_support::{Client, Deadline, Network, Outcome, PATIENCE, Process, Program, Scratch, run_to_end};

use crate::unix_socket::ask;

/// A port that is free at both loopback addresses, for the moment.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("[::]:0")?;
    Ok(listener.local_addr()?.port())
}

fn addresses(texts: &[&str]) -> Result<Vec<SocketAddr>> {
    Ok(texts.iter().map(|text| text.parse()).collect::<Result<_, _>>()?)
}

#[test]
fn every_form_of_address_is_taken_and_all_add_up() -> Result<()> {
    let scratch = Scratch::new()?;
    let path = scratch.file("socket");
    let unix = format!("unix:{}", path.display());
    let network = Network::new()?;
    let mut command = network.command(&Program::ours()?);
    command.args(["--listen", "127.0.0.2", "--listen=127.0.0.3:81", "--listen", "[::1]:82", "--listen", "[::1]"]);
    command.args(["-l", "127.0.0.4", "--listen", &unix]);
    let process = Process::spawn(&mut command)?;
    let expected = ["127.0.0.2:7531", "127.0.0.3:81", "[::1]:82", "[::1]:7531", "127.0.0.4:7531"];
    process.expect_listeners(&addresses(&expected)?)?;
    assert_eq!(ask(&path, "RELEASE\n")?, "NOT_LOCKED\n");
    assert_eq!(process.printed()?, (String::new(), String::new()));
    Ok(())
}

#[test]
fn listen_alone_takes_the_place_of_the_default() -> Result<()> {
    let outcome = Outcome::of(Network::new()?.command(&Program::ours()?).args(["--listen", "127.0.0.2:99"]))?;
    assert_eq!(outcome, Outcome::listens("127.0.0.2:99".parse()?));
    Ok(())
}

#[test]
fn all_listeners_share_one_table() -> Result<()> {
    let port = free_port()?;
    let here = [format!("127.0.0.1:{port}"), format!("[::1]:{port}")];
    let listen = here.iter().map(|address| format!("--listen={address}"));
    let process = Process::spawn(Program::ours()?.command().args(listen))?;
    let here = addresses(&[&here[0], &here[1]])?;
    process.expect_listeners(&here)?;
    let [mut four, mut six] = [Client::connect(here[0])?, Client::connect(here[1])?];
    assert_eq!(four.ask("ACQ4ME page 1 5 0\n")?, "LOCKED\n");
    assert_eq!(six.ask("ACQ4ME page 1 5 0\n")?, "TIMEOUT\n");
    Ok(())
}

#[test]
fn the_unspecified_ipv6_address_serves_both_families() -> Result<()> {
    let network = Network::new()?;
    for (arguments, port) in [(["-l", "::"], 7531), (["--listen", "[::]:99"], 99)] {
        let process = Process::spawn(network.command(&Program::ours()?).args(arguments))?;
        process.expect_listeners(&[SocketAddr::new("::".parse()?, port)])?;
        for address in ["127.0.0.1", "::1"] {
            assert_eq!(ask_inside(&network, address, port)?, "NOT_LOCKED\n", "{arguments:?} {address}");
        }
    }
    Ok(())
}

fn ask_inside(network: &Network, address: &str, port: u16) -> Result<String> {
    let script = format!("exec 3<>/dev/tcp/{address}/{port} && echo RELEASE >&3 && head -n 1 <&3");
    let mut command = network.script(&script);
    let output = run_to_end(&mut command, Deadline::after(PATIENCE))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

#[test]
fn an_address_that_cannot_be_had_is_an_error_whichever_it_is() -> Result<()> {
    let network = Network::new()?;
    let mut other = Process::spawn(network.command(&Program::ours()?).args(["--listen", "127.0.0.3:80"]))?;
    other.expect_listeners(&["127.0.0.3:80".parse()?])?;
    for last in ["10.99.99.99", "127.0.0.3:80"] {
        let arguments = ["--listen", "127.0.0.2:80", "--listen", last];
        let outcome = Outcome::at_end(network.command(&Program::ours()?).args(arguments))?;
        let Outcome::Ends { code, stderr, .. } = outcome else { panic!("it listens: {outcome:?}") };
        ensure!(code == Some(1) && stderr.starts_with("Couldn\\'t bind: "), "{last}: {code:?} {stderr:?}");
    }
    ensure!(other.ended()?.is_none(), "the other daemon ended");
    Ok(())
}

#[test]
fn what_is_no_address_is_refused() -> Result<()> {
    for text in
        ["", "bad", "127.1", "127.0.0.1:", "127.0.0.1:65536", "::1]:80", "[::1]80", "unix:", "unix:a", "localhost:80"]
    {
        let outcome = Outcome::of(Program::ours()?.command().args(["--listen", text]))?;
        assert_eq!(outcome, Outcome::refuses(&format!("Address `{text}` is not valid to listen on.\n")));
    }
    Ok(())
}
