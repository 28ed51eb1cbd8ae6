use crate::daemon::Administered;
use crate::program::ran;
use anyhow::Result;
use std::net::TcpListener;

#[test]
fn a_server_that_says_nothing_is_not_waited_for() -> Result<()> {
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let address = silent.local_addr()?.to_string();
    for command in ["status", "keys", "clients", "events"] {
        let ran = ran(&[command, "-s", &address, "--timeout", "0.3"])?;
        let stderr = format!("poolcounterctl: {address}: no answer within 0.3 s\n");
        assert_eq!((ran.status, &*ran.stdout, ran.stderr), (Some(69), "", stderr), "{command}");
    }
    let ran = ran(&["stats", "-s", &address, "--timeout", "0.3"])?;
    assert_eq!((ran.status, &*ran.stdout), (Some(69), ""));
    assert!(ran.stderr.starts_with("poolcounterctl: ") && ran.stderr.contains(&address), "{}", ran.stderr);
    Ok(())
}

#[test]
fn a_daemon_that_is_frozen_is_not_waited_for() -> Result<()> {
    let server = Administered::new(&[])?;
    server.daemon.freeze()?;
    let frozen = ran(&["status", "-s", &server.admin, "--timeout", "0.3"])?;
    let check = ran(&["check", "-s", &server.admin, "--timeout", "0.3"])?;
    server.daemon.thaw()?;
    assert_eq!(frozen.stderr, format!("poolcounterctl: {}: no answer within 0.3 s\n", server.admin));
    assert_eq!((frozen.status, check.status), (Some(69), Some(2)));
    Ok(())
}

#[test]
fn the_port_of_the_protocol_is_no_admin_socket() -> Result<()> {
    let server = Administered::new(&[])?;
    let address = server.daemon.address().to_string();
    let ran = ran(&["status", "-s", &address])?;
    let stderr = format!("poolcounterctl: {address}: it does not speak HTTP; is that its admin socket?\n");
    assert_eq!((ran.status, ran.stderr), (Some(69), stderr));
    Ok(())
}
