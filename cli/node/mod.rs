//! What a node's process gives to the node: its store, its clocks and network, what it tells
//! of its machine, and the reasons to stop.

mod host;
mod logs;
mod serve_error;
mod stop;
mod store;

pub use host::Host;
pub use logs::{LogFormat, start_logs};
pub use serve_error::ServeError;
pub use stop::{StopReason, Stopping};
pub use store::NodeStore;
