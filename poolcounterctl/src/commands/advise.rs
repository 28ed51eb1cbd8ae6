use crate::failure::{Exit, Failure, reason};
use crate::output::{Column, Table, print, print_exactly, size};
use poolcounter::recording::Recording;
use poolcounter_sim::archive::{OpenError, read_file};
use poolcounter_sim::progress::Progress;
use poolcounter_sim::replay::{Advice, Advisor, Doubt, Grid, GroupAdvice, Traffic, TrafficReading, Tried};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many settings are printed, beside the recorded one.
const SHOWN: usize = 10;

/// How many calls or events pass between two looks at the clock.
const SLICE: u32 = 100_000;

/// Try other settings on recordings, and print what each costs
///
/// For each group of keys, many settings are played on the recorded traffic. They are compared by refusals, waits, work done twice and old copies shown. The recorded setting is printed first, marked with *. Then come the settings that no other
/// beats in all of these, the fewest refusals first. Without --workers, --maxqueue or --timeout, the recorded value is tried, and values below and above it. `poolcounter-sim replay` shows more of one setting. The README of poolcounter_sim describes the model.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Recordings, of one server or several
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only these groups of keys or pool types of MediaWiki, such as ArticleView
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    groups: Vec<String>,
    /// The values of workers to try
    #[arg(long, value_name = "N", value_delimiter = ',')]
    workers: Vec<u32>,
    /// The values of maxqueue to try
    #[arg(long, value_name = "N", value_delimiter = ',')]
    maxqueue: Vec<u32>,
    /// The values of timeout to try
    #[arg(long, value_name = "SECONDS", value_delimiter = ',')]
    timeout: Vec<u32>,
    /// All work shares this many cores evenly; without it, work lasts as long as in the recording
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    cores: Option<u32>,
    /// The seed of all random numbers
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u32,
    /// Print all settings that were tried
    #[arg(long)]
    all: bool,
    /// Print JSON, with all settings
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options) -> Result<Exit, Failure> {
    let mut progress = Progress::begin();
    let files = options.files.iter().map(|file| read(file, &mut progress));
    let traffic = traffic(files.collect::<Result<_, _>>()?, &mut progress)?;
    let grid = Grid {
        groups: options.groups.clone(),
        workers: options.workers.clone(),
        maxqueue: options.maxqueue.clone(),
        timeout: options.timeout.clone(),
    };
    let advisor = Advisor::new(&Arc::new(traffic), options.seed, options.cores, &grid).map_err(Failure::usage)?;
    let advice = finished(advisor, &mut progress);
    drop(progress);
    if options.json {
        print_exactly(&(advice.to_json() + "\n"))?;
    } else {
        print(&text(&advice, options.all))?;
    }
    Ok(Exit::Done)
}

fn read(path: &Path, progress: &mut Progress) -> Result<Recording, Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let show = |done, length: Option<u64>| {
        let of = length.map(|length| format!(" of {}", size(length))).unwrap_or_default();
        progress.say(|| format!("reading {name}: {}{of}", size(done)));
    };
    read_file(path, show).map_err(|error| {
        let why = match &error {
            OpenError::Io(error) => reason(error),
            error => error.to_string(),
        };
        Failure::new(Exit::Failed, format!("{}: {why}", path.display()))
    })
}

fn traffic(recordings: Vec<Recording>, progress: &mut Progress) -> Result<Traffic, Failure> {
    let mut reading = TrafficReading::new(recordings).map_err(|error| Failure::new(Exit::Failed, error))?;
    loop {
        let share = reading.advance(SLICE);
        if share >= 1.0 {
            return Ok(reading.finish());
        }
        progress.show_of("finding the requests", share);
    }
}

fn finished(mut advisor: Advisor, progress: &mut Progress) -> Advice {
    loop {
        let share = advisor.advance(SLICE);
        if share >= 1.0 {
            return advisor.advice();
        }
        progress.show_of("trying settings", share);
    }
}

fn text(advice: &Advice, all: bool) -> String {
    let mut text = String::new();
    for group in &advice.groups {
        let between = if text.is_empty() { "" } else { "\n" };
        text = text + between + &of_group(group, all);
    }
    if advice.groups.is_empty() {
        text.push_str("The recordings have no requests.\n");
    }
    for warning in &advice.warnings {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n{warning}");
    }
    text
}

fn of_group(group: &GroupAdvice, all: bool) -> String {
    let columns = [
        "WORKERS",
        "MAXQUEUE",
        "TIMEOUT",
        "FASTSTALE",
        "REFUSED",
        "WAITS",
        "WAIT95",
        "TWICE",
        "STALE",
        "AT ONCE",
        "UNSURE",
    ];
    let (last, numbers) = (columns.len() - 1, columns.iter().enumerate());
    let columns =
        numbers.map(|(at, name)| if at == 3 || at == last { Column::Left(name) } else { Column::Right(name) });
    let mut table = Table::new([Column::Left("")].into_iter().chain(columns));
    let (recorded, mut others): (Vec<&Tried>, Vec<&Tried>) = group
        .settings
        .iter()
        .filter(|tried| all || tried.is_best || tried.change.is_empty())
        .partition(|tried| tried.change.is_empty());
    // Of equal ones, those with few changes stay first.
    others.sort_by(|one, other| {
        let waited = |tried: &Tried| {
            tried.figures.wait.mean * f64::from(u32::try_from(tried.figures.wait.count).unwrap_or(u32::MAX))
        };
        one.refusals.cmp(&other.refusals).then(waited(one).total_cmp(&waited(other)))
    });
    let shown = if all { others.len() } else { others.len().min(SHOWN) };
    let rows: Vec<&Tried> = recorded.into_iter().chain(others.iter().copied().take(shown)).collect();
    for tried in &rows {
        table.row(None, cells(tried));
    }
    let info = &group.info;
    let requests = if info.requests == 1 { "one request".to_owned() } else { format!("{} requests", info.requests) };
    let mut text = format!("{}: {requests}, {} settings tried\n{table}", info.title(), group.settings.len());
    if shown < others.len() {
        let _ = writeln!(text, "{} more settings that no other beats; --all prints all.", others.len() - shown);
    }
    // A note about a doubt is left out if no printed row has this doubt.
    let has_doubt =
        |tried: &Tried, note: &str| tried.doubts.iter().any(|doubt| note.starts_with(&format!("{doubt}: ")));
    let is_of_others = |note: &str| {
        group.settings.iter().any(|tried| has_doubt(tried, note)) && !rows.iter().any(|tried| has_doubt(tried, note))
    };
    for note in group.notes.iter().filter(|note| !is_of_others(note)) {
        let _ = writeln!(text, "{note}");
    }
    text
}

fn cells(tried: &Tried) -> Vec<String> {
    let figures = &tried.figures;
    let wait = if figures.wait.count == 0 { "-".to_owned() } else { format!("{:.3}s", figures.wait.p95) };
    vec![
        if tried.change.is_empty() { "*" } else { "" }.to_owned(),
        tried.workers.to_string(),
        tried.maxqueue.to_string(),
        tried.timeout.to_string(),
        if tried.fast_stale { "yes" } else { "no" }.to_owned(),
        tried.refusals.to_string(),
        figures.wait.count.to_string(),
        wait,
        figures.repeated.to_string(),
        figures.stale.unwrap_or(0).to_string(),
        figures.most_works.to_string(),
        tried.doubts.iter().map(Doubt::to_string).collect::<Vec<_>>().join(", "),
    ]
}
