//! The nodes of a run: real ones, with everything around them simulated.

mod clock;
mod given_up;
mod node;
mod placement;

pub use given_up::GivenUp;
pub use node::{Configure, Habitat, client_address, config, live, name};
pub use placement::{Placement, owners};
