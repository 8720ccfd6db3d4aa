//! What a directory becomes when it is opened for the first time.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use cartwheel::store::{Batch, Family, Identity, StoreError};

use crate::OpenError;
use crate::engine::Engine;
use crate::journal::Journal;

/// Says what the store is; a new one becomes, durably, what is wanted.
pub(crate) fn identity(
    engine: &Arc<Engine>,
    path: &Path,
    wanted: Identity,
) -> Result<Identity, OpenError> {
    let failed = |source| OpenError::Failed {
        path: path.to_owned(),
        source,
    };
    match engine.get(Family::Meta, Identity::KEY).map_err(failed)? {
        Some(stored) => {
            known(&stored, wanted).map_err(|error| OpenError::of_identity(path.to_owned(), error))
        }
        None if engine.is_new() => mint(engine, wanted).map_err(failed),
        None => Err(OpenError::NoIdentity {
            path: path.to_owned(),
        }),
    }
}

fn known(stored: &[u8], wanted: Identity) -> Result<Identity, cartwheel::store::IdentityError> {
    let found = Identity::decode(stored)?;
    found.check(&wanted)?;
    Ok(found)
}

fn mint(engine: &Arc<Engine>, wanted: Identity) -> Result<Identity, StoreError> {
    let mut batch = Batch::new();
    let key = Bytes::from_static(Identity::KEY);
    batch.put(Family::Meta, key, wanted.encode());
    engine.write([&batch].into_iter())?;
    engine.sync()?;
    Ok(wanted)
}
