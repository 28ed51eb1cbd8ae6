//! The daemon as a service: what it tells its manager, its units, its manual.

mod manual;
mod notified;
mod refusals;
mod syscalls;
mod systemd;
mod units;
