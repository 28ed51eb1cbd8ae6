use crossterm::cursor::{Hide, Show};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui_core::terminal::{Frame, Terminal};
use ratatui_crossterm::CrosstermBackend;
use std::io::{self, Stdout, stdout};
use std::sync::Once;

/// The terminal, as long as the program draws on it. Dropped, and if the program panics, it is as it was.
pub(super) struct Screen(Terminal<CrosstermBackend<Stdout>>);

impl Screen {
    pub(super) fn enter() -> io::Result<Self> {
        restore_on_panic();
        // Made first: what fails from here on is taken back when it is dropped.
        let screen = Self(Terminal::new(CrosstermBackend::new(stdout()))?);
        screen.begin()?;
        Ok(screen)
    }

    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.0.draw(draw).map(drop)
    }

    /// Draws all of it the next time, whatever has been written to the terminal since.
    pub(super) fn forget(&mut self) -> io::Result<()> {
        self.0.clear()
    }

    /// Gives the terminal back while `meanwhile` runs.
    pub(super) fn leave_for(&mut self, meanwhile: impl FnOnce()) -> io::Result<()> {
        restore()?;
        meanwhile();
        self.begin()?;
        self.forget()
    }

    #[expect(clippy::unused_self, reason = "the terminal is given back by its drop")]
    fn begin(&self) -> io::Result<()> {
        enable_raw_mode()?;
        execute!(stdout(), EnterAlternateScreen, Hide)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = restore();
    }
}

fn restore() -> io::Result<()> {
    let left = execute!(stdout(), LeaveAlternateScreen, Show);
    disable_raw_mode()?;
    left
}

/// The report of a panic would be lost on a screen that is left behind it.
fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let _ = restore();
            report(panic);
        }));
    });
}
