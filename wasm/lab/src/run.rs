//! A comparison that runs in slices.

use poolcounter_sim::{Comparison, Report, Simulation};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

/// Both settings' simulations, one after the other.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Run {
    comparison: Comparison,
    a: Simulation,
    b: Simulation,
    done: (f64, f64),
}

#[wasm_bindgen]
impl Run {
    /// A run of the comparison in an address, at its beginning.
    ///
    /// # Errors
    ///
    /// The address is not valid.
    #[wasm_bindgen(constructor)]
    pub fn new(query: &str) -> Result<Self, JsError> {
        let comparison = Comparison::from_query(query)?;
        let a = Simulation::new(&comparison.scenario, &comparison.a)?;
        let b = Simulation::new(&comparison.scenario, &comparison.b)?;
        Ok(Self { comparison, a, b, done: (0.0, 0.0) })
    }

    /// Runs this number of events. Gives the progress, from 0 to exactly 1.
    pub fn advance(&mut self, events: u32) -> f64 {
        if self.done.0 < 1.0 {
            self.done.0 = self.a.advance(events);
        } else {
            self.done.1 = self.b.advance(events);
        }
        f64::midpoint(self.done.0, self.done.1)
    }

    /// The results, as the JSON of the command `poolcounter-sim --json`.
    #[must_use]
    pub fn report(&self) -> String {
        Report::new(&self.comparison, self.a.outcome(), self.b.outcome()).to_json()
    }
}
