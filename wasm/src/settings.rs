//! How a client behaves, as JavaScript sets it.

use poolcounter::client::{Choice, Server, Settings};
use poolcounter::route::{MAX_WEIGHT, Ring};
use wasm_bindgen::prelude::wasm_bindgen;

/// The configuration of an [`Engine`](crate::Engine). What is not set is as in core. Times are in milliseconds.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Config {
    settings: Settings,
    /// For each server a label and a weight, if servers are chosen by the ring.
    nodes: Vec<(String, u32)>,
}

#[wasm_bindgen]
impl Config {
    /// Without servers.
    #[wasm_bindgen(constructor)]
    #[must_use]
    #[allow(clippy::new_without_default, reason = "JavaScript has no Default")]
    pub fn new() -> Self {
        Self { settings: Settings::new(Vec::new()), nodes: Vec::new() }
    }

    /// Adds a server, or says why it is none.
    #[wasm_bindgen(js_name = addServer)]
    pub fn add_server(&mut self, server: &str) -> Option<String> {
        match Server::parse(server) {
            Ok(server) => self.settings.servers.push(server),
            Err(error) => return Some(error.to_string()),
        }
        None
    }

    /// Gives the server that was added last a place on the ring; whether the weight is within its range.
    #[wasm_bindgen(js_name = placeOnRing)]
    pub fn place_on_ring(&mut self, label: String, weight: u32) -> bool {
        self.nodes.push((label, weight));
        weight <= MAX_WEIGHT
    }

    /// How long a connection may take to be made.
    #[wasm_bindgen(setter = connectTimeoutMs)]
    pub fn set_connect_timeout(&mut self, ms: f64) {
        self.settings.connect_timeout = micros(ms);
    }

    /// Whether a connection is tried a second time.
    #[wasm_bindgen(setter = connectTwice)]
    pub fn set_connect_twice(&mut self, on: bool) {
        self.settings.connect_twice = on;
    }

    /// The least time to wait for an answer.
    #[wasm_bindgen(setter = answerTimeoutMs)]
    pub fn set_answer_timeout(&mut self, ms: f64) {
        self.settings.answer_timeout = micros(ms);
    }

    /// How long an answer that is due at once may take on a connection that has not answered before.
    #[wasm_bindgen(setter = firstAnswerTimeoutMs)]
    pub fn set_first_answer_timeout(&mut self, ms: f64) {
        self.settings.first_answer_timeout = micros(ms);
    }

    /// For how long a server that was away is tried last, or not asked.
    #[wasm_bindgen(setter = passOverMs)]
    pub fn set_pass_over(&mut self, ms: f64) {
        self.settings.pass_over = micros(ms);
    }

    /// How long a connection may have been unused.
    #[wasm_bindgen(setter = keepIdleMs)]
    pub fn set_keep_idle(&mut self, ms: f64) {
        self.settings.keep_idle = micros(ms);
    }

    /// How many connections are kept without use.
    #[wasm_bindgen(setter = keep)]
    pub fn set_keep(&mut self, connections: u32) {
        self.settings.keep = connections as usize;
    }

    /// Whether a release waits for its answer.
    #[wasm_bindgen(setter = awaitRelease)]
    pub fn set_await_release(&mut self, on: bool) {
        self.settings.await_release = on;
    }
}

impl Config {
    pub(crate) fn into_settings(self) -> Settings {
        let mut settings = self.settings;
        if !self.nodes.is_empty() {
            settings.choice = Choice::Ring(Ring::new(self.nodes));
        }
        settings
    }
}

/// JavaScript's milliseconds, which may have fractions.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the conversion saturates")]
pub(crate) fn micros(ms: f64) -> u64 {
    (ms * 1000.0) as u64
}
