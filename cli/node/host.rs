//! What a node tells of the machine it runs on.

use cartwheel_actors::HostFacts;

use crate::process_time;

/// This process on this machine.
pub struct Host {
    file_system: String,
}

impl Host {
    /// The facts, with the file system under the data, which does not change.
    pub fn new(file_system: String) -> Self {
        Self { file_system }
    }
}

impl HostFacts for Host {
    fn version(&self) -> String {
        env!("CARGO_PKG_VERSION").to_owned()
    }

    fn process_id(&self) -> u32 {
        std::process::id()
    }

    fn cpu_us(&self) -> u64 {
        process_time::cpu_us()
    }

    fn file_system(&self) -> String {
        self.file_system.clone()
    }
}
