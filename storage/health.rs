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

    /// Ends the store, since no thread of its own is left to work for it.
    pub(crate) fn abandon(&self, why: &str) -> StoreError {
        self.end(StoreError {
            operation: StoreOperation::Write,
            cause: why.to_owned(),
        })
    }
}
