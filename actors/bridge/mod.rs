//! The bridge: typed messages between nodes, MessagePack over TCP.
//!
//! ```text
//!   coordinator ── batches ──► Link (one a shard and peer) ══ TCP ══► inbound ──► replicas
//!               ◄─ answers ──                              ◄═══════           ◄── of any shard
//! ```
//!
//! Who connects asks, who accepts answers. `Peers::call` is for everything that is not hot:
//! one question, one answer, here or elsewhere.

mod call;
mod calls;
pub(crate) mod inbound;
mod keeper;
mod link;
mod openings;
mod router;

pub use call::{CallError, Peers};
pub(crate) use inbound::serve_peer;
pub use keeper::{LinkActor, LinkParts};
pub use link::{Link, LinkOptions, PeerIdentity};
pub use openings::Openings;
pub use router::{MissingHandler, Router};
