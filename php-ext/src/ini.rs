//! The settings in php.ini.

use crate::zend;
use ext_php_rs::flags::IniEntryPermission;
use ext_php_rs::zend::{IniEntryDef, IniEntryDefs};
use std::ffi::CStr;

/// Servers, separated by commas.
pub(crate) const SERVERS: &CStr = c"poolcounter.servers";
/// Seconds to connect.
pub(crate) const TIMEOUT: &CStr = c"poolcounter.timeout";
/// Seconds to connect, for each of two attempts; 0: not used.
pub(crate) const CONNECT_TIMEOUT: &CStr = c"poolcounter.connect_timeout";
/// Whether connections outlive the request.
pub(crate) const PERSISTENT: &CStr = c"poolcounter.persistent";
/// Whether a release waits for its answer.
pub(crate) const AWAIT_RELEASE: &CStr = c"poolcounter.await_release";

static ENTRIES: IniEntryDefs<6> = IniEntryDefs::new([
    IniEntryDef::new(SERVERS, c"127.0.0.1", IniEntryPermission::All),
    IniEntryDef::new(TIMEOUT, c"0.1", IniEntryPermission::All),
    IniEntryDef::new(CONNECT_TIMEOUT, c"0", IniEntryPermission::All),
    IniEntryDef::new(PERSISTENT, c"1", IniEntryPermission::All),
    IniEntryDef::new(AWAIT_RELEASE, c"0", IniEntryPermission::All),
    IniEntryDef::end(),
]);

pub(crate) fn register(module: i32) {
    IniEntryDef::register(ENTRIES.as_slice(), module);
}

/// A switch, in the words that php.ini has for one.
pub(crate) fn switch(name: &CStr) -> bool {
    let text = zend::ini_text(name);
    ["on", "yes", "true"].iter().any(|word| text.eq_ignore_ascii_case(word))
        || text.trim().parse().is_ok_and(|number: i64| number != 0)
}
