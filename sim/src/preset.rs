//! Days that an operator knows.

use crate::scenario::Balance;
use crate::setting::Mode;
use crate::{Curve, Scenario, Setting};
use serde::{Deserialize, Serialize};

/// A scenario to begin with, and the two settings that it compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Preset {
    /// Readers of many pages, few edits.
    QuietDay,
    /// The star dies after ten minutes: everybody reads one page, which is edited all the time.
    BreakingNews,
    /// A crawler asks for one page after another that nobody has read for long.
    BotCrawl,
    /// One page takes twenty seconds to parse.
    SlowParse,
    /// Breaking news, and every fourth parse dies halfway.
    WorkerCrash,
}

impl Preset {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::QuietDay, Self::BreakingNews, Self::BotCrawl, Self::SlowParse, Self::WorkerCrash];

    /// Its name in JSON and in an address.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::QuietDay => "quiet-day",
            Self::BreakingNews => "breaking-news",
            Self::BotCrawl => "bot-crawl",
            Self::SlowParse => "slow-parse",
            Self::WorkerCrash => "worker-crash",
        }
    }

    /// Its name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::QuietDay => "Quiet day",
            Self::BreakingNews => "Breaking news",
            Self::BotCrawl => "Bot crawl",
            Self::SlowParse => "Slow parse",
            Self::WorkerCrash => "Worker crash",
        }
    }

    /// What happens.
    #[must_use]
    pub const fn story(self) -> &'static str {
        match self {
            Self::QuietDay => "Readers of many pages, few edits.",
            Self::BreakingNews => "After ten minutes everybody reads one page, which is edited all the time.",
            Self::BotCrawl => "A crawler asks for one page after another that is not in the cache.",
            Self::SlowParse => "One busy page takes twenty seconds to parse.",
            Self::WorkerCrash => "Breaking news, and every fourth parse dies halfway.",
        }
    }

    /// The preset of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// What happens.
    #[must_use]
    pub fn scenario(self) -> Scenario {
        let quiet = quiet_day();
        match self {
            Self::QuietDay => quiet,
            Self::BreakingNews => breaking_news(),
            Self::BotCrawl => Scenario {
                crawler: Curve::through(&[(300.0, 0.0), (310.0, 40.0), (1_200.0, 40.0), (1_210.0, 0.0)]),
                readers: Curve::constant(80.0),
                duration: 1_800,
                ..quiet
            },
            Self::SlowParse => Scenario {
                hot_readers: Curve::constant(20.0),
                readers: Curve::constant(60.0),
                edits: Curve::constant(0.5),
                parse_cpu: 20.0,
                duration: 1_800,
                ..quiet
            },
            Self::WorkerCrash => Scenario { crash_share: 0.25, ..breaking_news() },
        }
    }

    /// The two settings to compare.
    #[must_use]
    pub fn settings(self) -> (Setting, Setting) {
        let with = match self {
            Self::BotCrawl => {
                Setting { mode: Mode::ForMe, workers: 2, maxqueue: 10, timeout: 5, slots: 4, ..Setting::default() }
            }
            Self::SlowParse => Setting { fast_stale: true, ..Setting::default() },
            _ => Setting::default(),
        };
        (Setting::none(), with)
    }
}

fn quiet_day() -> Scenario {
    Scenario {
        seed: 1,
        duration: 3_600,
        hot_readers: Curve::constant(2.0),
        readers: Curve::constant(100.0),
        crawler: Curve::constant(0.0),
        pages: 2_000,
        edits: Curve::constant(0.1),
        other_edits: Curve::constant(20.0),
        hot_cached: true,
        cached_share: 0.95,
        parse_cpu: 2.0,
        other_parse_cpu: 1.0,
        parse_spread: 0.5,
        request_cpu: 0.05,
        crash_share: 0.0,
        servers: 4,
        cores: 8,
        web_workers: 60,
        backlog: 500,
        patience: 60.0,
        balance: Balance::RoundRobin,
    }
}

fn breaking_news() -> Scenario {
    Scenario {
        duration: 1_800,
        hot_readers: Curve::through(&[(600.0, 2.0), (605.0, 150.0), (900.0, 150.0), (1_800.0, 40.0)]),
        readers: Curve::constant(60.0),
        edits: Curve::through(&[(600.0, 0.1), (610.0, 6.0), (900.0, 6.0), (1_800.0, 1.0)]),
        parse_cpu: 5.0,
        ..quiet_day()
    }
}
