//! The admin interface, as its users and its enemies meet it.

mod broken;
mod events;
mod hosts;
mod metrics;
mod record_buffer;
mod recording;
mod routes;
mod scene;
mod start;
mod upgrade;
mod walks;
