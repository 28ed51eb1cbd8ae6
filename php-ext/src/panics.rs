//! Panics on demand, for the tests.

use ext_php_rs::builders::FunctionBuilder;
use ext_php_rs::types::Zval;
use ext_php_rs::zend::{ExecuteData, run_handler};
use std::cell::Cell;

thread_local! {
    static AT_REQUEST_END: Cell<bool> = const { Cell::new(false) };
}

/// `poolcounter_panic()` panics, at once and again at the end of the request.
pub(crate) fn function() -> FunctionBuilder<'static> {
    FunctionBuilder::new("poolcounter_panic", handler)
}

/// Panics if it was asked for in this request.
pub(crate) fn maybe() {
    assert!(!AT_REQUEST_END.replace(false), "asked for, at the end of the request");
}

extern "C" fn handler(_: &mut ExecuteData, _: &mut Zval) {
    AT_REQUEST_END.set(true);
    run_handler(|| panic!("asked for"));
}
