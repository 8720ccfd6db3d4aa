//! Which directories are opened, and why others are not.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use cartwheel::node::{ClusterId, NodeId, ShardId, StoreId};
use cartwheel::store::{
    Batch, Committer, Durability, Family, Identity, ReplicaStore, STORE_FORMAT, Submission, Ticket,
};
use cartwheel_storage::{OpenError, OpenOptions, RocksStore};
use rocksdb::{DB, Options};
use tempfile::TempDir;

use crate::contract::FAMILIES;
use crate::rocks::options;

#[test]
fn a_new_store_takes_the_name_it_is_given_and_keeps_it() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("made").join("on the way");
    let first = open(&path, |_| {}).unwrap().identity();
    assert_eq!(first.store, StoreId(1));
    let again = open(&path, |options| options.new_store_id = StoreId(2));
    assert_eq!(again.unwrap().identity(), first);
}

#[test]
fn a_store_is_open_once_at_a_time() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path(), |_| {}).unwrap();
    let refused = open(directory.path(), |_| {}).err().unwrap();
    assert!(matches!(refused, OpenError::AlreadyOpen { path } if path == directory.path()));
    drop(store);
    open(directory.path(), |_| {}).unwrap();
}

#[test]
fn the_store_of_another_node_is_refused() {
    let directory = TempDir::new().unwrap();
    open(directory.path(), |_| {}).unwrap();
    let refused = open(directory.path(), |options| options.node = NodeId(2))
        .err()
        .unwrap();
    assert!(
        matches!(
            &refused,
            OpenError::BelongsToAnotherNode {
                found: NodeId(1),
                wanted: NodeId(2),
                ..
            }
        ),
        "{refused}"
    );
    let place = directory.path().display();
    assert_eq!(
        refused.to_string(),
        format!("{place} belongs to node-1, not to node-2")
    );
    open(directory.path(), |_| {}).unwrap();
}

#[test]
fn the_store_of_another_cluster_is_refused() {
    let directory = TempDir::new().unwrap();
    open(directory.path(), |_| {}).unwrap();
    let refused = open(directory.path(), |options| options.cluster = ClusterId(2));
    assert!(matches!(
        refused.err().unwrap(),
        OpenError::BelongsToAnotherCluster {
            found: ClusterId(1),
            wanted: ClusterId(2),
            ..
        }
    ));
}

#[test]
fn a_store_of_a_later_format_is_refused_by_its_number() {
    let directory = TempDir::new().unwrap();
    let identity = open(directory.path(), |_| {}).unwrap().identity();
    let mut later = identity.encode().to_vec();
    later[..4].copy_from_slice(&2_u32.to_be_bytes());
    edit(directory.path(), |database| {
        let meta = database.cf_handle(&Family::Meta.name()).unwrap();
        database.put_cf(meta, Identity::KEY, &later).unwrap();
        // RocksDB refuses to open some families and not others.
        database
            .create_cf("a family of later", &Options::default())
            .unwrap();
    });
    let refused = open(directory.path(), |_| {}).err().unwrap();
    assert!(
        matches!(
            refused,
            OpenError::UnknownFormat {
                found: 2,
                supported: STORE_FORMAT,
                ..
            }
        ),
        "{refused}"
    );
}

#[test]
fn a_damaged_identity_is_refused() {
    let directory = TempDir::new().unwrap();
    let identity = open(directory.path(), |_| {}).unwrap().identity();
    let mut damaged = identity.encode().to_vec();
    damaged[9] ^= 1;
    edit(directory.path(), |database| {
        let meta = database.cf_handle(&Family::Meta.name()).unwrap();
        database.put_cf(meta, Identity::KEY, &damaged).unwrap();
    });
    let refused = open(directory.path(), |_| {}).err().unwrap();
    assert!(
        matches!(refused, OpenError::DamagedIdentity { len: 40, .. }),
        "{refused}"
    );
}

