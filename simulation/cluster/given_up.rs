//! The nodes that can't go on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The nodes that can't go on, with their reasons.
#[derive(Clone, Default)]
pub struct GivenUp(Arc<Mutex<BTreeMap<u64, String>>>);

impl GivenUp {
    /// A node ends; the first reason is the one that counts.
    pub fn add(&self, node: u64, reason: &str) {
        let mut nodes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        nodes.entry(node).or_insert_with(|| reason.to_owned());
    }

    /// Those that have said so since this was last called.
    pub fn take(&self) -> BTreeMap<u64, String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
