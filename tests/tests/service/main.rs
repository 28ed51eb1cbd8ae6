//! The daemon as a service: its messages to the service manager, its units, its manual.

mod manual;
mod notified;
mod refusals;
mod syscalls;
mod systemd;
mod units;
