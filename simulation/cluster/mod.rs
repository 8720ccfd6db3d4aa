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
pub use node::{
    Configure, Habitat, client_address, config, is_of_node, live, name, secret, twin_address,
    twin_name,
};
pub use placement::{Placement, default_bucket};
