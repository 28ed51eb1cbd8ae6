use std::fmt::Write;

/// Text that no terminal obeys: control characters, line ends too, become escapes of JSON, as `\\u001b`. What a server says goes to a terminal in no other form.
pub(crate) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            // Writing to a string cannot fail.
            let _ = write!(shown, "\\u{:04x}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(plain("é a\u{1b}[31m\r\n\u{9b}2J\u{7f}"), "é a\\u001b[31m\\u000d\\u000a\\u009b2J\\u007f");
        let json = serde_json::json!("\u{9b}\u{7f}\u{1b}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&plain(&json.to_string())).unwrap(), json);
    }
}
