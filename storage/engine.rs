//! The database itself: families, reads, and the log that the commit thread writes.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use cartwheel::store::{Batch, Family, Peek, Range, RangeRead, StoreError, StoreOperation};
use rocksdb::{
    ColumnFamily, DB, DBPinnableSlice, Direction, ErrorKind, IteratorMode, ReadOptions, WriteBatch,
    WriteOptions,
};

use crate::directory::Lock;
use crate::journal::Journal;
use crate::synced_mark::SyncedMark;
use crate::{OpenError, tuning};

/// An open database.
pub(crate) struct Engine {
    db: DB,
    from_memory: ReadOptions,
    from_disk: ReadOptions,
    unsynced: WriteOptions,
    mark: SyncedMark,
    /// Behind the database, so that it is released after it: fields are dropped in order.
    _lock: Lock,
}

impl Engine {
    pub(crate) fn open(
        path: &Path,
        memory: tuning::Memory,
        extensions: &[&'static str],
        lock: Lock,
        accept_lost_writes: bool,
    ) -> Result<Self, OpenError> {
        let io = |source| OpenError::Io {
            path: path.to_owned(),
            source,
        };
        let (mark, synced) = SyncedMark::open(path).map_err(io)?;
        let db = database(path, memory, extensions)?;
        let found = db.latest_sequence_number();
        if let Some(synced) = synced.filter(|synced| *synced > found) {
            let path = path.to_owned();
            let lost = OpenError::LostSynced {
                path,
                synced,
                found,
            };
            if !accept_lost_writes {
                return Err(lost);
            }
            tracing::warn!(error = %lost, "going on with what is left");
            mark.set(found).map_err(io)?;
        }
        Ok(Self {
            db,
            from_memory: tuning::from_memory(),
            from_disk: ReadOptions::default(),
            unsynced: tuning::unsynced(),
            mark,
            _lock: lock,
        })
    }

    /// Whether nothing was ever written.
    pub(crate) fn is_new(&self) -> bool {
        self.db.latest_sequence_number() == 0
    }

    pub(crate) fn peek(&self, family: Family, key: &[u8]) -> Result<Peek, StoreError> {
        match self.value(family, key, &self.from_memory)? {
            Ok(Some(value)) => Ok(Peek::Found(copied(&value))),
            Ok(None) => Ok(Peek::Absent),
            Err(error) if error.kind() == ErrorKind::Incomplete => Ok(Peek::NotInMemory),
            Err(error) => Err(failed(StoreOperation::Read, error)),
        }
    }

    pub(crate) fn get(&self, family: Family, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        let value = self.value(family, key, &self.from_disk)?;
        let value = value.map_err(|error| failed(StoreOperation::Read, error))?;
        Ok(value.as_ref().map(copied))
    }

    pub(crate) fn range(&self, range: &Range) -> Result<RangeRead, StoreError> {
        range.read(self.entries(range.family, &range.from, &range.until)?)
    }

    pub(crate) fn scan(
        &self,
        family: Family,
        from: &[u8],
        until: &[u8],
        limit: usize,
    ) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        self.entries(family, from, until)?.take(limit).collect()
    }

    /// An iterator sees the database as it was when it began: a snapshot.
    fn entries(
        &self,
        family: Family,
        from: &[u8],
        until: &[u8],
    ) -> Result<impl Iterator<Item = Result<(Bytes, Bytes), StoreError>>, StoreError> {
        let handle = self.handle(family, StoreOperation::Read)?;
        // RocksDB fails on bounds that end before they begin; to a store they are merely empty.
        let until = until.max(from);
        let mode = IteratorMode::From(from, Direction::Forward);
        let entries = self.db.iterator_cf_opt(handle, tuning::range(until), mode);
        Ok(entries.map(|entry| match entry {
            Ok((key, value)) => Ok((Bytes::from(key), Bytes::from(value))),
            Err(error) => Err(failed(StoreOperation::Read, error)),
        }))
    }

    /// Ends RocksDB's own threads, without which a process can exit while it is open.
    pub(crate) fn end_background_work(&self) {
        self.db.cancel_all_background_work(true);
    }

    fn value(
        &self,
        family: Family,
        key: &[u8],
        options: &ReadOptions,
    ) -> Result<Result<Option<DBPinnableSlice<'_>>, rocksdb::Error>, StoreError> {
        let handle = self.handle(family, StoreOperation::Read)?;
        Ok(self.db.get_pinned_cf_opt(handle, key, options))
    }

    fn handle(
        &self,
        family: Family,
        operation: StoreOperation,
    ) -> Result<&ColumnFamily, StoreError> {
        self.db.cf_handle(&family.name()).ok_or_else(|| StoreError {
            operation,
            cause: format!("the family {} is missing", family.name()),
        })
    }
}

impl Journal for Arc<Engine> {
    fn write<'a>(&self, batches: impl Iterator<Item = &'a Batch>) -> Result<(), StoreError> {
        let mut joined = WriteBatch::default();
        for entry in batches.flat_map(Batch::entries) {
            let handle = self.handle(entry.family, StoreOperation::Write)?;
            match &entry.value {
                Some(value) => joined.put_cf(handle, &entry.key, value),
                None => joined.delete_cf(handle, &entry.key),
            }
        }
        let written = self.db.write_opt(joined, &self.unsynced);
        written.map_err(|error| failed(StoreOperation::Write, error))
    }

    fn sync(&self) -> Result<(), StoreError> {
        let written = self.db.latest_sequence_number();
        let synced = self.db.flush_wal(true);
        synced.map_err(|error| failed(StoreOperation::Sync, error))?;
        self.mark.set(written).map_err(|error| StoreError {
            operation: StoreOperation::Sync,
            cause: error.to_string(),
        })
    }
}

fn database(
    path: &Path,
    memory: tuning::Memory,
    extensions: &[&'static str],
) -> Result<DB, OpenError> {
    let extensions = extensions.iter().copied().map(Family::Extension);
    let known: Vec<Family> = Family::OURS.into_iter().chain(extensions).collect();
    let mut families = tuning::families(&known, memory);
    families.extend(strange_families(path, &known));
    let opened = DB::open_cf_descriptors(&tuning::database(), path, families);
    opened.map_err(|source| OpenError::RocksDb {
        path: path.to_owned(),
        source,
    })
}

/// Families of a later version, or of an extension that this binary does not have: RocksDB opens
/// all or nothing, and only what is open can say that it has a later format.
fn strange_families(path: &Path, known: &[Family]) -> Vec<rocksdb::ColumnFamilyDescriptor> {
    let found = DB::list_cf(&tuning::database(), path).unwrap_or_default();
    let known = |name: &String| known.iter().any(|family| family.name() == *name);
    let strange = found.into_iter().filter(|name| !known(name));
    strange
        .map(|name| rocksdb::ColumnFamilyDescriptor::new(name, tuning::database()))
        .collect()
}

fn copied(value: &DBPinnableSlice<'_>) -> Bytes {
    Bytes::copy_from_slice(value)
}

fn failed(operation: StoreOperation, error: rocksdb::Error) -> StoreError {
    let cause = error.into_string();
    StoreError { operation, cause }
}
