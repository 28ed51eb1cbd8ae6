//! A bystander of a stampede, as in `stampede`, while many keys are held and several clients ask the admin interface for its longest answers. Latency: of each
//! of the bystander's acquires before the last DONE.

use std::io::Write;
use std::net::SocketAddr;

use anyhow::{Result, ensure};
use poolcounter_test_support::{Admin, AdminSocket, Reply};

use super::client::Answer;
use super::fleet::Fleet;
use super::slice::Slice;
use super::stampede::Stampede;
use super::{Scenario, Tally, WAIT_SECONDS};

/// Clients that each hold [`LOCKS`] keys: 20,000 keys in all.
pub(crate) const HOLDERS: usize = 5_000;

/// The most locks of one client.
const LOCKS: usize = 4;

/// What is asked for in each stampede, each on a connection of its own.
const PATHS: [&str; 4] = ["/metrics", "/v1/keys?limit=1000", "/metrics", "/v1/keys?sort=held&limit=1000"];

/// The stampede, and where the admin interface is, if it is asked.
pub(crate) struct Scraped {
    stampede: Stampede,
    admin: Option<Admin>,
}

/// Clients that hold many keys until this is dropped.
pub(crate) fn hold_keys(address: SocketAddr) -> Result<Fleet> {
    let mut fleet = Fleet::connect(address, HOLDERS)?;
    for lock in 0..LOCKS {
        fleet.ask_all(|number| format!("ACQ4ME held-{number}-{lock} 1 1 {WAIT_SECONDS}\n"), Answer::Locked)?;
    }
    Ok(fleet)
}

impl Scraped {
    /// Connects the clients of the stampede.
    pub(crate) fn new(address: SocketAddr, waiters: usize, admin: Option<Admin>) -> Result<Scraped> {
        Ok(Scraped { stampede: Stampede::new(address, waiters, true)?, admin })
    }

    /// Asks for everything, without reading the answers.
    fn ask(&self) -> Result<Vec<AdminSocket>> {
        let Some(admin) = &self.admin else { return Ok(Vec::new()) };
        let ask = |path| {
            let mut socket = admin.connect()?;
            socket
                .write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes())?;
            Ok(socket)
        };
        PATHS.map(ask).into_iter().collect()
    }
}

impl Scenario for Scraped {
    fn run(&mut self, slice: &mut Slice) -> Result<()> {
        while slice.begin() {
            slice.answered(self.stampede.gather()?);
            let asked = self.ask()?;
            self.stampede.release_beside(slice, Slice::latency)?;
            for (mut socket, path) in asked.into_iter().zip(PATHS) {
                let reply = Reply::parse(&socket.read_whole()?)?;
                ensure!(reply.status == 200 && reply.body.len() > 1_000, "GET {path}: {reply:?}");
            }
        }
        Ok(())
    }

    fn tally(&self) -> Tally {
        self.stampede.tally()
    }
}
