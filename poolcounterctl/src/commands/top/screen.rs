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
use std::io;
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

/// Draws until it is told to end.
pub(super) async fn run(options: &Options, mut servers: Servers, mut view: View) -> Result<Exit, Failure> {
    let Options { admin, iterations, interval, .. } = options;
    let mut signals = Signals::new()?;
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
