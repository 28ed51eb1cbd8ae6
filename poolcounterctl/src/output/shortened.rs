use std::io::IsTerminal;

/// What a key keeps of its line on a terminal, at the least.
const NARROWEST: usize = 16;

/// How much room a key has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyWidth(Option<usize>);

impl KeyWidth {
    /// On a terminal what the other columns of a table leave, which take `others`; elsewhere a key is whole.
    pub(crate) fn beside(others: usize) -> Self {
        let out = std::io::stdout();
        let terminal = out.is_terminal().then(|| rustix::termios::tcgetwinsize(out).ok()).flatten();
        Self(terminal.map(|size| usize::from(size.ws_col).max(80).saturating_sub(others).max(NARROWEST)))
    }

    /// A key, in its text form, cut in the middle if it has no room.
    pub(crate) fn shorten(self, key: &str) -> String {
        match self.0 {
            Some(width) => shortened(key, width),
            None => key.to_owned(),
        }
    }
}

/// Keys in text form are ASCII.
pub(crate) fn shortened(key: &str, width: usize) -> String {
    let characters: Vec<char> = key.chars().collect();
    if characters.len() <= width {
        return key.to_owned();
    }
    let kept = width.saturating_sub(3);
    let (head, tail) = (kept.div_ceil(2), kept / 2);
    characters[..head].iter().chain(&['.', '.', '.']).chain(&characters[characters.len() - tail..]).collect()
}
