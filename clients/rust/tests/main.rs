//! The client against a node that follows a script, over real sockets; and, in one test, in the
//! simulated network.

mod bad_answers;
mod batches;
mod deadlines;
mod endpoints;
mod pipelining;
mod requests;
mod retries;
mod script;
mod simulation;
