use std::time::Duration;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Admin, Client, Daemon, PATIENCE, Program, Scratch};
use serde_json::Value;

/// A daemon with an admin interface.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) daemon: Daemon,
    pub(crate) admin: Admin,
    _scratch: Scratch,
}

impl Scene {
    pub(crate) fn new(arguments: &[&str]) -> Result<Self> {
        Self::of(&Program::ours()?, arguments)
    }

    /// The same of another program.
    pub(crate) fn of(program: &Program, arguments: &[&str]) -> Result<Self> {
        let scratch = Scratch::new()?;
        let path = scratch.file("admin");
        let daemon = Daemon::start(|address| {
            let mut command = program.command();
            command.arg("-l").arg(address.to_string()).arg(format!("--admin=unix:{}", path.display())).args(arguments);
            Ok(command)
        })?;
        Ok(Self { daemon, admin: Admin::Unix(path), _scratch: scratch })
    }

    /// A daemon that runs already.
    pub(crate) fn around(daemon: Daemon, admin: Admin, scratch: Scratch) -> Self {
        Self { daemon, admin, _scratch: scratch }
    }

    /// A client that was answered, or waits if no answer is expected.
    pub(crate) fn client(&self, request: &str, answer: &str) -> Result<Client> {
        let mut client = Client::connect(self.daemon.address())?;
        client.send(request.as_bytes())?;
        client.expect(answer.as_bytes())?;
        self.daemon.settle()?;
        Ok(client)
    }

    /// The number of the client of this socket.
    pub(crate) fn number(&self, client: &Client) -> Result<u64> {
        let clients = self.json("/v1/clients")?;
        let address = client.socket().local_addr()?.to_string();
        let clients = clients["clients"].as_array().context("a list")?;
        let own = clients.iter().find(|other| other["address"] == *address).context("the client is not listed")?;
        own["client"].as_u64().context("a number")
    }

    /// The JSON at this path.
    pub(crate) fn json(&self, path: &str) -> Result<Value> {
        let body = self.admin.get(path)?;
        serde_json::from_str(&body).with_context(|| format!("{path}: {body}"))
    }

    /// Asks for something to be done: the answer's status and JSON.
    pub(crate) fn post(&self, path: &str) -> Result<(u16, Value)> {
        let reply = self.admin.post(path)?;
        let json = serde_json::from_str(&reply.body).with_context(|| format!("{path}: {reply:?}"))?;
        Ok((reply.status, json))
    }

    /// The value of a metric, with its labels.
    pub(crate) fn metric(&self, name: &str) -> Result<f64> {
        let metrics = self.admin.get("/metrics")?;
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.with_context(|| format!("{name} is not there: {metrics}"))?.parse().context("a number")
    }
}

/// Waits for what a client is told, for longer than usual.
pub(crate) fn told(client: &mut Client, words: &str, wait: Duration) -> Result<()> {
    let came = client.wait(wait + PATIENCE, |received, ended| ended || received.len() >= words.len())?;
    ensure!(came, "{words:?} does not come");
    client.expect(words.as_bytes())
}
