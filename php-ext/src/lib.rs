//! The PHP extension `poolcounter`: PoolCounter's client for PHP.
//!
//! | module | what it knows |
//! | --- | --- |
//! | `interface` | `PoolCounter\ClientInterface` |
//! | `class`, `methods` | `PoolCounter\Client` as PHP sees it |
//! | `client` | what such an object does |
//! | `held` | which object holds which lock |
//! | `options`, `servers` | the constructor's arguments |
//! | `once` | what a process has logged already |
//! | `registry` | the connections, which outlive objects and requests |
//! | `answer` | the enum `PoolCounter\Result` |
//! | `exceptions` | the exceptions |
//! | `statistics` | the text of `STATS` as an array |
//! | `ini`, `info` | settings in php.ini, the section in `phpinfo()` |
//! | `zend` | the few functions of PHP's C interface that ext-php-rs leaves out |

// What `php_module` makes has no docs, and nothing else is public.
#![allow(missing_docs)]

mod answer;
mod class;
mod client;
mod exceptions;
mod held;
mod info;
mod ini;
mod interface;
mod methods;
mod once;
mod options;
#[cfg(feature = "panics")]
mod panics;
mod registry;
mod servers;
mod statistics;
mod zend;

use ext_php_rs::prelude::{ModuleBuilder, php_module};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What PHP's callbacks return.
const SUCCESS: i32 = 0;
const FAILURE: i32 = -1;

/// The module, as PHP loads it.
#[php_module]
#[php(startup = startup)]
pub fn get_module(module: ModuleBuilder) -> ModuleBuilder {
    let module = module
        .name("poolcounter")
        .shutdown_function(shutdown)
        .request_shutdown_function(request_shutdown)
        .post_deactivate_function(after_request)
        .info_function(info::print);
    #[cfg(feature = "panics")]
    let module = module.function(panics::function());
    module
}

fn startup(_type: i32, module: i32) -> i32 {
    contained(|| {
        ini::register(module);
        answer::register()?;
        exceptions::register()?;
        interface::register()?;
        class::register()
    })
}

extern "C" fn shutdown(_type: i32, _module: i32) -> i32 {
    contained(|| {
        registry::forget_all();
        once::forget_all();
        poolcounter::forget_servers();
        Ok(())
    })
}

extern "C" fn request_shutdown(_type: i32, _module: i32) -> i32 {
    contained(|| {
        registry::end_request();
        #[cfg(feature = "panics")]
        panics::maybe();
        Ok(())
    })
}

/// Later than other modules' end of the request, in which PHP code may still have run: a session handler's.
extern "C" fn after_request() -> i32 {
    contained(|| {
        registry::end_request();
        Ok(())
    })
}

/// Runs a callback of PHP's; a panic must not leave it.
fn contained(callback: impl FnOnce() -> ext_php_rs::error::Result<()>) -> i32 {
    match catch_unwind(AssertUnwindSafe(callback)) {
        Ok(Ok(())) => SUCCESS,
        Ok(Err(_)) | Err(_) => FAILURE,
    }
}
