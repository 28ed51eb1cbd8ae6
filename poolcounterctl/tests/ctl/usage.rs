use crate::program::ran;
use anyhow::Result;

#[test]
fn a_bad_command_line_has_a_status_of_its_own() -> Result<()> {
    let cases: &[(&[&str], i32)] = &[
        (&[], 64),
        (&["fly"], 64),
        (&["status", "--bogus"], 64),
        (&["status", "-s", "10.0.0.1"], 64),
        (&["status", "--timeout", "0"], 64),
        (&["keys", "--sort", "size"], 64),
        (&["route", "key"], 64),
        (&["kick", "12", "-s", "127.0.0.1:80"], 64),
        (&["drain", "-s", "unix:/run/a", "-s", "127.0.0.1:80"], 64),
        (&["kick", "12", "-s", "unix:/run/a", "-s", "unix:/run/b"], 64),
        (&["events", "--count", "0"], 64),
        (&["route", "", "-s", "10.0.0.1"], 64),
        (&["route", "a\nb", "-s", "10.0.0.1"], 64),
        (&["route", "a", "-s", "10.0.0.1", "-s", "10.0.0.1"], 64),
        (&["check", "--bogus"], 3),
        (&["check", "--crit-held", "nan"], 3),
        (&["check", "--warn-waiters", "inf"], 3),
        (&["check", "--warn-clients=-1"], 3),
        (&["check", "--stats", "a b"], 3),
        (&["--help"], 0),
        (&["check", "--help"], 0),
        (&["--version"], 0),
    ];
    for (arguments, status) in cases {
        let ran = ran(arguments)?;
        assert_eq!(ran.status, Some(*status), "{arguments:?}: {ran:?}");
        let (silent, says) = if *status == 0 { (&ran.stderr, &ran.stdout) } else { (&ran.stdout, &ran.stderr) };
        assert!(silent.is_empty() && !says.is_empty(), "{arguments:?}: {ran:?}");
    }
    Ok(())
}

#[test]
fn a_server_that_is_not_there_is_named() -> Result<()> {
    let missing = "unix:/nonexistent/admin";
    for arguments in [
        &["status"][..],
        &["groups"],
        &["keys"],
        &["key", "a"],
        &["clients"],
        &["events"],
        &["kick", "1"],
        &["drain"],
        &["undrain"],
        &["reload"],
    ] {
        let ran = ran(&[arguments, &["-s", missing]].concat())?;
        let stderr = "poolcounterctl: unix:/nonexistent/admin: cannot connect: No such file or directory\n";
        assert_eq!((ran.status, &*ran.stdout, &*ran.stderr), (Some(69), "", stderr), "{arguments:?}");
    }
    Ok(())
}
