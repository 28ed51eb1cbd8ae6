//! Keys as text, and their groups: clients make the keys, operators and other programs the texts.

use crate::input::Input;
use poolcounter::key::{Groups, KeyText, MAX_GROUPS};

/// The bytes are: how long the key is and how it is shortened; the key; and a text, which is a key's and one of rules.
pub fn check(data: &[u8]) {
    let mut input = Input::new(data);
    let (length, most) = (input.short(), input.byte());
    let key = input.bytes(usize::from(length) % 1_100);
    check_text_form(key, usize::from(most));
    let text = input.rest();
    if let Ok(text) = std::str::from_utf8(text) {
        check_text(text);
    }
    check_rules(key, text);
}

fn check_text_form(key: &[u8], most: usize) {
    let text = KeyText(key).to_string();
    assert_eq!(KeyText::parse(&text).as_deref(), Ok(key));
    assert!(text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>&\\".contains(&byte)));
    let short = KeyText(key).shorten(most).to_string();
    if let Some((head, tail)) = short.split_once('…') {
        let ends = [head, tail].map(|end| KeyText::parse(end).expect("whole escapes"));
        assert!(key.starts_with(&ends[0]) && key.ends_with(&ends[1]));
        assert!(text.len() > most && short.chars().count() <= most.max(1));
    } else {
        assert!(short == text && text.len() <= most);
    }
}

/// What a key's text form says, its own one says too.
fn check_text(text: &str) {
    if let Ok(key) = KeyText::parse(text) {
        assert_eq!(KeyText::parse(&KeyText(&key).to_string()), Ok(key));
    }
}

fn check_rules(key: &[u8], text: &[u8]) {
    let mut groups = match Groups::parse(text) {
        Ok(groups) => groups,
        Err(error) => {
            let lines = text.split(|byte| *byte == b'\n').count();
            assert!((1..=lines).contains(&error.line));
            Groups::default()
        }
    };
    let mut keys: Vec<&[u8]> = text.split(u8::is_ascii_whitespace).collect();
    keys.push(key);
    let first: Vec<_> = keys.iter().map(|key| groups.of(key)).collect();
    let again: Vec<_> = keys.iter().map(|key| groups.of(key)).collect();
    assert_eq!(first, again);
    assert!(groups.iter().len() <= 1 + MAX_GROUPS);
    for group in first {
        assert_eq!(groups.find(groups.name(group)), Some(group));
        // A group that a key makes has a name that a rule could have.
        let name = groups.name(group).to_owned();
        assert_eq!(groups.named(&name), Ok(group));
    }
}
