//! The campaigns: many seeds of each kind of run, all of which must keep every invariant.

mod invariants;
mod same_seed;
mod seeds;
