//! The nodes of a run: real ones, with everything around them simulated.

mod clock;
mod given_up;
mod haunting;
mod machine;
mod node;
mod placement;
mod processor;

pub use given_up::GivenUp;
pub use machine::Machine;
pub use node::{Habitat, client_address, live, name};
pub use placement::{OWNERS, Placement};
