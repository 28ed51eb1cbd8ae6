use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Counters, Daemon, Deadline, PATIENCE};

/// A client that minds its own business on a key of its own, and keeps account of it.
pub(crate) struct Bystander {
    client: Client,
    rounds: u64,
}

impl Bystander {
    pub(crate) fn new(daemon: &Daemon) -> Result<Self> {
        let mut bystander = Self { client: Client::connect(daemon.address())?, rounds: 0 };
        bystander.check()?;
        Ok(bystander)
    }

    /// Asks what it knows the answers to.
    pub(crate) fn check(&mut self) -> Result<()> {
        let questions = [
            ("ACQ4ME bystander 1 1 0\n", "LOCKED\n"),
            ("ACQ4ANY bystander 1 1 0\n", "QUEUE_FULL\n"),
            ("RELEASE\n", "RELEASED\n"),
            ("RELEASE\n", "NOT_LOCKED\n"),
            ("\n", "ERROR BAD_COMMAND\n"),
        ];
        for (question, expected) in questions {
            let answer = self.client.ask(question)?;
            ensure!(answer == expected, "the bystander asked {question:?} and was answered {answer:?}");
        }
        self.rounds += 1;
        Ok(())
    }

    pub(crate) fn counters(&mut self) -> Result<Counters> {
        Counters::ask(&mut self.client)
    }

    /// Waits until all locks of others are gone; then everything that was counted must be known: the bystander's own doings and
    /// `others`, the counters that somebody else has moved. Gives those who were cut off.
    pub(crate) fn settle_accounts(&mut self, others: &[(&str, u64)]) -> Result<()> {
        self.check()?;
        let rest = || self.counters().ok().filter(Counters::at_rest);
        let counters = Deadline::after(PATIENCE).poll(rest).context("some lock is left over")?;
        let own = [
            ("total_acquired", self.rounds),
            ("total_releases", self.rounds),
            ("full_queues", self.rounds),
            ("release_mismatch", self.rounds),
            ("processed_count", self.rounds),
            ("connect_errors", 0),
            ("failed_sends", 0),
            ("lock_mismatch", 0),
            ("lock_while_waiting", 0),
        ];
        for (name, own) in own {
            let other: u64 = others.iter().filter(|(other, _)| *other == name).map(|(_, count)| count).sum();
            ensure!(counters[name] == own + other, "{name}: not {own} + {other} but {}", counters[name]);
        }
        Ok(())
    }
}
