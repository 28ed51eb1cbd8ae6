//! SIGUSR1: another program takes over, and no client can tell.

mod crowd;
mod full;
mod hanging_disk;
mod kept;
mod killed;
mod listeners;
mod process;
mod refused;
mod signals;
