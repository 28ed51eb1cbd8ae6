//! The section in `phpinfo()`.

use crate::{registry, zend};
use ext_php_rs::PHP_ZTS;
use ext_php_rs::zend::ModuleEntry;
use ext_php_rs::{info_table_end, info_table_row, info_table_start};
use std::panic::{AssertUnwindSafe, catch_unwind};

const IN_PROCESS: &str = "Configurations in use by this process";
/// Each thread has its own connections.
const IN_THREAD: &str = "Configurations in use by this thread";

pub(crate) extern "C" fn print(module: *mut ModuleEntry) {
    // A panic in here would end PHP.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let configurations = registry::configurations().to_string();
        info_table_start!();
        info_table_row!("PoolCounter support", "enabled");
        info_table_row!("Version", env!("CARGO_PKG_VERSION"));
        info_table_row!(if PHP_ZTS { IN_THREAD } else { IN_PROCESS }, configurations);
        info_table_end!();
        zend::print_ini_entries(module);
    }));
}
