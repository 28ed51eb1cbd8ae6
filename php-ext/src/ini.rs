//! The settings in php.ini.

use crate::zend;
use ext_php_rs::ffi::{zend_ini_entry, zend_string};
use ext_php_rs::flags::IniEntryPermission;
use ext_php_rs::zend::{IniEntryDef, IniEntryDefs};
use std::ffi::{CStr, c_int, c_void};

/// Servers, separated by commas.
pub(crate) const SERVERS: &CStr = c"poolcounter.servers";
/// Seconds to connect, for each attempt.
pub(crate) const CONNECT_TIMEOUT: &CStr = c"poolcounter.connect_timeout";
/// Whether a second attempt is made.
pub(crate) const CONNECT_TWICE: &CStr = c"poolcounter.connect_twice";
/// Whether connections outlive the request.
pub(crate) const PERSISTENT: &CStr = c"poolcounter.persistent";
/// Whether a release waits for its answer.
pub(crate) const AWAIT_RELEASE: &CStr = c"poolcounter.await_release";

/// A setting that could be written for [`CONNECT_TIMEOUT`]. PHP itself does not report unknown settings.
pub(crate) const MISTAKEN_FOR_CONNECT_TIMEOUT: &CStr = c"poolcounter.timeout";

static ENTRIES: IniEntryDefs<6> = IniEntryDefs::new([
    entry(SERVERS, c"127.0.0.1"),
    entry(CONNECT_TIMEOUT, c"0.1"),
    entry(CONNECT_TWICE, c"0"),
    entry(PERSISTENT, c"1"),
    entry(AWAIT_RELEASE, c"0"),
    IniEntryDef::end(),
]);

const fn entry(name: &'static CStr, default: &'static CStr) -> IniEntryDef {
    IniEntryDef { on_modify: Some(accept), ..IniEntryDef::new(name, default, IniEntryPermission::All) }
}

/// Accepts every value; the constructor judges it. Without such a function `ini_restore()` restores nothing.
extern "C" fn accept(
    _entry: *mut zend_ini_entry,
    _value: *mut zend_string,
    _: *mut c_void,
    _: *mut c_void,
    _: *mut c_void,
    _stage: c_int,
) -> c_int {
    0
}

pub(crate) fn register(module: i32) {
    IniEntryDef::register(ENTRIES.as_slice(), module);
}

/// A switch, in the words that php.ini has for one.
pub(crate) fn switch(name: &CStr) -> bool {
    let text = zend::ini_text(name);
    ["on", "yes", "true"].iter().any(|word| text.eq_ignore_ascii_case(word))
        || text.trim().parse().is_ok_and(|number: i64| number != 0)
}
