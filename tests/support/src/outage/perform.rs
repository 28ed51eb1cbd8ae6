//! Runs a story in the network namespace of this process.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt::Write;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, anyhow, bail, ensure};

use super::concurrent_player::ConcurrentPlayer;
use super::host::{Host, client_address};
use super::link::{Extent, Loss};
use super::resolver::Resolver;
use super::{Amount, Bounds, Deed, Expected, Fate, Kind, Number, PORT, Question, Step, Story, Way, work};
use crate::client::Client;
use crate::deadline::{Deadline, PATIENCE};
use crate::replay::new_line;

/// The default settings of clients, but with more time to connect, because the machine may be busy.
const USUAL: [(&str, &str); 4] =
    [("connect_timeout_ms", "300"), ("answer_timeout_ms", "1000"), ("pass_over_ms", "1000"), ("await_release", "0")];

/// How often an expected condition is checked.
const PERIOD: Duration = Duration::from_millis(20);

/// How often `client keeps asking` repeats its call.
const ASKING: Duration = Duration::from_millis(250);

pub(super) fn perform(story: &Story, command: &[OsString]) -> Result<()> {
    let began = Instant::now();
    let mut stage = Stage::new(story, command)?;
    let mut told = String::new();
    let failure = |stage: &Stage<'_>, told: &str, error: &Error| {
        let mut text = format!("{told}  {error:#}");
        for complaint in stage.hosts.values().filter_map(Host::complaint) {
            let _ = write!(text, "\n  {complaint}");
        }
        anyhow!(text)
    };
    for scene in &story.scenes {
        let _ = writeln!(told, "  {:6.2} s  {}", began.elapsed().as_secs_f64(), scene.text);
        stage.take(&scene.step).map_err(|error| failure(&stage, &told, &error))?;
    }
    stage.end().map_err(|error| anyhow!("{told}  after the last step: {error:#}"))
}

struct Stage<'a> {
    story: &'a Story,
    command: &'a [OsString],
    hosts: BTreeMap<Number, Host>,
    resolver: Resolver,
    /// Made for the first call, when names and servers may already have faults.
    player: Option<ConcurrentPlayer>,
    /// The call without an answer, by label.
    questions: BTreeMap<Option<String>, &'a Question>,
    witnesses: BTreeMap<String, Client>,
}

impl<'a> Stage<'a> {
    fn new(story: &'a Story, command: &'a [OsString]) -> Result<Self> {
        let hosts = story.hosts().into_iter().map(|number| Ok((number, Host::new(number)?))).collect::<Result<_>>()?;
        let (questions, witnesses) = (BTreeMap::new(), BTreeMap::new());
        Ok(Self { story, command, hosts, resolver: Resolver::start()?, player: None, questions, witnesses })
    }

    fn take(&mut self, step: &'a Step) -> Result<()> {
        match step {
            Step::Ask(question) => self.ask(question)?,
            Step::Answer(expected) => self.answer(expected)?,
            Step::Waits(label) => {
                let early = self.player()?.early(label.as_deref())?;
                early.map_or(Ok(()), |early| bail!("it waits no more: the player says `{early}`"))?;
            }
            Step::Wait(time) => thread::sleep(*time),
            Step::Witness(name, deed) => self.witness(name, deed)?,
            Step::Held(key, server, held, bounds) => {
                let host = self.host(*server)?;
                let (word, other) = if *held { ("held", "free") } else { ("free", "held") };
                comes_about(*bounds, || Ok(host.has_held(key)? == *held))
                    .with_context(|| format!("{key} is {other}, and not {word}"))?;
            }
            Step::Connected(server, connected, bounds) => {
                let address = SocketAddr::from((client_address(*server), PORT));
                let count = || crate::kernel::connections_to(std::process::id(), address);
                comes_about(*bounds, || Ok((count()? > 0) == *connected))
                    .with_context(|| format!("there are {} connections to s{server}", count().unwrap_or(0)))?;
            }
            Step::Resolver(manner) => self.resolver.set_manner(*manner),
            Step::Name(name, numbers) => {
                self.resolver.set_name(name, numbers.iter().map(|number| client_address(*number)).collect());
            }
            Step::CountAnew => {
                self.resolver.count_anew();
                self.hosts.values().for_each(|host| host.link.count_anew());
            }
            Step::Asked(name, times) => {
                let asked = self.resolver.asked(name);
                ensure!(times.fits(asked), "{name} was asked for {asked} times");
            }
            Step::Work(order) => work::work(order, self.command, &self.new_line())?,
            Step::Lose(server, ..) | Step::Delay(server, ..) | Step::Host(server, _) => self.befalls(*server, step)?,
            Step::Sent(server, what, times, bounds) => {
                let link = &self.host(*server)?.link;
                let count = || {
                    let sent = link.sent();
                    let lines = sent.iter().flat_map(|bytes| bytes.split(|byte| *byte == b'\n'));
                    lines.filter(|line| line.starts_with(what.as_bytes())).count()
                };
                comes_about(*bounds, || Ok(times.fits(count())))
                    .with_context(|| format!("s{server} was sent {} {what}: {}", count(), listed(&link.sent())))?;
            }
            Step::SentNothing(server) => {
                let link = &self.host(*server)?.link;
                let (connections, sent) = (link.connections(), link.sent());
                let text = format!("it was asked for {connections} connections and sent: {}", listed(&sent));
                ensure!(connections == 0 && sent.is_empty(), "{text}");
            }
        }
        Ok(())
    }

