use poolcounter::key::KeyText;
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
        self.0.map_or_else(|| key.to_owned(), |width| shortened(key, width))
    }
}

/// A key in its text form, in at most `width` characters.
pub(crate) fn shortened(key: &str, width: usize) -> String {
    // A server says keys in their text form only. Should one not, the text is shown whole.
    KeyText::parse(key).map_or_else(|_| key.to_owned(), |bytes| KeyText(&bytes).shorten(width).to_string())
}
