//! `poolcounterd`: the PoolCounter daemon.
//!
//! The rules of the protocol live in the crate `poolcounter`; here are the sockets, signals and command line around its lock table.
//! A command goes from `connection` (bytes) to `server` (the table and who must be told), on one thread and without a lock.

#![forbid(unsafe_code)]

mod acceptor;
mod address;
mod clock;
mod command_line;
mod connection;
mod descriptors;
mod expiry;
mod getopt;
mod listener;
mod log;
mod server;
mod signals;
mod socket;

use command_line::{Action, Options};
use listener::StartError;
use std::io::Write;
use std::process::ExitCode;
use std::rc::Rc;
use tokio::runtime::{Builder, LocalOptions};

const HELP: &str = "\
Usage: poolcounterd [OPTIONS]

A network daemon with mutex-like locks and bounded queues.

  -l ADDRESS              listen on this IPv4 or IPv6 address, port 7531 (the last one counts)
  --listen ADDRESS[:PORT] listen there too; may be repeated
  --listen unix:/PATH     listen on a Unix socket; may be repeated
  --unix-mode MODE        permissions of the Unix sockets, in octal (default 0660)
  --max-clients N         close connections beyond N at once
  --log-level LEVEL       error, warn, info, debug or trace (default warn)
  --help                  print this and exit
  --version               print the version and exit

Without -l and --listen it listens on 127.0.0.1:7531. If standard input is a listening socket, that one
is used in the place of -l. Sockets that systemd passes (LISTEN_FDS) are used too.
";

fn main() -> ExitCode {
    let action = match command_line::parse(std::env::args_os()) {
        Ok(action) => action,
        Err(refusal) => return fail(&refusal.0),
    };
    match action {
        Action::Help => print(HELP),
        Action::Version => print(&format!("poolcounterd {}\n", env!("CARGO_PKG_VERSION"))),
        Action::Run(options) => match run(&options) {
            Ok(()) => ExitCode::SUCCESS,
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
    // Where standard error is closed there is nobody to tell.
    let _ = std::io::stderr().write_all(message);
    ExitCode::FAILURE
}

/// The runtime would go on without the task that panicked: without its acceptor, say, and nobody would notice.
fn die_of_panics() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        std::process::abort();
    }));
}

fn run(options: &Options) -> Result<(), StartError> {
    die_of_panics();
    log::start(options.log_level);
    descriptors::raise_limit();
    let runtime = Builder::new_current_thread()
        // Many ready clients at once are served before the sockets are looked at again: 2 to 4 % of the CPU time with
        // 10,000 of them, measured.
        .event_interval(1024)
        .global_queue_interval(1024)
        .max_io_events_per_tick(4096)
        .enable_all()
        .build_local(LocalOptions::default())
        .map_err(StartError::Runtime)?;
    runtime.block_on(async {
        let signals = signals::Signals::new().map_err(StartError::Runtime)?;
        let listeners = listener::open(options)?;
        let server = Rc::new(server::Server::new(options.max_clients));
        for listener in listeners {
            tokio::task::spawn_local(acceptor::run(Rc::clone(&server), listener));
        }
        tokio::task::spawn_local(expiry::run(Rc::clone(&server)));
        signals.until_stopped().await;
        Ok(())
    })
}
