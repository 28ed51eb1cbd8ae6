//! Replays recordings of lock tables with other settings: what would the readers of that day have seen?
//!
//! ```
//! use poolcounter::protocol::{Command, Line};
//! use poolcounter::recording::{Naming, Recording, Scope, Title};
//! use poolcounter::{HashSeed, LockTable, Timestamp};
//! use poolcounter_sim::replay::{Plan, Replay, Traffic};
//! use std::sync::Arc;
//!
//! // Anna works for ten seconds. Ben waits for her, and Carl is refused.
//! let at = Timestamp::from_micros;
//! let mut table = LockTable::new(HashSeed::new(1, 2), at(0));
//! table.observe(poolcounter::key::Groups::default(), at(0));
//! let title = Title { server: "pool1".into(), program: "test".into(), started: 0 };
//! let recorder = table.add_recorder(&title, Scope { groups: None, naming: Naming::Plain }, 1 << 20);
//! while table.recorder_advance(recorder, at(0), 0, 1000) {}
//! let clients = [table.connect(), table.connect(), table.connect()];
//! for client in clients {
//!     let _ = table.command(client, Command::parse(Line::of(b"ACQ4ANY wiki:pcache:1 1 2 15")), at(1));
//! }
//! let _ = table.command(clients[0], Command::Release, at(10_000_001));
//! while table.next_wakeup().is_some() {}
//! let file = table.remove_recorder(recorder);
//!
//! // With more room in the queue Carl waits, too.
//! let traffic = Arc::new(Traffic::of(&[Recording::read(&file)?])?);
//! let plan = Plan::default().with("ArticleView: maxqueue 50")?;
//! let report = Replay::new(&traffic, &plan)?.finish();
//! let [group] = &report.groups[..] else { panic!("one group") };
//! assert_eq!((group.recorded.done, group.recorded.refused), (1, 1));
//! assert_eq!((group.a.done, group.a.refused), (1, 1));
//! assert_eq!((group.b.done, group.b.refused), (2, 0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Traffic`] is what recordings tell: requests with their moments and their reactions, and how long each work took. A [`Run`] plays the traffic on new lock tables: with the
//! recorded settings (column A) or with those of a [`Plan`] (column B). [`Replay`] plays both, and its [`Report`] has them beside the recording's own figures. So A shows how true the
//! model is, and B what the plan would have changed. The same recordings, plan and seed give the same numbers on every machine.
//!
//! # The model
//!
//! - **A request** is what one client wants at one moment: its first acquire, and those that follow from the answer. Requests come when they came in the recording.
//! - **A fastStale pair** is an acquire with timeout 0 that is answered `TIMEOUT`, and as the next command of the same client, within ten seconds, an acquire of the same key in the same mode with
//!   a timeout. It is one request without an old copy. If the second acquire is missing, in a group that has such pairs, the reader got an old copy. In a group without any pair an acquire with timeout 0 is
//!   a request that never waits.
//! - **A second try** is an acquire for me of the same key, within ten seconds after `DONE`, as the next command of the same client: the copy could not be read.
//! - **Work** lasts as long as it was seen to last, from the grant to the release. Where a request gets a lock that it did not get in the recording, the duration of another work is drawn: of the same key if five
//!   were seen, otherwise of the same group. A client that left while it held the lock has died; this is drawn with the duration.
//! - **Copies**: work that ends well for a request for anyone stores its result. A request for anyone that comes later and wanted this result finds it, and does not ask the pool. Which result it wanted follows from the recording: a
//!   request that asked after work had ended wanted a newer one, unless it came within 0.2 s, because then it had looked into the cache before. Requests that found a copy in the recording are not in it.
//! - **Old copies**: a page has an old copy if work for it has ended before, or if a fastStale pair shows it. All revisions of a page (`:revid:`) have one copy. After `QUEUE_FULL` and `TIMEOUT` the reader gets
//!   the old copy or an error.
//! - **After `DONE`** a request does what it did in the recording. One that had no `DONE` there asks again for itself if the copy is not the one that it wanted, and otherwise as often as others of its group did.
//! - **Patience**: a client that left while it waited leaves after the same wait.
//! - **Segments** without a gap, such as the pieces of the daemon's buffer, are played as one. Any other is played by itself, beginning with what was held and waited for. What was left out between them is missing in all columns.
//! - **Locks that one client held together** are played as if clients were separate.
//! - **Cores**: with a number of cores all work shares them evenly, as in the lab. How much CPU time a work needs follows from its duration and from how many others ran at the same time.
//!
//! | module | what it knows |
//! | --- | --- |
//! | `reading` | which calls are one request, and what came of it |
//! | `traffic`, `hold` | requests, and how long work took, as plain data |
//! | `change`, `pools` | new settings, and the pool types that name groups |
//! | `run` | what happens |
//! | `figures`, `series` | what is counted |
//! | `report`, `warnings` | both columns beside the recording, and what it cannot tell |
//! | `advise` | many settings |

mod advise;
mod change;
mod figures;
mod hold;
mod pools;
mod reading;
mod report;
mod run;
mod series;
mod traffic;
mod warnings;

pub use advise::{Advice, Advisor, Doubt, Grid, GroupAdvice, Tried};
pub use change::{Change, Plan, Recorded};
pub use figures::{Figures, KeyCounts};
pub use pools::{groups_of, pools_of};
pub use report::{Column, GroupReport, KeyReport, Replay, Report, Source, VERSION};
pub use run::{Run, RunOutcome};
pub use series::GroupSeries;
pub use traffic::{GroupInfo, Limits, Traffic, TrafficReading};
