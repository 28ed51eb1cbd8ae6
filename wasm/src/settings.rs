//! How a client behaves, as JavaScript sets it.

use std::time::Duration;

use poolcounter::client::{KeyDistribution, Server, Settings};
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
            Ok(server) => {
                self.settings.add_server(server);
                None
            }
            Err(error) => Some(error.to_string()),
        }
    }

    /// Gives the server that was added last a label and a weight on the ring. False if the weight is out of range.
    #[wasm_bindgen(js_name = placeOnRing)]
    pub fn place_on_ring(&mut self, label: String, weight: u32) -> bool {
        self.nodes.push((label, weight));
        weight <= MAX_WEIGHT
    }

    /// Sets the option of this name, as the package's users have it; a switch is on if the value is not 0. False if there is no such option.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "JavaScript has checked it")]
    pub fn set(&mut self, option: &str, value: f64) -> bool {
        let (settings, time, switch) = (&mut self.settings, milliseconds(value), value != 0.0);
        match option {
            "connectTimeoutMs" => settings.connect_timeout(time),
            "connectTwice" => settings.connect_twice(switch),
            "minAnswerTimeoutMs" => settings.min_answer_timeout(time),
            "firstAnswerTimeoutMs" => settings.first_answer_timeout(time),
            "avoidForMs" => settings.avoid_for(time),
            "maxIdleTimeMs" => settings.max_idle_time(time),
            "maxIdleConnections" => settings.max_idle_connections(value as usize),
            "awaitRelease" => settings.await_release(switch),
            _ => return false,
        };
        true
    }
}

impl Config {
    pub(crate) fn into_settings(self) -> Settings {
        let mut settings = self.settings;
        if !self.nodes.is_empty() {
            settings.key_distribution(KeyDistribution::Ring(Ring::new(self.nodes)));
        }
        settings
    }
}

/// JavaScript's milliseconds, which may have fractions.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the conversion saturates")]
pub(crate) fn micros(ms: f64) -> u64 {
    (ms * 1000.0) as u64
}

/// JavaScript's milliseconds as a time span.
pub(crate) fn milliseconds(ms: f64) -> Duration {
    Duration::from_micros(micros(ms))
}

#[cfg(test)]
mod tests {
    use super::Config;

    /// An option, and how the settings show that it was set to 7.
    const OPTIONS: [(&str, &str); 8] = [
        ("connectTimeoutMs", "connect_timeout: 7000"),
        ("connectTwice", "connect_twice: true"),
        ("minAnswerTimeoutMs", "min_answer_timeout: 7000"),
        ("firstAnswerTimeoutMs", "first_answer_timeout: 7000"),
        ("avoidForMs", "avoid_for: 7000"),
        ("maxIdleTimeMs", "max_idle_time: 7000"),
        ("maxIdleConnections", "max_idle_connections: 7"),
        ("awaitRelease", "await_release: true"),
    ];

    fn shown(config: &Config) -> Vec<String> {
        format!("{:?}", config.settings).split(", ").map(str::to_owned).collect()
    }

    #[test]
    fn each_option_sets_its_own_setting_and_no_other() {
        for (option, set) in OPTIONS {
            let mut config = Config::new();
            let before = shown(&config);
            assert!(config.set(option, 7.0));
            let changed: Vec<_> = shown(&config).into_iter().filter(|setting| !before.contains(setting)).collect();
            assert_eq!(changed, [set]);
        }
    }

    #[test]
    fn an_unknown_option_sets_nothing() {
        let mut config = Config::new();
        let before = shown(&config);
        assert!(!config.set("awaitReleases", 7.0));
        assert_eq!(shown(&config), before);
    }
}
