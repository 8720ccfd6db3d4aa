//! A set of dots: for each origin all up to a counter, and some single ones beyond.

use std::collections::{BTreeMap, BTreeSet};

use super::{Dot, Origin};

/// The dots that a record or a client has seen.
///
/// Kept canonical: no single dot at or below its origin's counter, and none that could be
/// folded into it. Joining is commutative, associative and idempotent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    covered: BTreeMap<Origin, u64>,
    dots: BTreeSet<Dot>,
}

impl History {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the dot is in the set.
    pub fn contains(&self, dot: Dot) -> bool {
        dot.counter <= self.up_to(dot.origin) || self.dots.contains(&dot)
    }

    /// The counter up to which every dot of the origin is in the set; zero: none.
    pub fn up_to(&self, origin: Origin) -> u64 {
        self.covered.get(&origin).copied().unwrap_or(0)
    }

    /// Adds one dot.
    pub fn insert(&mut self, dot: Dot) {
        if !self.contains(dot) {
            self.dots.insert(dot);
            self.fold(dot.origin);
        }
    }

    /// Adds every dot of the origin up to the counter.
    pub fn cover(&mut self, origin: Origin, counter: u64) {
        if counter > self.up_to(origin) {
            self.covered.insert(origin, counter);
            self.fold(origin);
        }
    }

    /// Adds every dot of another set.
    pub fn join(&mut self, other: &Self) {
        for (&origin, &counter) in &other.covered {
            self.cover(origin, counter);
        }
        for &dot in &other.dots {
            self.insert(dot);
        }
    }

    /// Whether every dot of another set is in this one.
    pub fn includes(&self, other: &Self) -> bool {
        let mut covered = other.covered.iter();
        covered.all(|(&origin, &counter)| counter <= self.up_to(origin))
            && other.dots.iter().all(|&dot| self.contains(dot))
    }

    /// Whether there is no dot.
    pub fn is_empty(&self) -> bool {
        self.covered.is_empty() && self.dots.is_empty()
    }

    /// The counters, by origin.
    pub fn covered(&self) -> impl ExactSizeIterator<Item = (Origin, u64)> {
        self.covered
            .iter()
            .map(|(&origin, &counter)| (origin, counter))
    }

    /// The single dots beyond the counters, in order.
    pub fn dots(&self) -> impl ExactSizeIterator<Item = Dot> {
        self.dots.iter().copied()
    }

    /// Restores the canonical form for one origin whose counter or dots have changed.
    fn fold(&mut self, origin: Origin) {
        if self.dots.is_empty() {
            return;
        }
        let mut up_to = self.up_to(origin);
        let all = Dot { origin, counter: 0 }..=Dot {
            origin,
            counter: u64::MAX,
        };
        let singles: Vec<Dot> = self.dots.range(all).copied().collect();
        for dot in singles {
            if dot.counter > up_to.saturating_add(1) {
                break;
            }
            up_to = up_to.max(dot.counter);
            self.dots.remove(&dot);
        }
        if up_to > 0 {
            self.covered.insert(origin, up_to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Origin = Origin(1);

    fn dot(counter: u64) -> Dot {
        Dot { origin: A, counter }
    }

    #[test]
    fn a_single_dot_says_nothing_of_those_before_it() {
        let mut history = History::new();
        history.insert(dot(9));
        assert!(history.contains(dot(9)));
        assert!(!history.contains(dot(5)));
    }

    #[test]
    fn neighbouring_dots_fold_into_the_counter() {
        let mut history = History::new();
        for counter in [3, 2, 5, 1] {
            history.insert(dot(counter));
        }
        assert_eq!(history.up_to(A), 3);
        assert_eq!(history.dots().collect::<Vec<_>>(), [dot(5)]);
        history.cover(A, 4);
        assert_eq!(history.up_to(A), 5);
        assert_eq!(history.dots().len(), 0);
    }

    #[test]
    fn covering_less_changes_nothing() {
        let mut history = History::new();
        history.cover(A, 7);
        history.cover(A, 3);
        assert_eq!(history.up_to(A), 7);
    }
}
