//! `poolcounterd`: the PoolCounter daemon.
//!
//! The crate `poolcounter` has the rules of the protocol and the lock table. This crate has the sockets, signals and command line around it.
//! A command goes from `tasks` (which wait for bytes) to `server` (the table and the outbox), on one thread and without a lock.

#![forbid(unsafe_code)]

mod admin;
mod command_line;
mod config;
mod constants;
mod drain;
mod groups_file;
mod hand_over;
mod net;
mod running;
mod saved;
mod server;
mod service;
mod start_error;
mod system;
mod tasks;

use crate::command_line::{Action, HELP, Options};
use crate::config::Settings;
use crate::constants::{EVENTS_A_TURN, MAX_ADMIN_CONNECTIONS, TASKS_A_TURN, VERSION};
use crate::drain::Gate;
use crate::hand_over::Program;
use crate::net::listener::Listeners;
use crate::running::Running;
use crate::saved::SavedDrain;
use crate::server::Server;
use crate::service::signals::Signals;
use crate::service::{Daemon, manager};
use crate::start_error::StartError;
use crate::system::{descriptors, log, orphans};
use crate::tasks::{buffering, delivery, expiry, idle, overdue};
use std::io::Write;
use std::process::ExitCode;
use std::rc::Rc;
use tokio::runtime::{Builder, LocalOptions};
use tracing::{error, warn};

/// See sysexits(3), and `RestartPreventExitStatus=` in poolcounter.service.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let action = match command_line::parse(std::env::args_os()) {
        Ok(action) => action,
        Err(refusal) => return refuse(&refusal.0),
    };
    match action {
        Action::Help => print(HELP),
        Action::Version => print(&format!("poolcounterd {VERSION}\n")),
        Action::CheckHandOver(options) => match check(&options) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(format!("{error}\n").as_bytes()),
        },
        Action::Run(options) => match run(&options) {
            Ok(()) => {
                // Clients have seen the end of their streams before this wait.
                log::flush(log::AT_THE_END);
                ExitCode::SUCCESS
            }
            Err(error) if error.is_permanent() => refuse(format!("{error}\n").as_bytes()),
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

/// Ends for a reason that would also end the next start. With a service manager the exit status is [`USAGE`], so that it does not try again. Otherwise it is
/// the reference's.
fn refuse(message: &[u8]) -> ExitCode {
    let status = fail(message);
    if manager::is_there() { ExitCode::from(USAGE) } else { status }
}

/// Makes a panic end the program. Otherwise the runtime would continue without the task that panicked, for example without its acceptor.
fn abort_on_panic() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // The report hangs if standard error accepts nothing.
        let _ = std::thread::Builder::new().spawn(|| {
            std::thread::sleep(log::AT_THE_END);
            std::process::abort();
        });
        report(panic);
        std::process::abort();
    }));
}

/// Whether this program can take over, and can read the files that its options name. The files may have changed since the running daemon read them.
fn check(options: &Options) -> Result<(), StartError> {
    config::read(options)?;
    Ok(hand_over::check()?)
}

fn run(options: &Options) -> Result<(), StartError> {
    abort_on_panic();
    let settings = config::read(options);
    let log_level = settings.as_ref().map_or(options.log_level, |settings| settings.options.log_level);
    log::start(log_level, hand_over::unwritten());
    let program = Program::this();
    let runtime = Builder::new_current_thread()
        .event_interval(TASKS_A_TURN)
        .global_queue_interval(TASKS_A_TURN)
        .max_io_events_per_tick(EVENTS_A_TURN)
        .enable_all()
        .build_local(LocalOptions::default())
        .map_err(StartError::Runtime)?;
    runtime.block_on(async {
        let signals =
            Signals::new(options.config.is_some() || options.groups.is_some()).map_err(StartError::Runtime)?;
        let settings = match settings {
            // The trial has read the files. If one has become bad since, that must not end the daemon.
            Err(error) if hand_over::is_due() => {
                error!("{error}; the command line alone is used");
                Settings::of(options)
            }
            settings => settings?,
        };
        if !settings.options.admin.is_empty() {
            descriptors::reserve_for_admin(MAX_ADMIN_CONNECTIONS.into());
        }
        let unix_mode = settings.options.unix_mode;
        let (listeners, server, drain, running) = if hand_over::is_due() {
            let begin = |server: &Rc<Server>, listeners: &Listeners| {
                Running::begin(server, options, settings, !listeners.for_admin.is_empty())
            };
            hand_over::take_over(begin).await?
        } else {
            descriptors::keep_reserve();
            let (listeners, server) = (net::open(&settings.options)?, Server::new());
            if listeners.for_admin.is_empty() && !settings.options.admin_names.is_empty() {
                warn!("--admin-name has no effect without --admin");
            }
            if listeners.for_admin.is_empty() && settings.options.record_buffer.is_some() {
                warn!("--record-buffer has no effect without --admin");
            }
            let running = Running::begin(&server, options, settings, !listeners.for_admin.is_empty());
            (listeners, server, SavedDrain::default(), running)
        };
        let Listeners { for_clients, for_admin } = listeners;
        let gate = Gate::new(&server, for_clients, unix_mode, drain.closed.as_deref());
        admin::start(&server, &running, &gate, &for_admin);
        tokio::task::spawn_local(expiry::run(Rc::clone(&server)));
        tokio::task::spawn_local(delivery::run(Rc::clone(&server)));
        tokio::task::spawn_local(overdue::run(Rc::clone(&server)));
        tokio::task::spawn_local(idle::run(Rc::clone(&server)));
        tokio::task::spawn_local(buffering::run(Rc::clone(&server)));
        tokio::task::spawn_local(orphans::run());
        service::run(
            &Daemon { server: &server, gate: &gate, for_admin: &for_admin, program: &program, running: &running },
            &signals,
        )
        .await
        .map_err(StartError::Signals)
    })
}
