//! SIGUSR1: a new program takes over, and clients notice no difference.

mod crowd;
mod full;
mod hanging_disk;
mod kept;
mod killed;
mod listeners;
mod process;
mod refused;
mod signals;
