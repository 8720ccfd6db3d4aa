//! Listing the keys of a bucket.
//!
//! A listing walks the partitions in order and asks r owners of each for the next keys. A key
//! is listed if any of them has a live value: a key whose delete has not reached every owner
//! may still be listed, one that exists is never left out.
//!
//! ```text
//!   Listing ── Ask(owner, ReplicaList) ──►  Range of the owner's store
//!           ◄── ReplicaListed ────────────  Excerpt of what is read
//! ```

mod cursor;
mod excerpt;
mod walk;

pub use cursor::{CursorError, place_of};
pub use excerpt::Excerpt;
pub use walk::{Listing, ListingStep};
