//! Whether the store still takes anything.

use std::sync::OnceLock;

use cartwheel::store::{StoreError, StoreOperation};

/// Healthy until its first failure, and never again after it.
#[derive(Default)]
pub(crate) struct Health {
    failure: OnceLock<StoreError>,
}

impl Health {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.failure.get().cloned().map_or(Ok(()), Err)
    }

    /// Ends the store, and gives the cause that counts: the first.
    pub(crate) fn end(&self, cause: StoreError) -> StoreError {
        self.failure.get_or_init(|| cause).clone()
    }

    /// Ends the store since it was closed, or since a thread of its own is gone.
    pub(crate) fn end_of_thread(&self) -> StoreError {
        self.end(StoreError {
            operation: StoreOperation::Write,
            cause: "it is closed".to_owned(),
        })
    }
}
