use crate::daemon::Administered;
use crate::program::{ran, ran_until};
use anyhow::Result;
use poolcounter_test_support::{Client, Daemon};
use serde_json::json;

#[test]
fn the_reference_is_judged_by_its_statistics() -> Result<()> {
    let daemon = Daemon::reference()?;
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = Client::connect(daemon.address())?;
        client.send(b"ACQ4ME page 1 10 60\n")?;
        clients.push(client);
    }
    daemon.settle()?;
    let server = daemon.address().to_string();
    let check = |arguments: &[&str]| ran(&[&["check", "--stats", &server][..], arguments].concat());
    let data = |limits: &str| format!(" | 'holders'=1;;;0 'waiters'=2;{limits};0\n");
    let cases = [
        (&[][..], 0, format!("POOLCOUNTER OK - holders 1, waiters 2{}", data(";"))),
        (&["--warn-waiters", "2"], 1, format!("POOLCOUNTER WARNING - {server}: waiters 2{}", data("2;"))),
        (
            &["--warn-waiters", "1", "--crit-waiters", "2"],
            2,
            format!("POOLCOUNTER CRITICAL - {server}: waiters 2{}", data("1;2")),
        ),
    ];
    for (arguments, status, line) in cases {
        let ran = check(arguments)?;
        assert_eq!((ran.status, ran.stdout, &*ran.stderr), (Some(status), line, ""), "{arguments:?}");
    }
    let ran = check(&["--warn-held", "5", "--json"])?;
    let message = format!("{server} does not tell: oldest hold that others wait for");
    let expected =
        json!({ "state": "UNKNOWN", "status": 3, "message": message, "data": { "holders": 1.0, "waiters": 2.0 } });
    assert_eq!((ran.status, ran.json()), (Some(3), expected));
    Ok(())
}

#[test]
fn an_admin_socket_tells_more() -> Result<()> {
    let server = Administered::new(&["--max-clients", "20"])?;
    let mut crowd = server.crowd("page", 2)?;
    let check = |arguments: &[&str]| ran(&[&["check", "-s", &server.admin][..], arguments].concat());
    // Clients that have just left are counted for a moment.
    let becomes = |arguments: &[&str], words: &str| {
        ran_until(&[&["check", "-s", &server.admin][..], arguments].concat(), |ran| ran.stdout.starts_with(words))
    };
    let fine = becomes(&[], "POOLCOUNTER OK - holders 1, waiters 2, oldest hold")?;
    assert_eq!((fine.status, &*fine.stderr), (Some(0), ""));
    let words = format!("POOLCOUNTER WARNING - {}: clients 15% | ", server.admin);
    let share = becomes(&["--warn-clients", "15", "--crit-held", "3600"], &words)?;
    assert_eq!(share.status, Some(1));
    assert!(share.stdout.ends_with(" 'clients'=15%;15;;0\n"), "{}", share.stdout);
    let held = check(&["--crit-held", "0", "--json"])?;
    assert_eq!((held.status, &held.json()["state"]), (Some(2), &"CRITICAL".into()));
    for _ in crowd.len()..20 {
        crowd.push(Client::connect(server.daemon.address())?);
    }
    let full = becomes(&[], &format!("POOLCOUNTER CRITICAL - {}: full |", server.admin))?;
    assert_eq!(full.status, Some(2));
    Ok(())
}

#[test]
fn a_server_that_is_away_is_critical() -> Result<()> {
    for (option, words) in [
        ("--stats", "cannot connect to unix:/nonexistent/s: No such file or directory"),
        ("-s", "unix:/nonexistent/s: cannot connect: No such file or directory"),
    ] {
        let ran = ran(&["check", option, "unix:/nonexistent/s"])?;
        let line = format!("POOLCOUNTER CRITICAL - {words}\n");
        assert_eq!((ran.status, ran.stdout, &*ran.stderr), (Some(2), line, ""));
    }
    Ok(())
}
