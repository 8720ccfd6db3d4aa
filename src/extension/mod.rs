//! What a node checks and counts for other people's actors.
//!
//! An extension has a name and kinds of messages, and may observe what is accepted here. What it
//! registers is checked as a whole before anything of the node starts: a node refuses to start
//! rather than run with a message that nobody, or the wrong one, answers. Whoever fails rests
//! before it begins again, and has no more to answer at once than there is room for.

mod feed;
mod kinds;
mod names;
mod room;

pub use feed::{Accepted, Feed, Notice};
pub use kinds::{Declaration, KindError, Kinds, Reach};
pub use names::{EXTENSION_NAME_LEN_MAX, NameError, check_names};
pub use room::Room;
