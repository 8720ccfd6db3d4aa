//! What nodes ask each other about their clocks.

use serde::{Deserialize, Serialize};

/// Asks a peer what its wall clock shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockQuery;

/// What it shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockReading {
    /// Milliseconds since 1970.
    pub wall_ms: u64,
}
