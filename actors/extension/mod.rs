//! Other people's actors: what a crate registers, and what its actor gets of the node.
//!
//! ```text
//!   Extension::new(name, factory)          names, kinds, settings: checked before anything starts
//!       .answers::<Question>(reach)   ──►  router: this node as it is, others by MessagePack
//!       .observes(bound)              ──►  a feed of what this node's replicas accept
//!       .shows_state()               ──►  a line in the status of the node
//!       .build()                      ──►  NodeOptions::extensions
//!
//!   start order: shards ─► extensions, in the order they were given ─► doors
//! ```
//!
//! The actor runs on a thread of its own, so that one that blocks keeps nobody else. It is
//! supervised like ours, with a budget of its own: a panic costs the message in hand, `restarting`
//! has to rebuild what is not in its store, and one that fails too often ends alone.
//! `docs/EXTENDING.md` is the way in.

mod builder;
mod data;
mod handle;
mod host;
mod lives;
mod observer;
mod place;
mod question;
mod registered;
mod state;
mod store;
mod witness;

pub use builder::{Extension, ExtensionBuilder, NoSettings};
pub use cartwheel::extension::{Accepted, Notice, Reach};
pub use data::Data;
pub use handle::NodeHandle;
pub use observer::Observed;
pub(crate) use observer::Observers;
pub use question::Question;
pub use registered::{ExtensionError, check};
pub(crate) use registered::{Registered, Surroundings};
pub(crate) use state::Inspection;
pub use state::{Inspect, State};
pub use store::{Changes, ExtensionStore, ExtensionStoreError};
