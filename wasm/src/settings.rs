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

    /// Sets the option of this name, as the package's users have it; a switch is on if the value is not 0.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "JavaScript has checked it")]
    pub fn set(&mut self, option: &str, value: f64) {
        let settings = &mut self.settings;
        match option {
            "connectTimeoutMs" => settings.connect_timeout = micros(value),
            "connectTwice" => settings.connect_twice = value != 0.0,
            "minAnswerTimeoutMs" => settings.answer_timeout = micros(value),
            "firstAnswerTimeoutMs" => settings.first_answer_timeout = micros(value),
            "avoidForMs" => settings.pass_over = micros(value),
            "maxIdleTimeMs" => settings.keep_idle = micros(value),
            "maxIdleConnections" => settings.keep = value as usize,
            _ => settings.await_release = value != 0.0,
        }
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

#[cfg(test)]
mod tests {
    use super::Config;
    use poolcounter::client::Settings;

    /// An option, and whether the settings show that it was set to 7.
    type Option = (&'static str, fn(&Settings) -> bool);

    const OPTIONS: [Option; 8] = [
        ("connectTimeoutMs", |settings| settings.connect_timeout == 7_000),
        ("connectTwice", |settings| settings.connect_twice),
        ("minAnswerTimeoutMs", |settings| settings.answer_timeout == 7_000),
        ("firstAnswerTimeoutMs", |settings| settings.first_answer_timeout == 7_000),
        ("avoidForMs", |settings| settings.pass_over == 7_000),
        ("maxIdleTimeMs", |settings| settings.keep_idle == 7_000),
        ("maxIdleConnections", |settings| settings.keep == 7),
        ("awaitRelease", |settings| settings.await_release),
    ];

    #[test]
    fn each_option_sets_its_own_setting_and_no_other() {
        for (option, _) in OPTIONS {
            let mut config = Config::new();
            config.set(option, 7.0);
            let changed: Vec<_> =
                OPTIONS.iter().filter(|(_, is_set)| is_set(&config.settings)).map(|(name, _)| *name).collect();
            assert_eq!(changed, [option]);
        }
    }
}
