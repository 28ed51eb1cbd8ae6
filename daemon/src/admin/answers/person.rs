use crate::admin::shared::Admin;
use crate::net::listener::named;
use crate::net::peer::Peer;
use crate::server::Person;
use poolcounter::key::KeyText;
use serde::{Serialize, Serializer};

/// Who a client is.
#[derive(Debug, Serialize)]
pub(super) struct Identity {
    pub(super) client: u64,
    address: String,
    pid: Option<i32>,
    user: Option<String>,
}

impl Identity {
    pub(super) fn of(person: Person<'_>, admin: &Admin) -> Self {
        let peer = person.peer();
        let (address, pid, user) = match peer {
            Peer::Tcp(_) => (Some(peer.to_string()), None, None),
            Peer::Unix { process, user } => (person.path().map(|path| named(&path)), process, admin.users.name(user)),
            Peer::Unknown => (None, None, None),
        };
        Self { client: person.serial(), address: address.unwrap_or_else(|| "unknown".to_owned()), pid, user }
    }
}

/// A key in its text form.
pub(super) fn text_form<S: Serializer>(key: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&KeyText(key))
}
