//! A daemon with an admin socket.

use anyhow::Result;
use poolcounter_test_support::{Client, Daemon, Program, Scratch};

/// A daemon, and where it is administered.
pub(crate) struct Administered {
    pub(crate) daemon: Daemon,
    /// Its Unix socket.
    pub(crate) admin: String,
    /// Its admin address over TCP.
    pub(crate) admin_tcp: String,
    _scratch: Scratch,
}

impl Administered {
    pub(crate) fn new(arguments: &[&str]) -> Result<Self> {
        let scratch = Scratch::new()?;
        let admin = format!("unix:{}", scratch.file("admin").display());
        let daemon = Daemon::start(|address| {
            let mut command = Program::ours()?.command();
            command.args(["-l", &address.to_string(), "--admin", &admin, "--admin", &format!("{address}:7532")]);
            command.args(arguments);
            Ok(command)
        })?;
        let admin_tcp = format!("{}:7532", daemon.address().ip());
        Ok(Self { daemon, admin, admin_tcp, _scratch: scratch })
    }

    /// A client that has sent this request.
    pub(crate) fn client(&self, request: &str) -> Result<Client> {
        let mut client = Client::connect(self.daemon.address())?;
        client.send(format!("{request}\n").as_bytes())?;
        self.daemon.settle()?;
        Ok(client)
    }

    /// A holder of this key, and so many who wait for it.
    pub(crate) fn crowd(&self, key: &str, waiters: usize) -> Result<Vec<Client>> {
        (0..=waiters).map(|_| self.client(&format!("ACQ4ANY {key} 1 100 600"))).collect()
    }
}
