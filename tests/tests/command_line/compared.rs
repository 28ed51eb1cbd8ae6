//! The same command lines for both versions of the reference and for ours.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use anyhow::{Result, ensure};
use poolcounter_test_support::{Daemon, Network, Outcome, Program};

/// Arguments, and an outcome that is the same for all three.
const ALIKE: &[(&[&str], Expected)] = &[
    (&[], Listens("127.0.0.1:7531")),
    (&["-l", "127.0.0.1"], Listens("127.0.0.1:7531")),
    (&["-l127.0.0.2"], Listens("127.0.0.2:7531")),
    (&["-l", "0.0.0.0"], Listens("0.0.0.0:7531")),
    (&["-l", "255.255.255.255"], Listens("255.255.255.255:7531")),
    (&["-l", "bad", "-l", "127.0.0.3"], Listens("127.0.0.3:7531")),
    (&["extra", "-l", "127.0.0.4", "more"], Listens("127.0.0.4:7531")),
    (&["--", "-l", "127.0.0.5"], Listens("127.0.0.1:7531")),
    (&["-l", "127.0.0.6", "--", "-x"], Listens("127.0.0.6:7531")),
    (&["-"], Listens("127.0.0.1:7531")),
    (&["-l", "127.0.0.1", "-l", "bad"], NotValid("bad")),
    (&["-l=127.0.0.1"], NotValid("=127.0.0.1")),
    (&["-l", "127.0.0.256"], NotValid("127.0.0.256")),
    (&["-l", "127.0.0.1:7531"], NotValid("127.0.0.1:7531")),
    (&["-l", " 127.0.0.1"], NotValid(" 127.0.0.1")),
    (&["-l", "[::1]"], NotValid("[::1]")),
    (&["-l", "fe80::1%lo"], NotValid("fe80::1%lo")),
    (&["-l", "localhost"], NotValid("localhost")),
    (&["-l", ""], NotValid("")),
    (&["-l", "--", "127.0.0.1"], NotValid("--")),
    (&["-l", "-x"], NotValid("-x")),
    (&["-lx", "-l", "-y"], NotValid("-y")),
    (&["-l"], BadUsage("option requires an argument -- 'l'")),
    (&["-l", "127.0.0.1", "-l"], BadUsage("option requires an argument -- 'l'")),
    (&["-x"], BadUsage("invalid option -- 'x'")),
    (&["-xl"], BadUsage("invalid option -- 'x'")),
    (&["-h"], BadUsage("invalid option -- 'h'")),
    (&["-x", "-l", "bad"], BadUsage("invalid option -- 'x'")),
    (&["-l", "bad", "extra", "-y"], BadUsage("invalid option -- 'y'")),
    (&["--foo"], BadUsage("invalid option -- '-'")),
    (&["---"], BadUsage("invalid option -- '-'")),
    (&["-l", "10.99.99.99"], CannotBind("Cannot assign requested address")),
];

/// The address forms of 1.2.0, which ours follows; 1.1.3 takes no IPv6. Its short forms are in the closed list.
const NEWER: &[(&[&str], Expected)] = &[
    (&["-l", "::1"], Listens("[::1]:7531")),
    (&["-l::"], Listens("[::]:7531")),
    (&["-l", "::ffff:127.0.0.1"], Listens("[::ffff:127.0.0.1]:7531")),
    (&["-l", "2001:db8::1"], CannotBind("Cannot assign requested address")),
];

