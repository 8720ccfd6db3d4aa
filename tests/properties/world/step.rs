//! What can happen to a key, drawn at random.

use proptest::prelude::*;
use proptest::sample::Index;

use super::REPLICAS;

/// One thing that happens; places are numbers of replicas.
#[derive(Clone, Debug)]
pub enum Step {
    /// A client writes, blind or with a context it holds.
    Put {
        at: usize,
        context: Option<Index>,
        tick: u64,
    },
    /// A client repeats an earlier put, anywhere.
    Retry {
        at: usize,
        request: Index,
        tick: u64,
    },
    /// A client deletes what a context covers.
    Delete {
        at: usize,
        context: Index,
        tick: u64,
    },
    /// A client reads.
    Get { at: usize },
    /// One replica's record reaches another.
    Send { from: usize, to: usize },
    /// A record is kept as it is.
    Copy { of: usize },
    /// An old copy arrives.
    Replay { copy: Index, to: usize },
    /// A store opens with an old copy, or empty.
    Reopen { at: usize, copy: Index },
}

/// Anything but retries.
pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 0..40)
}

/// Anything, with retries as often as puts.
pub fn steps_with_retries() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(prop_oneof![3 => step(), 1 => retry()], 0..40)
}

fn place() -> impl Strategy<Value = usize> {
    0..REPLICAS
}

fn tick() -> impl Strategy<Value = u64> {
    0_u64..5
}

fn retry() -> impl Strategy<Value = Step> {
    (place(), any::<Index>(), tick()).prop_map(|(at, request, tick)| Step::Retry {
        at,
        request,
        tick,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let put = (place(), any::<Option<Index>>(), tick());
    let delete = (place(), any::<Index>(), tick());
    prop_oneof![
        4 => put.prop_map(|(at, context, tick)| Step::Put { at, context, tick }),
        1 => delete.prop_map(|(at, context, tick)| Step::Delete { at, context, tick }),
        3 => place().prop_map(|at| Step::Get { at }),
        4 => (place(), place()).prop_map(|(from, to)| Step::Send { from, to }),
        2 => place().prop_map(|of| Step::Copy { of }),
        2 => (any::<Index>(), place()).prop_map(|(copy, to)| Step::Replay { copy, to }),
        1 => (place(), any::<Index>()).prop_map(|(at, copy)| Step::Reopen { at, copy }),
    ]
}
