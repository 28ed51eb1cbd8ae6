use crossterm::cursor::{Hide, Show};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui_core::terminal::{Frame, Terminal};
use ratatui_crossterm::CrosstermBackend;
use std::io::{self, Stdout, stdout};
use std::mem::ManuallyDrop;
use std::sync::Once;

/// The terminal, as long as the program draws on it. Dropped, and if the program panics, it is as it was.
///
/// Ratatui's own drop is left out: it panics if the terminal is gone.
pub(super) struct Screen(ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>);

impl Screen {
    pub(super) fn enter() -> io::Result<Self> {
        restore_on_panic();
        // Made first: what fails from here on is taken back when it is dropped.
        let screen = Self(ManuallyDrop::new(Terminal::new(CrosstermBackend::new(stdout()))?));
        screen.begin()?;
        Ok(screen)
    }

    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.0.draw(draw).map(drop)
    }

    /// Draws all of it the next time, whatever has been written to the terminal since.
    pub(super) fn forget(&mut self) -> io::Result<()> {
        // Its own `clear` asks the terminal where the cursor is, and the answer would be read as keys.
        let size = self.0.size()?;
        self.0.resize(size.into())
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

/// The report of a panic would be lost on a screen that is left after it.
fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let _ = restore();
            report(panic);
            // In a task it would end that task alone.
            std::process::exit(101);
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use pty_process::Size;
    use pty_process::blocking::{Command, open};
    use rustix::termios::tcgetattr;
    use std::io::Read;

    #[test]
    #[ignore = "it panics, on the terminal of the next test"]
    fn a_program_that_panics() {
        let mut screen = Screen::enter().unwrap();
        screen.draw(|_| panic!("a fault")).unwrap();
    }

    #[test]
    fn a_panic_gives_the_terminal_back_and_is_read_there() {
        let (mut pty, pts) = open().unwrap();
        pty.resize(Size::new(24, 80)).unwrap();
        let before = tcgetattr(&pty).unwrap().local_modes;
        let name = concat!(module_path!(), "::a_program_that_panics");
        let name = name.split_once("::").unwrap().1;
        let program =
            Command::new(std::env::current_exe().unwrap()).args(["--ignored", "--exact", "--nocapture", name]);
        let mut child = program.env("TERM", "xterm").spawn(pts).unwrap();
        let mut printed = Vec::new();
        let mut bytes = [0; 4096];
        // The other end of a terminal that nobody has open any more is an error, not an end.
        while let Ok(length @ 1..) = pty.read(&mut bytes) {
            printed.extend_from_slice(&bytes[..length]);
        }
        assert!(!child.wait().unwrap().success());
        let printed = String::from_utf8(printed).unwrap();
        let at = |words: &str| printed.find(words).unwrap_or_else(|| panic!("no {words:?} in {printed:?}"));
        assert!(at("\x1b[?1049h") < at("\x1b[?1049l") && at("\x1b[?1049l") < at("a fault"), "{printed:?}");
        at("\x1b[?25h");
        assert_eq!(tcgetattr(&pty).unwrap().local_modes, before);
    }
}
