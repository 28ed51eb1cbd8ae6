//! `run`: a command under a lock, as flock(1) has it on one host.

mod child;
mod guard;
mod ignored;

use crate::failure::{Exit, Failure};
use crate::output::complain;
use crate::pool::{self, server};
use guard::Guard;
use poolcounter::blocking::BlockingClient;
use poolcounter::client::{AcquireOutcome, Failure as NoLock, Request, Server, Settings};
use poolcounter::key::KeyText;
use poolcounter::protocol::Mode;
use std::ffi::OsString;
use std::fmt::Display;
use std::os::unix::ffi::OsStrExt;

/// How many characters of a key stand in a message.
const SHORT: usize = 60;

/// Run a command under a lock, as flock(1) does, but for all hosts that ask the same servers
///
/// The status is that of the command: 128 + n if signal n ended it, 126 or 127 if it cannot be run. It is 75 if too many hold the key or wait for it, or if the
/// lock was not free in time, and 69 if no server answers.
///
/// Signals are passed on to the command. If the command fails, the next waiter gets the lock, and no waiter is told that the work is done. The command does
/// not inherit the lock: if SIGKILL ends poolcounterctl, the lock is free and the command goes on.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The key to lock: any bytes except NUL, LF and CR
    #[arg(long, value_name = "KEY")]
    key: OsString,
    /// How many may hold the key at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    workers: u32,
    /// How many may hold the key or wait for it
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    maxqueue: u32,
    /// How long to wait for the lock; 0: not at all
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(0..=86_400))]
    timeout: u32,
    /// Whether the work of another client is enough
    #[arg(long, value_enum, default_value_t = For::Me)]
    mode: For,
    /// A server: HOST, HOST:PORT or unix:/PATH; may be repeated. Several are asked in MediaWiki's order
    #[arg(short, long = "server", value_name = "SERVER", value_parser = server, default_value = "127.0.0.1")]
    servers: Vec<Server>,
    /// Run the command unprotected if no server answers
    #[arg(long)]
    open: bool,
    /// End the command if its lock is lost: by SIGTERM, and after 10 seconds by SIGKILL
    #[arg(long)]
    kill_on_loss: bool,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Whose work counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum For {
    /// The command runs in any case, as soon as it has the lock
    Me,
    /// If another client does the work meanwhile, the command is not run, and the status is 0
    Any,
}

pub(crate) fn run(options: &Options) -> Result<u8, Failure> {
    let key = options.key.as_bytes();
    let named = KeyText(key).shorten(SHORT);
    let mode = if options.mode == For::Me { Mode::ForMe } else { Mode::ForAnyone };
    let request = Request::new(key).mode(mode).workers(options.workers).maxqueue(options.maxqueue);
    let mut settings = Settings::new(options.servers.clone());
    settings.connect_timeout(pool::CONNECT).await_release(true);
    let mut client = BlockingClient::new(settings);
    // Until the command runs there is nothing to be put in order: a signal ends this program, and its connection with it.
    let refused = |why: String| Err(Failure::new(Exit::TryLater, format!("{named}: {why}")));
    match client.acquire(&request.timeout_seconds(options.timeout)) {
        Ok(AcquireOutcome::Locked(lock)) => Guard::new(options, client, Some(lock)).run(),
        Ok(AcquireOutcome::Done) if options.mode == For::Any => Ok(Exit::Done as u8),
        Ok(AcquireOutcome::Done) => without_lock(
            options,
            client,
            format!("{named}: the server answered `DONE`, which only `--mode any` asks for"),
        ),
        Ok(AcquireOutcome::QueueFull) => refused(format!("{} or more hold it or wait for it", options.maxqueue)),
        Ok(AcquireOutcome::Timeout) if options.timeout == 0 => refused("it is not free".to_owned()),
        Ok(AcquireOutcome::Timeout) => refused(format!("it was not free within {} s", options.timeout)),
        // A new connection has no lock.
        Ok(AcquireOutcome::LockHeld) => refused("the server takes this connection for another one".to_owned()),
        Err(failure @ NoLock::BadKey(_)) => Err(Failure::usage(failure)),
        Err(failure) => without_lock(options, client, failure),
    }
}

/// No server has given an answer that counts: the command runs unprotected, or not at all.
fn without_lock(options: &Options, client: BlockingClient, why: impl Display) -> Result<u8, Failure> {
    if !options.open {
        return Err(Failure::new(Exit::NoAnswer, why));
    }
    complain(format!("{why}; the command runs unprotected"));
    Guard::new(options, client, None).run()
}
