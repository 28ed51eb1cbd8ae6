//! The options of the command. Every field of a scenario is one.

use lexopt::{Arg, Parser, ValueExt};
use poolcounter_sim::field::{Field, Kind};
use poolcounter_sim::{Comparison, FIELDS};
use std::fmt::Write;
use std::path::PathBuf;

/// What is asked for.
#[derive(Debug)]
pub(crate) enum Action {
    Play { lab: Box<Comparison>, json: bool },
    ListPresets,
    Verify { files: Vec<PathBuf> },
    Help,
    Version,
}

const HEAD: &str = "\
Usage: poolcounter-sim [--preset NAME] [OPTIONS]
       poolcounter-sim --scenario 'preset=breaking-news&seed=7&b=forAnyone,workers:1'
       poolcounter-sim verify FILE...

Plays one scenario with two settings of the pool counter, in virtual time.
With verify: plays recordings of `poolcounterctl record` on the lock table, and compares every answer.

  --preset NAME           where to begin (default quiet-day)
  --list-presets          list them and exit
  --scenario QUERY        a scenario as the address of the lab's page has it, after the ?
  --a SETTING             the first setting (default none)
  --b SETTING             the second setting, such as forAnyone,workers:2,maxqueue:100,timeout:15,fastStale
  --json                  print everything as JSON
  --help                  print this and exit
  --version               print the version and exit

A setting begins with none, forAnyone or forMe; slots:N puts all pages into N keys.
A CURVE is one rate, or seconds:rate,seconds:rate,... with straight lines in between. The scenario:

";

pub(crate) fn help() -> String {
    let mut text = String::from(HEAD);
    for field in FIELDS {
        let option = format!("--{} {}", dashed(field.name), placeholder(field));
        let unit = if field.unit.is_empty() { String::new() } else { format!(", {}", field.unit) };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {option:<23} {}{unit}", field.label);
    }
    text
}

fn placeholder(field: &Field) -> String {
    match field.kind {
        Kind::Integer { .. } | Kind::Number { .. } => "N".into(),
        Kind::Curve { .. } => "CURVE".into(),
        Kind::Switch => "BOOL".into(),
        Kind::Choice { of } => of.join("|"),
    }
}

/// `parseCpu` is `--parse-cpu`.
fn dashed(name: &str) -> String {
    let dash = |letter: char| if letter.is_ascii_uppercase() { Some('-') } else { None };
    name.chars().flat_map(|letter| dash(letter).into_iter().chain([letter.to_ascii_lowercase()])).collect()
}

pub(crate) fn parse(mut parser: Parser) -> Result<Action, String> {
    if let Some(files) = files_to_verify(&mut parser)? {
        return Ok(Action::Verify { files });
    }
    let (mut preset, mut query, mut changes, mut json) = (None, String::new(), Vec::new(), false);
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Action::Help),
            Arg::Long("version") => return Ok(Action::Version),
            Arg::Long("list-presets") => return Ok(Action::ListPresets),
            Arg::Long("json") => json = true,
            Arg::Long("preset") => preset = Some(value(&mut parser)?),
            Arg::Long("scenario") => query = value(&mut parser)?,
            Arg::Long(name) => {
                let name = known(name).ok_or_else(|| argument.unexpected().to_string())?;
                changes.push((name, value(&mut parser)?));
            }
            _ => return Err(argument.unexpected().to_string()),
        }
    }
    let preset = preset.map(|name| format!("preset={name}&")).unwrap_or_default();
    let lab = Comparison::from_query(&format!("{preset}{}", query.strip_prefix('?').unwrap_or(&query)));
    let lab = changes.iter().try_fold(lab.map_err(|invalid| invalid.to_string())?, |lab, (name, text)| {
        lab.with(name, text).map_err(|invalid| invalid.to_string())
    })?;
    lab.check().map_err(|invalid| invalid.to_string())?;
    Ok(Action::Play { lab: Box::new(lab), json })
}

/// The files after `verify`, if that is the first argument.
fn files_to_verify(parser: &mut Parser) -> Result<Option<Vec<PathBuf>>, String> {
    let arguments = parser.try_raw_args().ok_or("there are no arguments")?;
    if arguments.peek().is_none_or(|first| first != "verify") {
        return Ok(None);
    }
    let files: Vec<PathBuf> = arguments.skip(1).map(PathBuf::from).collect();
    if files.is_empty() { Err("verify needs a file".to_owned()) } else { Ok(Some(files)) }
}

/// The field, or the setting, that an option means.
fn known(option: &str) -> Option<&'static str> {
    let settings = ["a", "b"].into_iter();
    FIELDS.iter().map(|field| field.name).chain(settings).find(|name| dashed(name) == option)
}

fn value(parser: &mut Parser) -> Result<String, String> {
    parser.value().and_then(ValueExt::string).map_err(|error| error.to_string())
}