    /// Ends the player, and checks that all packets that were to be lost have been lost.
    fn end(mut self) -> Result<()> {
        self.player.take().map_or(Ok(()), ConcurrentPlayer::end)?;
        for (number, host) in &self.hosts {
            let left = host.link.not_lost();
            ensure!(
                left == 0,
                "{left} packets that were to be lost at s{number} never came, so the story shows nothing"
            );
        }
        Ok(())
    }

    fn ask(&mut self, question: &'a Question) -> Result<()> {
        let label = question.label.clone();
        self.player()?.ask(label.as_deref(), question.client, &question.line)?;
        self.questions.insert(label, question);
        Ok(())
    }

    fn answer(&mut self, expected: &Expected) -> Result<()> {
        let question = *self.questions.get(&expected.label).context("nothing was asked")?;
        let text = self.story.in_real_words(&expected.text);
        let label = expected.label.as_deref();
        let began = Instant::now();
        loop {
            let before = began.elapsed();
            let bound = expected.bounds.at_most.map(|at_most| at_most.saturating_sub(before));
            let answer = self.player()?.answer(label, bound)?;
            let (took, said) =
                answer.with_context(|| format!("no answer came within {:.2?}", bound.unwrap_or_default()))?;
            if fits(&text, &said) && self.is_by(expected.by, question)? {
                let took = before + took;
                let early = expected.bounds.at_least.is_some_and(|at_least| took < at_least);
                ensure!(!early, "the player says `{said}` after {took:.2?} already");
                return Ok(());
            }
            let by = expected.by.map_or_else(String::new, |by| format!(" by s{by}"));
            ensure!(question.insistent, "expected `{text}`{by}, the player says `{said}` after {took:.2?}");
            if said == "LOCKED" {
                self.player()?.ask(None, question.client, "release")?;
                self.player()?.answer(None, None)?.context("no answer to a release")?;
            }
            let late = expected.bounds.at_most.is_some_and(|at_most| began.elapsed() + ASKING > at_most);
            ensure!(!late, "expected `{text}`{by} in the end, the player still says `{said}`");
            thread::sleep(ASKING);
            self.player()?.ask(None, question.client, &question.line)?;
        }
    }

    /// Whether the lock is held at this server.
    fn is_by(&self, server: Option<Number>, question: &Question) -> Result<bool> {
        match (server, &question.key) {
            (Some(server), Some(key)) => self.host(server)?.has_held(key),
            _ => Ok(true),
        }
    }

    fn witness(&mut self, name: &str, deed: &Deed) -> Result<()> {
        match deed {
            Deed::Connect(address) | Deed::Hold(_, address) | Deed::WaitFor(_, address) => {
                // A server with a limit of one client may not know yet that the previous client has left.
                let witness = Deadline::after(PATIENCE).poll(|| {
                    let mut witness = Client::connect(*address).ok()?;
                    witness.settle().is_ok().then_some(witness)
                });
                let mut witness = witness.with_context(|| format!("{address} does not serve {name}"))?;
                match deed {
                    Deed::Hold(key, _) => {
                        let answer = witness.ask(&format!("ACQ4ANY {key} 1 100 600\n"))?;
                        ensure!(answer == "LOCKED\n", "{name} was told {answer:?}");
                    }
                    Deed::WaitFor(key, _) => {
                        witness.send(format!("ACQ4ANY {key} 1 100 600\n").as_bytes())?;
                        let early = witness.wait(10 * PERIOD, |received, ended| ended || !received.is_empty())?;
                        ensure!(
                            !early,
                            "{name} does not wait, but is told {:?}",
                            witness.take().escape_ascii().to_string()
                        );
                    }
                    _ => {}
                }
                self.witnesses.insert(name.to_owned(), witness);
            }
            Deed::Leave => {
                self.known(name)?;
                self.witnesses.remove(name);
            }
            Deed::Release => {
                let answer = self.known(name)?.ask("RELEASE\n")?;
                ensure!(answer == "RELEASED\n", "{name} was told {answer:?}");
            }
            Deed::HearNothing => self.known(name)?.expect_nothing()?,
            Deed::Hear(word, bounds) => {
                let (began, line) = (Instant::now(), format!("{word}\n"));
                let witness = self.known(name)?;
                let at_most = bounds.at_most.unwrap_or(PATIENCE);
                witness.wait(at_most, |received, _| received.contains(&b'\n'))?;
                let (took, heard) = (began.elapsed(), witness.take());
                ensure!(
                    heard == line.as_bytes(),
                    "{name} hears {:?} within {took:.2?}",
                    heard.escape_ascii().to_string()
                );
                ensure!(bounds.at_least.is_none_or(|at_least| took >= at_least), "{name} hears it after {took:.2?}");
            }
        }
        Ok(())
    }

