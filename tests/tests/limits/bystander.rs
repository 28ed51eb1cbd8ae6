use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Counters, Daemon, Deadline, PATIENCE};

/// A client that works on its own key while others misbehave, and counts its own commands.
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

    /// Sends commands with known answers.
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

    /// Waits until all locks of other clients are gone. Then the daemon's counters must be the sum of the bystander's own commands and of
    /// `others`. Gives the number of clients that were cut off.
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
