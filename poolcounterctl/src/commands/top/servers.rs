use super::poll::Sample;
use super::rates::Rates;
use crate::admin::{AdminAddress, AskError};
use std::time::Instant;

/// The servers that are watched, in the order of the command line.
#[derive(Clone, Debug)]
pub(super) struct Servers(Vec<Server>);

/// A server and what is known of it.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) address: AdminAddress,
    pub(super) standing: Standing,
}

#[derive(Clone, Debug)]
pub(super) enum Standing {
    /// It was not asked yet.
    Unasked,
    /// It has answered the last time; the rates are those since the time before.
    Answers { sample: Box<Sample>, rates: Rates },
    /// It has not, since this moment.
    Silent { since: Instant, error: AskError },
}

impl Servers {
    pub(super) fn new(addresses: &[AdminAddress]) -> Self {
        let server = |address: &AdminAddress| Server { address: address.clone(), standing: Standing::Unasked };
        Self(addresses.iter().map(server).collect())
    }

    /// Takes in what came of a round.
    pub(super) fn update(&mut self, index: usize, result: Result<Sample, AskError>) {
        let Some(server) = self.0.get_mut(index) else { return };
        server.standing = match (result, &server.standing) {
            (Ok(sample), Standing::Answers { sample: before, .. }) => {
                let rates = Rates::between(before, &sample);
                Standing::Answers { sample: Box::new(sample), rates }
            }
            (Ok(sample), _) => Standing::Answers { sample: Box::new(sample), rates: Rates::default() },
            (Err(error), Standing::Silent { since, .. }) => Standing::Silent { since: *since, error },
            (Err(error), _) => Standing::Silent { since: Instant::now(), error },
        };
    }

    pub(super) fn all(&self) -> &[Server] {
        &self.0
    }

    /// Those that answer, with their indices.
    pub(super) fn answering(&self) -> impl Iterator<Item = (usize, &Sample, &Rates)> {
        self.0.iter().enumerate().filter_map(|(index, server)| match &server.standing {
            Standing::Answers { sample, rates } => Some((index, &**sample, rates)),
            _ => None,
        })
    }

    /// The names of all groups, in the order in which servers name them.
    pub(super) fn group_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for (_, sample, _) in self.answering() {
            for group in &sample.groups.groups {
                if !names.contains(&&*group.name) {
                    names.push(&group.name);
                }
            }
        }
        names
    }
}
