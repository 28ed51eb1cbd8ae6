use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Admin, Client, Daemon, Program, Scratch};
use serde_json::Value;

/// The port of admin interfaces here.
pub(crate) const ADMIN_PORT: u16 = 7532;

/// A daemon with an admin interface at a path and at an address.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) daemon: Daemon,
    pub(crate) unix: Admin,
    pub(crate) tcp: Admin,
    pub(crate) scratch: Scratch,
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
            command.arg("-l").arg(address.to_string()).args(arguments);
            command.args(["--log-level", "debug", "--listen", &unix(&scratch.file("pool"))]);
            command.args(["--admin", &unix(&path), "--admin", &format!("{address}:{ADMIN_PORT}")]);
            Ok(command)
        })?;
        let tcp = Admin::Tcp((daemon.address().ip(), ADMIN_PORT).into());
        Ok(Self { daemon, unix: Admin::Unix(path), tcp, scratch })
    }

    /// The path of a socket for clients.
    pub(crate) fn pool(&self) -> PathBuf {
        self.scratch.file("pool")
    }

    /// The JSON at this path.
    pub(crate) fn json(&self, path: &str) -> Result<Value> {
        let body = self.unix.get(path)?;
        serde_json::from_str(&body).with_context(|| format!("{path}: {body}"))
    }

    /// Clients that have asked this and were answered, or wait.
    pub(crate) fn clients(&self, count: usize, request: &str, answer: &str) -> Result<Vec<Client>> {
        let client = |_| {
            let mut client = Client::connect(self.daemon.address())?;
            client.send(request.as_bytes())?;
            client.expect(answer.as_bytes())?;
            Ok(client)
        };
        let clients = (0..count).map(client).collect::<Result<_>>()?;
        self.daemon.settle()?;
        Ok(clients)
    }

    /// All entries of a list, part by part.
    pub(crate) fn whole(&self, path: &str, list: &str, limit: usize) -> Result<Vec<Value>> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let (mut entries, mut cursor) = (Vec::new(), String::new());
        loop {
            let part = self.json(&format!("{path}{separator}limit={limit}{cursor}"))?;
            let came = part[list].as_array().with_context(|| part.to_string())?;
            ensure!(came.len() <= limit, "{} of {limit}", came.len());
            entries.extend(came.iter().cloned());
            ensure!(entries.len() < 10_000, "the list has no end");
            match part["next"].as_str() {
                Some(next) => cursor = format!("&cursor={}", encoded(next)),
                None => return Ok(entries),
            }
        }
    }
}

fn unix(path: &std::path::Path) -> String {
    format!("unix:{}", path.display())
}

/// Percent-encoded for a part of a URL.
pub(crate) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one = |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

/// The values of one member of all entries.
pub(crate) fn all<'a>(entries: &'a [Value], member: &str) -> Vec<&'a Value> {
    entries.iter().map(|entry| &entry[member]).collect()
}
