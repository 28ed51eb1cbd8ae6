use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// What the keyboard asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Pause,
    Help,
    NextSort,
    NextWindow,
    NextGroup,
    PreviousGroup,
    AllGroups,
    Scroll(isize),
}

/// What a press means for the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pressed {
    Act(Action),
    Quit,
    /// Control-C.
    Interrupt,
    /// Control-Z.
    Stop,
    /// Control-L, or the terminal has another size.
    Redraw,
}

/// Key by key, for the help.
pub(super) const HELP: [(&str, &str); 9] = [
    ("q, Esc", "quit"),
    ("p, Space", "pause: servers are asked no more until it goes on"),
    ("s", "sort keys by: waiters, oldest hold, acquires, refusals, time waited"),
    ("w", "count acquires, refusals and waits in the last minute or the last hour"),
    ("g, G", "keys of the next group, of the previous one"),
    ("a", "keys of all groups"),
    ("arrows, j, k", "scroll through the keys; Page Up and Page Down by ten, Home to the first"),
    ("Ctrl-L, Ctrl-Z", "draw again, stop until the shell goes on with it"),
    ("h, ?", "this help, and back"),
];

pub(super) fn pressed(event: &Event) -> Option<Pressed> {
    let Event::Key(KeyEvent { code, modifiers, kind: KeyEventKind::Press | KeyEventKind::Repeat, .. }) = event else {
        return matches!(event, Event::Resize(..)).then_some(Pressed::Redraw);
    };
    if modifiers.contains(KeyModifiers::CONTROL) {
        return match code {
            KeyCode::Char('c') => Some(Pressed::Interrupt),
            KeyCode::Char('z') => Some(Pressed::Stop),
            KeyCode::Char('l') => Some(Pressed::Redraw),
            _ => None,
        };
    }
    Some(Pressed::Act(match code {
        KeyCode::Char('q') | KeyCode::Esc => return Some(Pressed::Quit),
        KeyCode::Char('p' | ' ') => Action::Pause,
        KeyCode::Char('s') => Action::NextSort,
        KeyCode::Char('w') => Action::NextWindow,
        KeyCode::Char('g') => Action::NextGroup,
        KeyCode::Char('G') => Action::PreviousGroup,
        KeyCode::Char('a') => Action::AllGroups,
        KeyCode::Char('h' | '?') => Action::Help,
        KeyCode::Down | KeyCode::Char('j') => Action::Scroll(1),
        KeyCode::Up | KeyCode::Char('k') => Action::Scroll(-1),
        KeyCode::PageDown => Action::Scroll(10),
        KeyCode::PageUp => Action::Scroll(-10),
        KeyCode::Home => Action::Scroll(isize::MIN),
        _ => return None,
    }))
}
