//! Core's client for JavaScript, which owns the sockets and the clock.
//!
//! An [`Engine`] is told what happens: a call begins, a socket is connected, bytes have come, time has passed. After each of these it is asked what to do, one
//! [`Action`] at a time. Sockets, calls and locks are numbers here. The package in `npm/` is the JavaScript around it.
//!
//! | module | what it knows |
//! | --- | --- |
//! | `exports` | what JavaScript calls |
//! | `settings` | the configuration |
//! | `engine` | calls, locks, and core's client between them |
//! | `wires` | the sockets |

mod engine;
mod exports;
mod settings;
mod wires;

pub use exports::{Action, Engine, Result, module_memory};
pub use settings::Config;
