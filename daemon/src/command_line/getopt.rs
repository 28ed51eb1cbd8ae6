//! Reads options like the C library's `getopt`, which the reference uses: operators' scripts may depend on the order of reading and on the texts of errors.
//! The reference has no long options.
//!
//! Not with lexopt: for `-l=ADDRESS` it gives the value `ADDRESS`, where the reference has `=ADDRESS`, and it loses the bytes of an option that is not UTF-8.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// One option of the command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Opt {
    /// `-x`, with its value if it takes one.
    Short(u8, OsString),
    /// `--name`, with its value if it takes one.
    Long(&'static str, OsString),
}

/// Why a command line is invalid: the text for standard error, without the usage.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) Vec<u8>);

impl Refusal {
    /// The text on one line, for where it is a part of a longer one.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).trim_end().to_owned()
    }
}

/// The options, each with whether it takes a value.
pub(crate) struct Known {
    pub(crate) short: &'static [(u8, bool)],
    pub(crate) long: &'static [(&'static str, bool)],
}

/// All options, in order. Other arguments are ignored at any position; `--` ends the options.
pub(crate) fn options(name: &OsStr, arguments: Vec<OsString>, known: &Known) -> Result<Vec<Opt>, Refusal> {
    let mut arguments = VecDeque::from(arguments);
    let mut found = Vec::new();
    while let Some(argument) = arguments.pop_front() {
        match argument.as_bytes() {
            b"--" => break,
            [b'-', b'-', long @ ..] => found.push(long_option(name, long, &mut arguments, known)?),
            [b'-', cluster @ ..] if !cluster.is_empty() => {
                short_options(name, cluster, &mut arguments, known, &mut found)?;
            }
            _ if std::env::var_os("POSIXLY_CORRECT").is_some() => break,
            _ => {}
        }
    }
    Ok(found)
}

fn short_options(
    name: &OsStr,
    mut cluster: &[u8],
    arguments: &mut VecDeque<OsString>,
    known: &Known,
    found: &mut Vec<Opt>,
) -> Result<(), Refusal> {
    while let [option, rest @ ..] = cluster {
        let Some((_, takes_value)) = known.short.iter().find(|(letter, _)| letter == option) else {
            return Err(refusal(name, b"invalid option -- '", &[*option], b"'"));
        };
        if !takes_value {
            found.push(Opt::Short(*option, OsString::new()));
            cluster = rest;
            continue;
        }
        let value = match rest {
            [] => arguments
                .pop_front()
                .ok_or_else(|| refusal(name, b"option requires an argument -- '", &[*option], b"'"))?,
            value => OsString::from_vec(value.to_vec()),
        };
        found.push(Opt::Short(*option, value));
        break;
    }
    Ok(())
}

fn long_option(name: &OsStr, option: &[u8], arguments: &mut VecDeque<OsString>, known: &Known) -> Result<Opt, Refusal> {
    let (option, value) = match option.iter().position(|&byte| byte == b'=') {
        Some(at) => (&option[..at], Some(OsString::from_vec(option[at + 1..].to_vec()))),
        None => (option, None),
    };
    let Some(&(long, takes_value)) = known.long.iter().find(|(long, _)| long.as_bytes() == option) else {
        // The reference has no long options, and refuses the second dash.
        return Err(refusal(name, b"invalid option -- '", b"-", b"'"));
    };
    match (takes_value, value) {
        (false, Some(_)) => Err(refusal(name, b"option '--", option, b"' doesn't allow an argument")),
        (false, None) => Ok(Opt::Long(long, OsString::new())),
        (true, value) => value
            .or_else(|| arguments.pop_front())
            .map(|value| Opt::Long(long, value))
            .ok_or_else(|| refusal(name, b"option '--", option, b"' requires an argument")),
    }
}

fn refusal(name: &OsStr, before: &[u8], option: &[u8], after: &[u8]) -> Refusal {
    Refusal([name.as_bytes(), b": ", before, option, after, b"\n"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: Known = Known { short: &[(b'l', true)], long: &[("listen", true), ("help", false)] };

    fn parse(arguments: &[&str]) -> Result<Vec<Opt>, String> {
        let arguments = arguments.iter().map(OsString::from).collect();
        options(OsStr::new("pc"), arguments, &KNOWN).map_err(|refusal| String::from_utf8_lossy(&refusal.0).into_owned())
    }

    #[test]
    fn options_are_found_among_other_arguments() {
        let found = parse(&["x", "-l", "a", "-", "-lb", "--listen=c", "--listen", "d", "--", "-l", "e"]);
        let short = |value: &str| Opt::Short(b'l', value.into());
        let long = |value: &str| Opt::Long("listen", value.into());
        assert_eq!(found, Ok(vec![short("a"), short("b"), long("c"), long("d")]));
    }

    #[test]
    fn refusals_have_the_c_librarys_texts() {
        let refused = |arguments: &[&str]| parse(arguments).unwrap_err();
        assert_eq!(refused(&["-x"]), "pc: invalid option -- 'x'\n");
        assert_eq!(refused(&["-xl"]), "pc: invalid option -- 'x'\n");
        assert_eq!(refused(&["-l"]), "pc: option requires an argument -- 'l'\n");
        assert_eq!(refused(&["--foo"]), "pc: invalid option -- '-'\n");
        assert_eq!(refused(&["--listen"]), "pc: option '--listen' requires an argument\n");
        assert_eq!(refused(&["--help=x"]), "pc: option '--help' doesn't allow an argument\n");
    }
}
