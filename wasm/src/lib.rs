//! Core's client for JavaScript, which owns the sockets and the clock.
//!
//! JavaScript reports events to an [`Engine`]: a call begins, a socket is connected, bytes have come, time has passed. After each event it asks for the next action, one
//! [`Action`] at a time. Sockets, calls and locks are numbers here. The package in `npm/` is the JavaScript around it.
//!
//! | module | what it knows |
//! | --- | --- |
//! | `exports` | what JavaScript calls |
//! | `settings` | the configuration |
//! | `engine` | calls, locks, and core's client between them |
//! | `sockets` | the sockets |

mod engine;
mod exports;
mod settings;
mod sockets;

pub use exports::{Action, Engine, Result, module_memory};
pub use settings::Config;
