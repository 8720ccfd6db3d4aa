//! Why a node does not start.

use cartwheel::store::StoreError;

use crate::bridge::MissingHandler;
use crate::extension::ExtensionError;

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A door can't be opened.
    #[error("can't listen on {address}: {error}")]
    Listen {
        /// The address.
        address: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// A kind of message that nobody answers.
    #[error(transparent)]
    Handler(#[from] MissingHandler),
    /// Extensions that can't be, alone or together.
    #[error(transparent)]
    Extension(#[from] ExtensionError),
    /// The store can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A shard ended while it began.
    #[error("shard {shard} did not start")]
    Shard {
        /// The shard's number.
        shard: u16,
    },
}