    fn befalls(&mut self, server: Number, step: &Step) -> Result<()> {
        let host = self.hosts.get_mut(&server).context("no such server")?;
        let endless = |kind| Loss { way: Way::Both, kind, extent: Extent::Endless };
        match step {
            Step::Lose(_, way, kind, amount) => {
                let extent = match amount {
                    Amount::Count(count) => Extent::Count(*count),
                    Amount::For(time) => Extent::Until(Instant::now() + *time),
                };
                host.link.lose(Loss { way: *way, kind: *kind, extent });
            }
            Step::Delay(_, way, time) => host.link.delay(*way, *time),
            Step::Host(_, Fate::Vanish) => host.link.lose(endless(Kind::Packet)),
            Step::Host(_, Fate::SwallowConnections) => host.link.lose(endless(Kind::Syn)),
            Step::Host(_, Fate::ComeBack) => host.link.mend(),
            Step::Host(_, Fate::Freeze) => host.freeze()?,
            Step::Host(_, Fate::Thaw) => host.thaw()?,
            Step::Host(_, Fate::Die) => host.kill()?,
            Step::Host(_, Fate::Start(options)) => host.start(options)?,
            _ => bail!("this is not an event of a server"),
        }
        Ok(())
    }

    fn player(&mut self) -> Result<&mut ConcurrentPlayer> {
        if self.player.is_none() {
            let mut player = ConcurrentPlayer::start(self.command)?;
            let line = self.new_line();
            player.ask(None, 1, &line)?;
            let answer = player.answer(None, Some(PATIENCE))?.with_context(|| format!("no answer to `{line}`"))?;
            ensure!(answer.1 == "OK", "asked for `{line}`, the player says `{}`", answer.1);
            self.player = Some(player);
        }
        self.player.as_mut().context("it was made just now")
    }

    fn new_line(&self) -> String {
        new_line(&self.story.addresses(), "mediawiki", USUAL, &self.story.values)
    }

    fn host(&self, number: Number) -> Result<&Host> {
        self.hosts.get(&number).with_context(|| format!("there is no server s{number}"))
    }

    fn known(&mut self, name: &str) -> Result<&mut Client> {
        self.witnesses.get_mut(name).with_context(|| format!("there is no witness {name}"))
    }
}

impl Story {
    /// Every host in the story.
    fn hosts(&self) -> BTreeSet<Number> {
        let configured = self.servers.iter().filter_map(|name| name.strip_prefix('s')?.parse().ok());
        let steps = self.scenes.iter().flat_map(|scene| match &scene.step {
            Step::Name(_, numbers) => numbers.clone(),
            Step::Host(number, _) | Step::Lose(number, ..) | Step::Delay(number, ..) => vec![*number],
            _ => Vec::new(),
        });
        configured.chain(steps).collect()
    }

    /// An answer, with the names of servers replaced by their addresses.
    fn in_real_words(&self, text: &str) -> String {
        let address = |word: &str| {
            let index = self.servers.iter().position(|name| name == word)?;
            self.addresses().into_iter().nth(index)
        };
        let words = text.split(' ').map(|word| address(word).unwrap_or_else(|| word.to_owned()));
        words.collect::<Vec<_>>().join(" ")
    }
}

/// Whether an answer begins with these words; `fails` means any failure.
fn fits(text: &str, said: &str) -> bool {
    if text == "fails" {
        return ["connect ", "write ", "read "].iter().any(|kind| said.starts_with(kind));
    }
    said.strip_prefix(text).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// Waits until a condition is true; without a bound it must be true at once.
fn comes_about(bounds: Bounds, look: impl Fn() -> Result<bool>) -> Result<()> {
    let began = Instant::now();
    let deadline = Deadline::after(bounds.at_most.unwrap_or_default());
    while !look()? {
        ensure!(deadline.left().is_some(), "it does not come about within {:.2?}", began.elapsed());
        thread::sleep(PERIOD);
    }
    let early = bounds.at_least.is_some_and(|at_least| began.elapsed() < at_least);
    ensure!(!early, "it comes about after {:.2?} already", began.elapsed());
    Ok(())
}

fn listed(sent: &[Vec<u8>]) -> String {
    sent.iter().map(|bytes| bytes.escape_ascii().to_string()).collect::<Vec<_>>().join(", ")
}
