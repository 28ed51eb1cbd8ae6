//! The connections of this thread, which outlive objects and requests. A process of PHP without threads (NTS) has one thread.

use crate::held::Held;
use crate::options::{Configuration, Invalid};
use poolcounter::blocking::BlockingClient;
use poolcounter::client::Settings;
use std::cell::{RefCell, RefMut};
use std::collections::HashMap;
use std::rc::Rc;

/// More configurations than any site has. It bounds the memory of a process that makes new ones all the time.
const MAX_CONFIGURATIONS: usize = 64;

thread_local! {
    static REGISTRY: RefCell<HashMap<Configuration, Rc<Connections>>> = RefCell::default();
}

/// The connections of one configuration, and the locks that its objects hold through them.
pub(crate) struct Connections {
    client: RefCell<BlockingClient>,
    held: RefCell<Held>,
}

impl Connections {
    /// The client that owns them. It is not to be kept while PHP code may run.
    pub(crate) fn client(&self) -> RefMut<'_, BlockingClient> {
        self.client.borrow_mut()
    }

    /// Their locks. As with the client.
    pub(crate) fn held(&self) -> RefMut<'_, Held> {
        let mut held = self.held.borrow_mut();
        held.leave_parents_locks();
        held
    }
}

/// The connections of this configuration; an object that has the same one shares them.
pub(crate) fn connections(configuration: Configuration) -> Result<Rc<Connections>, Invalid> {
    REGISTRY.with_borrow_mut(|registry| {
        if let Some(known) = registry.get(&configuration) {
            return Ok(Rc::clone(known));
        }
        let settings: Settings = configuration.settings()?;
        if registry.len() >= MAX_CONFIGURATIONS {
            // Those that no object uses any more; they hold no lock.
            registry.retain(|_, connections| Rc::strong_count(connections) > 1);
        }
        let client = RefCell::new(BlockingClient::new(settings));
        let made = Rc::new(Connections { client, held: RefCell::new(Held::new()) });
        registry.insert(configuration, Rc::clone(&made));
        Ok(made)
    })
}

/// The request has ended: a lock that it still holds is given up, as its work was not finished.
pub(crate) fn end_request() {
    with_all(|registry| {
        for (configuration, connections) in registry.iter() {
            connections.held().forget_all();
            if configuration.persistent {
                connections.client().abandon_all();
            } else {
                connections.client().close();
            }
        }
        registry.retain(|configuration, _| configuration.persistent);
        if registry.len() > MAX_CONFIGURATIONS {
            registry.clear();
        }
    });
}

/// The module is about to be unloaded. The connections of other threads were closed when those ended.
pub(crate) fn forget_all() {
    with_all(HashMap::clear);
}

/// How many configurations have connections in this thread.
pub(crate) fn configurations() -> usize {
    REGISTRY.try_with(|registry| registry.borrow().len()).unwrap_or_default()
}

/// Does nothing if the thread is about to end.
fn with_all(action: impl FnOnce(&mut HashMap<Configuration, Rc<Connections>>)) {
    let _ = REGISTRY.try_with(|registry| action(&mut registry.borrow_mut()));
}
