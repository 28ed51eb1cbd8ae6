//! The text of `STATS` as an array.

use ext_php_rs::boxed::ZBox;
use ext_php_rs::error::Result;
use ext_php_rs::types::ZendHashTable;

/// Name => value: an int where it is one, else its text.
pub(crate) fn array(text: &str) -> Result<ZBox<ZendHashTable>> {
    let mut array = ZendHashTable::new();
    for (name, value) in text.lines().filter_map(|line| line.split_once(": ")) {
        match value.parse::<i64>() {
            Ok(number) => array.insert(name, number)?,
            Err(_) => array.insert(name, value)?,
        }
    }
    Ok(array)
}
