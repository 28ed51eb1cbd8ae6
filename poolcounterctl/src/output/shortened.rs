use poolcounter::key::KeyText;

/// A key in its text form, in at most `width` characters: a longer one loses its middle.
pub(crate) fn shortened(key: &str, width: usize) -> String {
    // A server says keys in their text form only. Should one not, the text is shown whole.
    KeyText::parse(key).map_or_else(|_| key.to_owned(), |bytes| KeyText(&bytes).shorten(width).to_string())
}
