//! `poolcounterd`: the PoolCounter daemon.
//!
//! The rules of the protocol live in the crate `poolcounter`; here are the sockets, signals and command line around its lock table.
//! A command goes from `connection` (bytes) to `server` (the table and who must be told), on one thread and without a lock.

#![forbid(unsafe_code)]

mod acceptor;
mod address;
mod arrivals;
mod clock;
mod command_line;
mod connection;
mod descriptors;
mod expiry;
mod getopt;
mod hand_over;
mod idle;
mod listener;
mod log;
mod outbox;
mod peer;
mod reason;
mod server;
mod service;
mod service_manager;
mod signals;
mod socket;

use command_line::{Action, Options};
use hand_over::Program;
use listener::{Listener, StartError};
use server::Server;
use signals::Signals;
use std::io::Write;
use std::process::ExitCode;
use std::rc::Rc;
use tokio::runtime::{Builder, LocalOptions};

/// As many sockets as the runtime looks at in one turn, and as many tasks as it then runs. Many ready clients at once are served before the sockets are looked
/// at again: 2 to 4 % of the CPU time with 10,000 of them, measured.
const EVENTS_A_TURN: usize = 4096;
const TASKS_A_TURN: u32 = 1024;

/// See sysexits(3), and `RestartPreventExitStatus=` in poolcounter.service.
const USAGE: u8 = 64;

const VERSION: &str = env!("CARGO_PKG_VERSION");

const HELP: &str = "\
Usage: poolcounterd [OPTIONS]

A network daemon with mutex-like locks and bounded queues.

  -l ADDRESS              listen on this IPv4 or IPv6 address, port 7531 (the last one counts)
  --listen ADDRESS[:PORT] listen there too; may be repeated
  --listen unix:/PATH     listen on a Unix socket; may be repeated
  --unix-mode MODE        permissions of the Unix sockets, in octal (default 0660)
  --max-clients N         serve N clients at a time, and close further connections at once
  --idle-timeout SECONDS  close connections that are idle for so long, from 10 on (default: never)
  --log-level LEVEL       error, warn, info, debug or trace (default warn)
  --help                  print the options and exit
  --version               print the version and exit

Without -l and --listen it listens on 127.0.0.1:7531. A listening socket on standard input, or a TCP socket
that systemd passes (LISTEN_FDS), is used in the place of -l.

SIGUSR1: the program file that now stands at the daemon's path takes over, with every connection and lock.
";

fn main() -> ExitCode {
    let action = match command_line::parse(std::env::args_os()) {
        Ok(action) => action,
        Err(refusal) => return refuse(&refusal.0),
    };
    match action {
        Action::Help => print(HELP),
        Action::Version => print(&format!("poolcounterd {VERSION}\n")),
        Action::CheckHandOver => match hand_over::check() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(format!("{error}\n").as_bytes()),
        },
        Action::Run(options) => match run(&options) {
            Ok(()) => {
                // By now clients have seen the end of their streams.
                log::flush(log::AT_THE_END);
                ExitCode::SUCCESS
            }
            Err(error) if error.is_for_good() => refuse(format!("{error}\n").as_bytes()),
            Err(error) => fail(format!("{error}\n").as_bytes()),
        },
    }
}

fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn fail(message: &[u8]) -> ExitCode {
    log::last_words(message);
    ExitCode::FAILURE
}

/// Ends for a reason that the next start would meet again. A service manager has a status of its own for it, by which it does not try again; without one the
/// status is the reference's.
fn refuse(message: &[u8]) -> ExitCode {
    let status = fail(message);
    if service_manager::is_there() { ExitCode::from(USAGE) } else { status }
}

/// The runtime would go on without the task that panicked: without its acceptor, say, and nobody would notice.
fn die_of_panics() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // The report may find that standard error takes nothing.
        let _ = std::thread::Builder::new().spawn(|| {
            std::thread::sleep(log::AT_THE_END);
            std::process::abort();
        });
        report(panic);
        std::process::abort();
    }));
}

fn run(options: &Options) -> Result<(), StartError> {
    die_of_panics();
    log::start(options.log_level, hand_over::unwritten());
    let program = Program::this();
    let runtime = Builder::new_current_thread()
        .event_interval(TASKS_A_TURN)
        .global_queue_interval(TASKS_A_TURN)
        .max_io_events_per_tick(EVENTS_A_TURN)
        .enable_all()
        .build_local(LocalOptions::default())
        .map_err(StartError::Runtime)?;
    runtime.block_on(async {
        let signals = Signals::new().map_err(StartError::Runtime)?;
        let (listeners, server) = if hand_over::is_due() {
            hand_over::take_over(options.max_clients).await?
        } else {
            descriptors::keep_reserve();
            (listener::open(options)?, Server::new(options.max_clients))
        };
        let listeners: Vec<Rc<Listener>> = listeners.into_iter().map(Rc::new).collect();
        for listener in &listeners {
            tokio::task::spawn_local(acceptor::run(Rc::clone(&server), Rc::clone(listener)));
        }
        tokio::task::spawn_local(expiry::run(Rc::clone(&server)));
        tokio::task::spawn_local(outbox::run(Rc::clone(&server)));
        if let Some(timeout) = options.idle_timeout {
            tokio::task::spawn_local(idle::run(Rc::clone(&server), timeout));
        }
        service::run(&server, &listeners, &program, &signals).await.map_err(StartError::Signals)
    })
}
