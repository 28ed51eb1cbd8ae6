use crate::daemon::Administered;
use crate::program::{ran, ran_until};
use crate::pty::Terminal;
use anyhow::Result;
use poolcounter_test_support::Client;

const PAGE: &str = "enwiki:pcache:idhash:3-0!canonical:revid:3";

/// The cells of the line that has this word.
fn cells<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let line = text.lines().find(|line| line.split_whitespace().any(|cell| cell == word));
    line.unwrap_or_else(|| panic!("no {word} in {text}")).split_whitespace().collect()
}

#[test]
fn a_server_that_is_away_hides_no_other() -> Result<()> {
    let server = Administered::new(&["--max-clients", "50"])?;
    let _crowd = server.crowd(PAGE, 2)?;
    let arguments = ["status", "-s", "unix:/nonexistent/admin", "-s", &server.admin, "-s", &server.admin_tcp];
    let text = ran_until(&arguments, |ran| ran.stdout.matches("  clients     3 of 50\n").count() == 2)?;
    let stderr = "poolcounterctl: unix:/nonexistent/admin: cannot connect: No such file or directory\n";
    assert_eq!((text.status, &*text.stderr), (Some(69), stderr));
    assert!(text.stdout.starts_with(&format!("{}: ready\n", server.admin)), "{}", text.stdout);
    assert!(text.stdout.contains(&format!("\n{}: ready\n", server.admin_tcp)), "{}", text.stdout);
    assert_eq!(text.stdout.matches("  keys        1, holders 1, waiters 2\n").count(), 2, "{}", text.stdout);
    let json = ran(&[&arguments[..], &["--json"]].concat())?;
    assert_eq!((json.status, &*json.stderr), (Some(69), stderr));
    let json = json.json();
    assert_eq!(json["servers"][0]["error"], "cannot connect: No such file or directory");
    assert_eq!(json["servers"][1]["server"], *server.admin);
    assert_eq!(json["servers"][2]["answer"]["waiters"], 2);
    Ok(())
}

#[test]
fn the_environment_names_servers() -> Result<()> {
    let server = Administered::new(&[])?;
    let mut command = crate::program::command(&["status"]);
    command.env("POOLCOUNTERCTL_SERVER", format!("{} {}", server.admin, server.admin_tcp));
    let output = command.output()?;
    let stdout = String::from_utf8(output.stdout)?;
    assert!(stdout.contains(&server.admin) && stdout.contains(&server.admin_tcp), "{stdout}");
    Ok(())
}

#[test]
fn groups_have_their_numbers() -> Result<()> {
    let server = Administered::new(&[])?;
    let _crowd = server.crowd(PAGE, 2)?;
    let _refused = server.client(&format!("ACQ4ANY {PAGE} 1 3 600"))?;
    let ran = ran(&["groups", "-s", &server.admin])?;
    let [name, keys, held, waiting, _oldest, granted, later, done, full, ..] = cells(&ran.stdout, "pcache")[..] else {
        panic!("{}", ran.stdout)
    };
    let row = [name, keys, held, waiting, granted, later, done, full];
    assert_eq!(row, ["pcache", "1", "1", "2", "1", "0", "0", "1"], "{}", ran.stdout);
    Ok(())
}

#[test]
fn the_keys_that_are_waited_for_most_come_first_and_whole() -> Result<()> {
    let server = Administered::new(&[])?;
    let long = format!("{PAGE}{}", "x".repeat(300));
    let _crowds = [server.crowd(PAGE, 1)?, server.crowd(&long, 3)?, server.crowd("thumbor-ip-192.0.2.7", 0)?];
    let all = ran(&["keys", "-s", &server.admin])?;
    let keys: Vec<&str> = all.stdout.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(keys, [&*long, PAGE, "thumbor-ip-192.0.2.7"]);
    let first = cells(&all.stdout, &long);
    assert_eq!(first[1..4], ["pcache", "1", "3"], "{}", all.stdout);
    let one = ran(&["keys", "-s", &server.admin, "--limit", "1", "--json"])?.json();
    let answer = &one["servers"][0]["answer"];
    assert_eq!((answer["keys"].as_array().map(Vec::len), &answer["keys"][0]["key"]), (Some(1), &long.into()));
    let group = ran(&["keys", "-s", &server.admin_tcp, "--group", "thumbor-ip", "--sort", "held"])?;
    assert_eq!(group.stdout.lines().count(), 2, "{}", group.stdout);
    let counted = ran(&["keys", "-s", &server.admin, "--sort", "acquires", "--window", "hour"])?;
    assert_eq!(cells(&counted.stdout, PAGE)[1..3], ["pcache", "2"], "{}", counted.stdout);
    Ok(())
}

