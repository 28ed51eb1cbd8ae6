//! The options of the command. Every field of a scenario is one.

use lexopt::{Arg, Parser, ValueExt};
use poolcounter_sim::field::{Field, Kind};
use poolcounter_sim::replay::Plan;
use poolcounter_sim::{Comparison, FIELDS};
use std::path::PathBuf;

/// What is asked for.
#[derive(Debug)]
pub(crate) enum Action {
    Play { lab: Box<Comparison>, json: bool },
    ListPresets,
    Verify { files: Vec<PathBuf> },
    Replay { files: Vec<PathBuf>, plan: Plan, json: bool },
    Help,
    Version,
}

const HEAD: &str = "\
Usage: poolcounter-sim [--preset NAME] [OPTIONS]
       poolcounter-sim --scenario 'preset=breaking-news&seed=7&b=forAnyone'
       poolcounter-sim verify FILE...
       poolcounter-sim replay FILE... [--set 'ArticleView: workers 4']...

Plays one scenario with two settings of the pool counter, in virtual time.
With verify: plays recordings of `poolcounterctl record` on the lock table, and
compares every answer.
With replay: plays them as they were (column A), and with new settings
(column B):

  --set 'GROUP: SETTING'  a new setting for a group of keys or a pool type of
                          MediaWiki; may be repeated, once for each group:
                          workers N, maxqueue N, timeout N, slots N, fastStale,
                          fastStale off, none; for example 'ArticleView:
                          workers 4, maxqueue 50, timeout 10, fastStale'.
                          What is not named stays as it was
  --cores N               all work shares N cores evenly (default: work lasts
                          as long as in the recording)
  --seed N                the seed of all random numbers (default 1)
  --json                  print everything as JSON

Without verify and replay:

  --preset NAME           the scenario to begin with (default quiet-day)
  --list-presets          list them and exit
  --scenario QUERY        a scenario as the address of the lab's page has it,
                          after the ?
  --a SETTING             the first setting (default none)
  --b SETTING             the second setting, such as
                          forAnyone,workers:2,maxqueue:100,timeout:15,fastStale
  --json                  print everything as JSON
  --help                  print this and exit
  --version               print the version and exit

A setting begins with none, forAnyone or forMe; slots:N puts all pages into N
keys. A CURVE is one rate, or seconds:rate,seconds:rate,... with straight lines
in between. The scenario:

";

/// The columns of a terminal.
const WIDTH: usize = 80;

/// The columns before the descriptions of options.
const INDENT: usize = 25;

pub(crate) fn help() -> String {
    let mut text = String::from(HEAD);
    for field in FIELDS {
        let option = format!("--{} {}", dashed(field.name), placeholder(field));
        let unit = if field.unit.is_empty() { String::new() } else { format!(", {}", field.unit) };
        text += &described(&option, &format!("{}{unit}", field.label));
    }
    text
}

/// An option and its description, in as many lines as that needs.
fn described(option: &str, description: &str) -> String {
    let mut text = format!("{:<INDENT$}", format!("  {option}"));
    let mut width = text.len();
    for word in description.split(' ') {
        if width + 1 + word.len() > WIDTH {
            text = text + "\n" + &" ".repeat(INDENT);
            width = INDENT;
        }
        text = text + " " + word;
        width += 1 + word.len();
    }
    text + "\n"
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
    match first_word(&mut parser)?.as_deref() {
        Some("verify") => return verify(parser),
        Some("replay") => return replay(parser),
        _ => {}
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

/// The first argument, if it is the name of a command. It is then taken.
fn first_word(parser: &mut Parser) -> Result<Option<String>, String> {
    let mut arguments = parser.try_raw_args().ok_or("there are no arguments")?;
    let known = |first: &std::ffi::OsStr| ["verify", "replay"].into_iter().find(|word| first == *word);
    let word = arguments.peek().and_then(known).map(str::to_owned);
    if word.is_some() {
        arguments.next();
    }
    Ok(word)
}

fn verify(mut parser: Parser) -> Result<Action, String> {
    let mut files = Vec::new();
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Action::Help),
            Arg::Value(file) => files.push(PathBuf::from(file)),
            _ => return Err(argument.unexpected().to_string()),
        }
    }
    if files.is_empty() { Err("verify needs a file".to_owned()) } else { Ok(Action::Verify { files }) }
}

fn replay(mut parser: Parser) -> Result<Action, String> {
    let (mut files, mut plan, mut json) = (Vec::new(), Plan::default(), false);
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Action::Help),
            Arg::Long("json") => json = true,
            Arg::Long("set") => {
                let text = value(&mut parser)?;
                plan = plan.with(&text).map_err(|invalid| format!("--set '{text}': {invalid}"))?;
            }
            Arg::Long("cores") => plan.cores = Some(number(&mut parser, "cores", 1)?),
            Arg::Long("seed") => plan.seed = number(&mut parser, "seed", 0)?,
            Arg::Value(file) => files.push(PathBuf::from(file)),
            _ => return Err(argument.unexpected().to_string()),
        }
    }
    if files.is_empty() { Err("replay needs a file".to_owned()) } else { Ok(Action::Replay { files, plan, json }) }
}

fn number(parser: &mut Parser, name: &str, least: u32) -> Result<u32, String> {
    let text = value(parser)?;
    let number = text.parse().ok().filter(|number| *number >= least);
    number.ok_or_else(|| format!("--{name}: {text:?} is not a whole number from {least} to {}", u32::MAX))
}

/// The field, or the setting, that an option means.
fn known(option: &str) -> Option<&'static str> {
    let settings = ["a", "b"].into_iter();
    FIELDS.iter().map(|field| field.name).chain(settings).find(|name| dashed(name) == option)
}

fn value(parser: &mut Parser) -> Result<String, String> {
    parser.value().and_then(ValueExt::string).map_err(|error| error.to_string())
}