#[test]
fn data_without_an_identity_is_refused() {
    let directory = TempDir::new().unwrap();
    open(directory.path(), |_| {}).unwrap();
    edit(directory.path(), |database| {
        let meta = database.cf_handle(&Family::Meta.name()).unwrap();
        database.delete_cf(meta, Identity::KEY).unwrap();
    });
    let refused = open(directory.path(), |_| {}).err().unwrap();
    assert!(matches!(refused, OpenError::NoIdentity { .. }), "{refused}");
}

#[test]
fn a_directory_of_something_else_is_refused_and_left_alone() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("letters.txt"), "mine").unwrap();
    let refused = open(directory.path(), |_| {}).err().unwrap();
    assert!(
        matches!(&refused, OpenError::NotAStore { file, .. } if file == "letters.txt"),
        "{refused}"
    );
    assert!(!directory.path().join("CURRENT").exists());
}

/// RocksDB alone would start an empty database here and remove the files of the damaged one.
#[test]
fn a_store_that_lost_its_manifest_is_not_taken_for_an_empty_directory() {
    let directory = TempDir::new().unwrap();
    open(directory.path(), |_| {}).unwrap();
    fs::remove_file(directory.path().join("CURRENT")).unwrap();
    let refused = open(directory.path(), |_| {}).err().unwrap();
    assert!(matches!(refused, OpenError::NotAStore { .. }), "{refused}");
}

#[test]
fn a_creation_that_was_interrupted_is_begun_anew() {
    let directory = TempDir::new().unwrap();
    for early in ["LOCK", "LOG", "IDENTITY", "MANIFEST-000001", "000001.dbtmp"] {
        fs::write(directory.path().join(early), "").unwrap();
    }
    fs::create_dir(directory.path().join("lost+found")).unwrap();
    open(directory.path(), |_| {}).unwrap();

    let directory = TempDir::new().unwrap();
    let mut all = Options::default();
    all.create_if_missing(true);
    drop(DB::open(&all, directory.path()).unwrap());
    open(directory.path(), |_| {}).unwrap();
}

#[test]
fn a_path_that_can_not_be_made_is_an_error_of_the_system() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let refused = open(&file.path().join("below a file"), |_| {});
    assert!(matches!(refused.err().unwrap(), OpenError::Io { .. }));
}

#[test]
fn what_an_extension_has_kept_is_there_when_it_comes_back() {
    let directory = TempDir::new().unwrap();
    let family = Family::Extension("sometimes");
    let with_it = |options: &mut OpenOptions| options.extensions.push("sometimes");
    let kept = |store: &RocksStore| store.scan(family, b"", b"\xff", 10);
    let store = open(directory.path(), with_it).unwrap();
    let mut batch = Batch::new();
    batch.put(
        family,
        Bytes::from_static(b"key"),
        Bytes::from_static(b"value"),
    );
    store.submit(Submission {
        shard: ShardId(0),
        ticket: Ticket(1),
        batch,
        durability: Durability::Synced,
    });
    drop(store);
    let without_it = open(directory.path(), |_| {}).unwrap();
    assert_eq!(
        kept(&without_it).unwrap().len(),
        1,
        "it is opened, and left alone"
    );
    drop(without_it);
    let store = open(directory.path(), with_it).unwrap();
    assert_eq!(kept(&store).unwrap().len(), 1);
    let unknown = store.scan(Family::Extension("never"), b"", b"\xff", 10);
    let missing = "the family extension.never is missing";
    assert_eq!(unknown.unwrap_err().cause, missing);
}

#[test]
fn the_identity_lies_where_every_version_looks_for_it() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path(), |_| {}).unwrap();
    let stored = store.scan(Family::Meta, b"", b"\xff", 10).unwrap();
    let expected = [(Bytes::from_static(b"identity"), store.identity().encode())];
    assert_eq!(stored, expected);
}

fn open(path: &Path, change: impl FnOnce(&mut OpenOptions)) -> Result<RocksStore, OpenError> {
    let mut options = options(path);
    change(&mut options);
    RocksStore::open(options)
}

/// Changes the database behind the store's back.
fn edit(path: &Path, change: impl FnOnce(&mut DB)) {
    let families = FAMILIES.map(Family::name);
    let mut database = DB::open_cf(&Options::default(), path, families).unwrap();
    change(&mut database);
}