#[test]
fn a_key_loses_its_middle_on_a_terminal() -> Result<()> {
    let server = Administered::new(&[])?;
    let _crowd = server.crowd(&format!("{PAGE}{}", "x".repeat(300)), 1)?;
    let mut terminal = Terminal::start((80, 24), &["keys", "-s", &server.admin], &[])?;
    assert_eq!(terminal.ended()?.code(), Some(0));
    let text = terminal.text();
    let line = text.lines().find(|line| line.contains('…')).unwrap_or_else(|| panic!("no short key in {text}"));
    assert!(line.starts_with("enwiki:") && line.contains("x ") && line.contains(" pcache "), "{text}");
    // On one line, with the holder at its end.
    assert!(line.contains(" 127.0.0.1:") && line.chars().count() <= 80, "{text}");
    Ok(())
}

#[test]
fn more_keys_than_the_server_says_at_once() -> Result<()> {
    let server = Administered::new(&[])?;
    let mut clients = Vec::new();
    for client in 0..300 {
        let mut connection = Client::connect(server.daemon.address())?;
        let requests = [0, 1, 2, 3].map(|key| format!("ACQ4ME k{client}-{key} 1 10 600\n"));
        connection.send(requests.concat().as_bytes())?;
        clients.push(connection);
    }
    server.daemon.settle()?;
    for (limit, count, goes_on) in [("1100", 1100, true), ("5000", 1200, false)] {
        let json = ran(&["keys", "-s", &server.admin, "--sort", "held", "--limit", limit, "--json"])?.json();
        let answer = &json["servers"][0]["answer"];
        assert_eq!((answer["keys"].as_array().map(Vec::len), answer["next"].is_string()), (Some(count), goes_on));
    }
    Ok(())
}

#[test]
fn who_holds_a_key_and_who_waits_for_it() -> Result<()> {
    let server = Administered::new(&[])?;
    let crowd = server.crowd("a?b/c#d%25", 2)?;
    // The text form of the key has the percent sign encoded.
    let ran = ran(&["key", "a?b/c#d%2525", "-s", &server.admin])?;
    let heading = format!("{}: a?b/c#d%2525, group other, holders 1, waiters 2\n", server.admin);
    assert!(ran.stdout.starts_with(&heading), "{ran:?}");
    let rows: Vec<Vec<&str>> = ran.stdout.lines().skip(2).map(|line| line.split_whitespace().collect()).collect();
    let states: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(states, ["held", "waiting", "waiting"]);
    let address = format!("127.0.0.1:{}", crowd[0].port());
    assert_eq!(rows[0].last(), Some(&&*address), "{}", ran.stdout);
    assert_eq!(rows[1][3..7], ["any", "1", "100", "600s"], "{}", ran.stdout);
    Ok(())
}

#[test]
fn a_key_that_nobody_has_is_a_failure() -> Result<()> {
    let server = Administered::new(&[])?;
    let ran = ran(&["key", "nobody", "-s", &server.admin])?;
    assert_eq!((ran.status, &*ran.stdout), (Some(1), ""));
    assert!(ran.stderr.starts_with(&format!("poolcounterctl: {}: ", server.admin)), "{}", ran.stderr);
    Ok(())
}

#[test]
fn clients_and_their_claims() -> Result<()> {
    let server = Administered::new(&[])?;
    let crowd = server.crowd(PAGE, 1)?;
    let ran = ran_until(&["clients", "-s", &server.admin], |ran| ran.stdout.lines().count() == 3)?;
    let rows: Vec<Vec<&str>> = ran.stdout.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    for ((row, client), state) in rows.iter().zip(&crowd).zip(["held", "waiting"]) {
        assert_eq!(row[1], format!("127.0.0.1:{}", client.port()));
        assert_eq!((row[6], row[8]), (state, PAGE), "{}", ran.stdout);
    }
    Ok(())
}
