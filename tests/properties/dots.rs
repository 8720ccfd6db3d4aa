//! Few origins and small counters, so that dots meet, neighbour and fold.

use cartwheel::version::{Dot, History, Origin};
use proptest::prelude::*;

/// The greatest counter that is drawn.
pub const COUNTER_MAX: u64 = 8;

/// The origins that are drawn: those in the middle, and both ends of the numbers.
pub const ORIGINS: [Origin; 4] = [Origin(0), Origin(1), Origin(2), Origin(u64::MAX)];

/// One of the origins.
pub fn origin() -> impl Strategy<Value = Origin> {
    prop::sample::select(&ORIGINS[..])
}

/// A dot of one of the origins.
pub fn dot() -> impl Strategy<Value = Dot> {
    (origin(), 1..=COUNTER_MAX).prop_map(|(origin, counter)| Dot { origin, counter })
}

/// Every dot that can be drawn, and for each origin one beyond.
pub fn every_dot() -> impl Iterator<Item = Dot> {
    let counters = |origin| (1..=COUNTER_MAX + 1).map(move |counter| Dot { origin, counter });
    ORIGINS.into_iter().flat_map(counters)
}

/// A history made by single dots and covered counters in any order.
pub fn history() -> impl Strategy<Value = History> {
    prop::collection::vec((any::<bool>(), dot()), 0..12).prop_map(|steps| {
        let mut history = History::new();
        for (single, dot) in steps {
            match single {
                true => history.insert(dot),
                false => history.cover(dot.origin, dot.counter),
            }
        }
        history
    })
}
