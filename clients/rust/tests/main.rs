//! The client against a node that follows a script, over real sockets; and, in one test, in the
//! simulated network.
#![allow(
    clippy::unwrap_used,
    reason = "a suite: what it does outside of test functions may panic too"
)]

mod bad_answers;
mod batches;
mod deadlines;
mod endpoints;
mod pipelining;
mod request_ids;
mod requests;
mod retries;
mod script;
mod simulation;