#[derive(Clone, Copy, Debug)]
enum Expected {
    Listens(&'static str),
    NotValid(&'static str),
    BadUsage(&'static str),
    CannotBind(&'static str),
}
use Expected::{BadUsage, CannotBind, Listens, NotValid};

impl Expected {
    fn outcome(self) -> Result<Outcome> {
        Ok(match self {
            Listens(address) => Outcome::listens(address.parse()?),
            NotValid(text) => Outcome::refuses(&format!("Address `{text}` is not valid to listen on.\n")),
            BadUsage(text) => Outcome::refuses(&format!("poolcounterd: {text}\nUsage: poolcounterd [-l address]\n")),
            CannotBind(text) => Outcome::refuses(&format!("Couldn't bind: {text}\n")),
        })
    }
}

#[test]
fn the_reference_and_ours_are_alike() -> Result<()> {
    let network = Network::new()?;
    let programs = [Program::reference()?, Program::newer_reference()?, Program::ours()?];
    for (arguments, expected) in ALIKE {
        for program in &programs {
            let outcome = Outcome::of(network.command(program).args(*arguments))?;
            assert_eq!(outcome, expected.outcome()?, "{} {arguments:?}", program.path().display());
        }
    }
    Ok(())
}

#[test]
fn addresses_are_as_in_the_newer_reference() -> Result<()> {
    let network = Network::new()?;
    let (reference, newer, ours) = (Program::reference()?, Program::newer_reference()?, Program::ours()?);
    for (arguments, expected) in NEWER {
        for program in [&newer, &ours] {
            let outcome = Outcome::of(network.command(program).args(*arguments))?;
            assert_eq!(outcome, expected.outcome()?, "{} {arguments:?}", program.path().display());
        }
        let older = Outcome::of(network.command(&reference).args(*arguments))?;
        assert_ne!(older, expected.outcome()?, "1.1.3 does the same with {arguments:?}");
    }
    Ok(())
}

#[test]
fn bytes_that_are_no_text_are_given_back_as_they_are() -> Result<()> {
    let network = Network::new()?;
    let value = OsStr::from_bytes(b"\xff\xfe");
    let lines: [&[&OsStr]; 3] =
        [&[OsStr::new("-l"), value], &[OsStr::from_bytes(b"-\xff")], &[OsStr::from_bytes(b"-l\x80"), value]];
    for arguments in lines {
        let told = |program: &Program| Outcome::of(network.command(program).args(arguments));
        let (reference, ours) = (told(&Program::reference()?)?, told(&Program::ours()?)?);
        assert_eq!(reference, ours, "{arguments:?}");
        ensure!(matches!(ours, Outcome::Ends { code: Some(1), .. }), "{arguments:?} gave {ours:?}");
    }
    Ok(())
}

#[test]
fn it_speaks_of_itself_by_the_name_that_it_was_called() -> Result<()> {
    for name in ["poolcounterd", "./some/where", "a name"] {
        let wrapper = ["bash", "-c", "name=$1; shift; exec -a \"$name\" \"$@\"", "bash", name];
        let told = Outcome::refuses(&format!("{name}: invalid option -- 'x'\nUsage: {name} [-l address]\n"));
        for program in [Program::reference()?, Program::ours()?] {
            assert_eq!(Outcome::of(program.within(&wrapper).arg("-x"))?, told);
        }
    }
    Ok(())
}

#[test]
fn posixly_correct_ends_the_options_at_the_first_argument() -> Result<()> {
    let network = Network::new()?;
    let arguments = ["-l", "127.0.0.7", "extra", "-l", "bad", "-x"].map(OsString::from);
    for program in [Program::reference()?, Program::newer_reference()?, Program::ours()?] {
        let outcome = Outcome::of(network.command(&program).args(&arguments).env("POSIXLY_CORRECT", "1"))?;
        assert_eq!(outcome, Listens("127.0.0.7:7531").outcome()?, "{}", program.path().display());
    }
    Ok(())
}

#[test]
fn an_address_in_use_is_refused() -> Result<()> {
    let daemon = Daemon::ours::<&str>(&[])?;
    for program in [Program::reference()?, Program::newer_reference()?, Program::ours()?] {
        let outcome = Outcome::of(program.command().arg("-l").arg(daemon.address().ip().to_string()))?;
        assert_eq!(outcome, Outcome::refuses("Couldn't bind: Address already in use\n"));
    }
    daemon.settle()
}
