//! The rule of a ring, without servers.

use crate::arguments::{Place, bytes, number, text};
use crate::boundary::free;
use crate::error::{Problem, code, pc_error};
use poolcounter::route::{MAX_WEIGHT, Ring};
use poolcounter_c_macros::c_function;
use std::ffi::c_char;

/// The most points for each unit of weight: each costs memory and time.
const MAX_POINTS: i64 = 1000;

/// A ring of labels, which distributes keys by python-poolcounter's rule. It is for programs that choose servers
/// themselves. Several threads may read it at once, but only while no thread changes or frees it.
pub struct pc_ring {
    points: u32,
    nodes: Vec<(String, u32)>,
    ring: Ring,
}

impl pc_ring {
    fn add(&mut self, label: &str, weight: u32) -> Result<(), Problem> {
        let taken =
            || Problem::new(pc_error::PC_ERROR_INVALID, "the ring has the label, or one of its points, already");
        if self.nodes.iter().any(|(known, _)| known == label) {
            return Err(taken());
        }
        self.nodes.push((label.to_owned(), weight));
        let ring = Ring::with_points(self.points, self.nodes.iter().map(|(label, weight)| (label, *weight)));
        if ring.has_collision() {
            self.nodes.pop();
            return Err(taken());
        }
        self.ring = ring;
        Ok(())
    }
}

/// Makes a ring without labels. A label gets `points` points, from 1 to 1000, for each unit of its weight. The rings of
/// python-poolcounter and of pc_config_add_ring_server() use 100. Free it with pc_ring_free().
#[c_function]
pub unsafe fn pc_ring_new(points: i64, ring: *mut *mut pc_ring) -> pc_error {
    let make = || {
        // SAFETY: the conventions.
        let place = unsafe { Place::new(ring, "ring") }?;
        let points = number(points, 1..=MAX_POINTS, "points")?;
        let ring = Ring::with_points::<&str>(points, []);
        place.set(Box::into_raw(Box::new(pc_ring { points, nodes: Vec::new(), ring })));
        Ok(())
    };
    code(make())
}

/// Frees a ring and sets the pointer to NULL.
#[c_function]
pub unsafe fn pc_ring_free(ring: *mut *mut pc_ring) {
    // SAFETY: the conventions.
    unsafe { free(ring, |_| Some(())) }
}

/// Adds a label with a weight, from 0 to 1000. With weight 0 it gets no keys. A label that the ring already has, or
/// whose points collide with those of another label, is PC_ERROR_INVALID.
#[c_function]
pub unsafe fn pc_ring_add(ring: *mut pc_ring, label: *const c_char, weight: i64) -> pc_error {
    let add = || {
        // SAFETY: the conventions.
        let (ring, label) = unsafe { (ring.as_mut().ok_or_else(|| Problem::null("ring"))?, text(label, "label")?) };
        ring.add(label, number(weight, 0..=i64::from(MAX_WEIGHT), "weight")?)
    };
    code(add())
}

/// Finds the label that a key belongs to: `node` is the index of the label, in the order in which the labels were
/// added. The key may have any bytes. If there is no label, or all weights are 0, the error is PC_ERROR_NO_SERVER.
#[c_function]
pub unsafe fn pc_ring_node(ring: *const pc_ring, key: *const c_char, key_length: usize, node: *mut usize) -> pc_error {
    let ask = || {
        // SAFETY: the conventions.
        let ring = unsafe { ring.as_ref() }.ok_or_else(|| Problem::null("ring"))?;
        // SAFETY: the conventions.
        let (key, place) = unsafe { (bytes(key, key_length, "key")?, Place::new(node, "node")?) };
        let nobody = || Problem::new(pc_error::PC_ERROR_NO_SERVER, "the ring has no labels, or all weights are 0");
        place.set(ring.ring.node(key).ok_or_else(nobody)?);
        Ok(())
    };
    code(ask())
}
