use crate::program::ran;
use anyhow::Result;
use poolcounter_test_support::{Client, Daemon};
use serde_json::json;

fn busy(daemon: &Daemon) -> Result<[Client; 2]> {
    let mut holder = Client::connect(daemon.address())?;
    assert_eq!(holder.ask("ACQ4ANY page 1 10 60\n")?, "LOCKED\n");
    let mut waiter = Client::connect(daemon.address())?;
    waiter.send(b"ACQ4ANY page 1 10 60\n")?;
    daemon.settle()?;
    Ok([holder, waiter])
}

#[test]
fn counters_of_ours_and_of_the_reference_stand_side_by_side() -> Result<()> {
    let daemons = [Daemon::ours::<&str>(&[])?, Daemon::reference()?];
    let _clients = [busy(&daemons[0])?, busy(&daemons[1])?];
    let [ours, reference] = daemons.each_ref().map(|daemon| daemon.address().ip().to_string());
    let ran = ran(&["stats", "-s", &ours, "-s", &reference])?;
    assert_eq!((ran.status, &*ran.stderr), (Some(0), ""));
    let cells: Vec<Vec<&str>> = ran.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(cells[..2], [vec!["STATISTIC"], vec![&*ours, &*reference]]);
    assert!(cells.contains(&vec!["waiting_workers", "1", "1"]), "{}", ran.stdout);
    assert_eq!(cells.len(), 2 + 1 + 8 + 12, "{}", ran.stdout);
    let widths: Vec<usize> = ran.stdout.lines().skip(1).map(str::len).collect();
    assert!(widths.iter().all(|width| *width == widths[0]), "{}", ran.stdout);
    Ok(())
}

#[test]
fn one_counter_as_json() -> Result<()> {
    let daemon = Daemon::reference()?;
    let _clients = busy(&daemon)?;
    let address = daemon.address().to_string();
    let ran = ran(&["stats", "Waiting_Workers", "--json", "-s", &address])?;
    let expected = json!({ "server": address, "counters": { "waiting_workers": 1 }, "times_seconds": {} });
    assert_eq!(ran.json(), json!({ "servers": [expected] }));
    Ok(())
}

#[test]
fn a_server_that_is_away_hides_no_other() -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    let address = daemon.address().to_string();
    for arguments in [&["stats", "uptime"][..], &["stats", "--json"]] {
        let ran = ran(&[arguments, &["-s", "unix:/nonexistent/pool", "-s", &address]].concat())?;
        assert_eq!(ran.status, Some(69));
        assert!(ran.stdout.contains("uptime") && ran.stdout.contains(&address), "{}", ran.stdout);
        let stderr = "poolcounterctl: cannot connect to unix:/nonexistent/pool: No such file or directory\n";
        assert_eq!(ran.stderr, stderr);
    }
    Ok(())
}

#[test]
fn a_counter_that_nobody_has_is_a_mistake() -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    let ran = ran(&["stats", "total", "-s", &daemon.address().to_string()])?;
    let stderr = "poolcounterctl: no server has a counter or a time named `total`\n";
    assert_eq!((ran.status, &*ran.stdout, &*ran.stderr), (Some(64), "", stderr));
    Ok(())
}
