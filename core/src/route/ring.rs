use alloc::collections::BinaryHeap;
use alloc::format;
use alloc::vec::Vec;
use md5::{Digest, Md5};

/// Points that a node of weight 1 has on the ring.
const POINTS_PER_WEIGHT: u32 = 100;

/// The greatest weight that a client library should accept: each unit costs memory and time.
pub const MAX_WEIGHT: u32 = 1000;

/// python-poolcounter's weighted ring of md5 points.
///
/// A node is named by its label, so that it can move to another host and keep its keys. There is no failover in this rule.
#[derive(Clone, Debug)]
pub struct Ring {
    /// Sorted points, each with the index of its node.
    points: Vec<(u128, usize)>,
}

impl Ring {
    /// A ring of nodes, each a label and a weight. A node of weight 0 gets no keys.
    pub fn new<L: AsRef<str>>(nodes: impl IntoIterator<Item = (L, u32)>) -> Self {
        Self::with_points(POINTS_PER_WEIGHT, nodes)
    }

    /// A ring whose nodes have another number of points for each unit of weight than 100. Programs share a lock only if they have the same number.
    pub fn with_points<L: AsRef<str>>(per_weight: u32, nodes: impl IntoIterator<Item = (L, u32)>) -> Self {
        let mut points = Vec::new();
        for (index, (label, weight)) in nodes.into_iter().enumerate() {
            for i in 0..per_weight {
                points.extend((0..weight).map(|j| (point(format!("{}:{i}:{j}", label.as_ref()).as_bytes()), index)));
            }
        }
        // A heap sorts with a fifth of the code, which counts in WebAssembly.
        Self { points: BinaryHeap::from(points).into_sorted_vec() }
    }

    /// Whether two points are the same. Then it depends on the order of the nodes which of them gets the keys before the point.
    #[must_use]
    pub fn has_collision(&self) -> bool {
        self.points.windows(2).any(|pair| pair[0].0 == pair[1].0)
    }

    /// The index of the node that `key` belongs to: that of the first point greater than the key's md5, wrapping round. `None` on an empty ring.
    #[must_use]
    pub fn node(&self, key: &[u8]) -> Option<usize> {
        let key = point(key);
        let next = self.points.partition_point(|&(point, _)| point <= key);
        self.points.get(next).or(self.points.first()).map(|&(_, node)| node)
    }
}

fn point(bytes: &[u8]) -> u128 {
    u128::from_be_bytes(Md5::digest(bytes).into())
}
