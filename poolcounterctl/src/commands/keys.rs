use crate::admin::{AdminAddress, AdminOptions, HotKey, Keys, encoded, pages};
use crate::failure::{Exit, Failure};
use crate::output::{Column, Table, age_or_dash, or_dash};
use Column::{Left, Right};

/// Show the hot keys: those with the most waiters, or the first in another order
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The order of the keys
    #[arg(long, value_enum, default_value_t = Sort::Waiting)]
    sort: Sort,
    /// The time that acquires, refused and waited are counted in
    #[arg(long, value_enum, default_value_t = Window::Minute)]
    window: Window,
    /// Show only keys of this group
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// Show at most this many keys
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
    #[command(flatten)]
    admin: AdminOptions,
}

/// What comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Sort {
    /// Most waiters now
    Waiting,
    /// Oldest hold now
    Held,
    /// Most requests
    Acquires,
    /// Most refusals
    Refused,
    /// Most time waited
    Waited,
}

/// Where requests, refusals and waits are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Window {
    /// The last minute
    Minute,
    /// The last hour
    Hour,
}

impl Sort {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Acquires => "acquires",
            Self::Refused => "refused",
            Self::Waited => "waited",
        }
    }

    /// Whether it is counted in a window.
    pub(crate) fn is_counted(self) -> bool {
        matches!(self, Self::Acquires | Self::Refused | Self::Waited)
    }
}

impl Window {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
        }
    }
}

/// The path of a question for keys, whose query can go on.
pub(crate) fn path(sort: Sort, window: Window, group: Option<&str>) -> String {
    let window = if sort.is_counted() { format!("&window={}", window.name()) } else { String::new() };
    let group = group.map(|group| format!("&group={}", encoded(group))).unwrap_or_default();
    format!("/v1/keys?sort={}{window}{group}", sort.name())
}

pub(crate) async fn run(options: &Options) -> Result<Exit, Failure> {
    let Options { sort, window, group, limit, admin } = options;
    let path = path(*sort, *window, group.as_deref());
    let ask = async |server: &AdminAddress| pages(server, &path, "keys", *limit as usize, admin.within()).await;
    admin.ask_all(ask).await.print(|answers| text(answers, *sort))
}

fn text(answers: &[(AdminAddress, Keys)], sort: Sort) -> String {
    let several = answers.len() > 1;
    let mut columns = vec![
        Left("KEY"),
        Left("GROUP"),
        Right("HELD"),
        Right("WAIT"),
        Right("HELD FOR"),
        Right("WAITING"),
        Left("HOLDER"),
    ];
    match sort {
        Sort::Waiting | Sort::Held => {}
        Sort::Acquires => columns.insert(2, Right("ACQUIRES")),
        Sort::Refused => columns.insert(2, Right("REFUSED")),
        Sort::Waited => columns.insert(2, Right("WAITED")),
    }
    let mut table = Table::of_servers(several, columns);
    for (server, Keys { keys }) in answers {
        for key in keys {
            table.row(several.then_some(server), cells(key, sort));
        }
    }
    table.to_string()
}

fn cells(key: &HotKey, sort: Sort) -> Vec<String> {
    let counted = sort.is_counted().then(|| match sort {
        Sort::Waited => age_or_dash(key.count),
        _ => or_dash(key.count),
    });
    let mut cells = vec![key.key.clone(), key.group.clone()];
    cells.extend(counted);
    cells.extend([key.holders, key.waiters].map(|count| count.to_string()));
    cells.extend([key.held_seconds, key.waiting_seconds].map(age_or_dash));
    cells.push(or_dash(key.holder.as_ref()));
    cells
}
