//! The admin interface of the daemon, from the client's side.

mod address;
mod answers;
mod ask;
mod connection;
mod events;
mod options;
mod pages;
mod stream;

pub(crate) use address::AdminAddress;
#[cfg(test)]
pub(crate) use answers::GroupHistory;
pub(crate) use answers::{
    Claim, ClientClaim, Clients, Drained, Group, Groups, Histogram, History, HotKey, Key, Keys, Kicked, Reloaded,
    Status, Undrained, in_plain_text, understood,
};
pub(crate) use ask::{AskError, get, post};
pub(crate) use events::{Event, follow};
pub(crate) use options::{AdminOptions, LocalOptions};
pub(crate) use pages::pages;
pub(crate) use stream::{End, stream};

/// A piece of a path or of a query: everything that could end it is percent-encoded.
pub(crate) fn encoded(text: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');
    percent_encoding::utf8_percent_encode(text, KEPT).to_string()
}
