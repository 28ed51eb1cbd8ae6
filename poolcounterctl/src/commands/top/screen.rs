use super::Options;
use super::actions::{Pressed, pressed};
use super::draw::draw;
use super::poll::poll;
use super::servers::Servers;
use super::terminal::Screen;
use super::view::View;
use crate::failure::{Exit, Failure};
use crossterm::event::EventStream;
use futures_util::StreamExt;
use nix::sys::signal::{Signal, raise};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use std::io;
use std::thread;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

/// What ends the program, or stops it, from outside.
struct Signals {
    end: mpsc::Receiver<Signal>,
    stop: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        let (sender, end) = mpsc::channel(1);
        for number in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGQUIT] {
            let mut signals = signal(SignalKind::from_raw(number as i32))?;
            let sender = sender.clone();
            tokio::spawn(async move {
                signals.recv().await;
                // The receiver is gone: the program ends already.
                let _ = sender.send(number).await;
            });
        }
        Ok(Self { end, stop: signal(SignalKind::from_raw(Signal::SIGTSTP as i32))? })
    }
}

/// How often a look is taken at the terminal, and how long the program may then take to end by itself.
const GONE: Duration = Duration::from_secs(1);

/// Ends the program when its terminal is gone. crossterm may then read the end of the input again and again, and the thread that draws gets no turn, not even for
/// SIGHUP.
fn end_with_terminal() -> io::Result<()> {
    let watch = || {
        loop {
            let mut terminal = [PollFd::from_borrowed_fd(rustix::stdio::stdout(), PollFlags::empty())];
            // It asks for nothing, so only an end of the terminal is told, and not at once: hence the pause.
            match rustix::event::poll(&mut terminal, Some(&Timespec::default())) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return,
            }
            let is_gone = terminal[0].revents().contains(PollFlags::HUP);
            thread::sleep(GONE);
            if is_gone {
                std::process::exit(128 + Signal::SIGHUP as i32);
            }
        }
    };
    thread::Builder::new().name("terminal".to_owned()).spawn(watch).map(drop)
}

/// Draws until it is told to end.
pub(super) async fn run(options: &Options, mut servers: Servers, mut view: View) -> Result<Exit, Failure> {
    let Options { admin, iterations, interval, .. } = options;
    let mut signals = Signals::new()?;
    end_with_terminal()?;
    let mut screen = Screen::enter()?;
    let mut keyboard = EventStream::new();
    let (question, asked) = watch::channel(view.question.clone());
    let (sender, mut updates) = mpsc::channel(admin.servers.len());
    for (index, server) in admin.servers.iter().cloned().enumerate() {
        let times = [interval.0, admin.within()];
        tokio::spawn(poll(index, server, asked.clone(), sender.clone(), times));
    }
    let mut rounds = tokio::time::interval(interval.0);
    let mut round = 0;
    loop {
        screen.draw(|frame| draw(frame, &servers, &mut view))?;
        let press = tokio::select! {
            Some(number) = signals.end.recv() => end_by(number, screen),
            _ = signals.stop.recv() => Some(Pressed::Stop),
            event = keyboard.next() => match event {
                Some(event) => pressed(&event?),
                None => Some(Pressed::Quit),
            },
            Some((index, update)) = updates.recv(), if !view.paused => {
                servers.update(index, update);
                None
            }
            _ = rounds.tick() => {
                round += 1;
                // The first tick comes at once.
                iterations.is_some_and(|most| round > most).then_some(Pressed::Quit)
            }
        };
        match press {
            Some(Pressed::Quit) => return Ok(Exit::Done),
            Some(Pressed::Interrupt) => end_by(Signal::SIGINT, screen),
            Some(Pressed::Stop) => screen.leave_for(|| {
                // It can be refused for no process of its own.
                let _ = raise(Signal::SIGSTOP);
            })?,
            Some(Pressed::Redraw) => screen.forget()?,
            Some(Pressed::Act(action)) => {
                view.act(action, &servers.group_names());
                question.send_if_modified(|asked| {
                    let is_new = *asked != view.question;
                    asked.clone_from(&view.question);
                    is_new
                });
            }
            None => {}
        }
    }
}

/// Ends the program as a shell expects of one that a signal has ended.
fn end_by(number: Signal, screen: Screen) -> ! {
    drop(screen);
    std::process::exit(128 + number as i32)
}
