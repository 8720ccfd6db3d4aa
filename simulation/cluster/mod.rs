//! The nodes of a run: real ones, with everything around them simulated.

mod clock;
mod given_up;
mod node;
mod placement;

pub use given_up::GivenUp;
pub use node::{Habitat, client_address, live, name};
pub use placement::{OWNERS, Placement};
