//! What the commit thread needs of a disk.

use cartwheel::store::{Batch, StoreError};

/// A log of batches.
pub(crate) trait Journal {
    /// Hands the batches to the kernel, in their order; a crash keeps all or none of a batch.
    fn write<'a>(&self, batches: impl Iterator<Item = &'a Batch>) -> Result<(), StoreError>;

    /// Brings everything that was written to the disk.
    fn sync(&self) -> Result<(), StoreError>;
}
