//! Listings over owners whose keys are a sorted map each.

use std::time::Duration;

use super::*;
use crate::key::{BucketId, KeyHash};
use crate::layout::{Layout, Member};
use crate::store::SliceId;

const MEMBERS: u64 = 3;

/// What each owner has: stored keys, and whether they live.
struct Owners {
    ring: Arc<Ring>,
    keys: BTreeMap<NodeId, BTreeMap<Bytes, bool>>,
    away: Vec<NodeId>,
    /// How many keys an answer looks at.
    looks: usize,
    /// How long each answer takes.
    takes: Duration,
}

impl Owners {
    fn new() -> Self {
        let member = |node| Member {
            node: NodeId(node),
            client: String::new(),
            bridge: String::new(),
        };
        let members = (1..=MEMBERS).map(member).collect();
        let layout = Arc::new(Layout::first(members, 2));
        Self {
            ring: Arc::new(Ring::new(layout, [Bucket::default_bucket(3)])),
            keys: (1..=MEMBERS)
                .map(|node| (NodeId(node), BTreeMap::new()))
                .collect(),
            away: Vec::new(),
            looks: 3,
            takes: Duration::ZERO,
        }
    }

    /// Gives a key to some owners.
    fn put(&mut self, name: &str, owners: &[u64], live: bool) {
        let key = Bytes::copy_from_slice(name.as_bytes());
        let target = self.ring.locate("default", &key).unwrap();
        for owner in owners {
            let keys = self.keys.get_mut(&NodeId(*owner)).unwrap();
            keys.insert(target.stored.as_bytes().clone(), live);
        }
    }

    fn answer(&self, owner: NodeId, list: &ReplicaList) -> Option<ReplicaListed> {
        if self.away.contains(&owner) {
            return None;
        }
        let partition = PartitionId(list.partition);
        let (from, until) = StoredKey::range_of(SliceId { partition, n: 3 });
        let behind = |key: &Bytes| *key >= from && *key < until && *key > list.after;
        let all = self.keys[&owner].iter();
        let all: Vec<_> = all.filter(|(key, _)| behind(key)).collect();
        let looked = self.looks.min(list.limit as usize);
        let keys = all.iter().take(looked);
        let keys: Vec<_> = keys.map(|(key, live)| ((*key).clone(), **live)).collect();
        let through = match all.len() > keys.len() {
            true => keys.last().map(|(key, _)| key.clone()),
            false => None,
        };
        let through = through.unwrap_or_default();
        Some(ReplicaListed { keys, through })
    }

    fn page(&self, cursor: Bytes, limit: u32) -> Listed {
        let bucket = "default".to_owned();
        let list = List {
            bucket,
            cursor,
            limit,
        };
        let mut now = Moment::default();
        let mut listing = Listing::begin(Arc::clone(&self.ring), &list, now).unwrap();
        for _ in 0..10_000 {
            match listing.step(now) {
                ListingStep::Ask(owner, list) => {
                    listing.answered(self.answer(owner, &list));
                    now = now.after(self.takes);
                }
                ListingStep::Done(listed) => return listed,
            }
        }
        panic!("the listing does not end");
    }

    fn all(&self, limit: u32) -> Vec<String> {
        let (mut keys, mut cursor) = (Vec::new(), Bytes::new());
        loop {
            let page = self.page(cursor, limit);
            assert!(page.keys.len() <= limit as usize);
            keys.extend(page.keys);
            cursor = page.next;
            if cursor.is_empty() {
                break;
            }
        }
        let text = |key: Bytes| String::from_utf8(key.to_vec()).unwrap();
        let mut keys: Vec<_> = keys.into_iter().map(text).collect();
        keys.sort();
        keys
    }
}

#[test]
fn every_key_comes_once_whatever_the_limit() {
    let mut owners = Owners::new();
    let names: Vec<_> = (10..60).map(|at| format!("key-{at}")).collect();
    for (at, name) in names.iter().enumerate() {
        // A write quorum each.
        let two = [[1, 2], [2, 3], [1, 3]][at % 3];
        owners.put(name, &two, true);
    }
    for limit in [1, 2, 7, 50, 1000] {
        for looks in [1, 2, 100] {
            owners.looks = looks;
            assert_eq!(owners.all(limit), names, "{limit} {looks}");
        }
    }
}

/// As beside a far larger bucket, or over slow links: every question passes over keys that are not
/// asked for, and takes its time.
#[test]
fn a_page_ends_after_its_time_and_the_next_goes_on() {
    let mut owners = Owners::new();
    owners.looks = 1;
    owners.takes = LIST_PAGE_TIME / 100;
    for at in 0..200 {
        owners.put(&format!("deleted-{at}"), &[1, 2, 3], false);
    }
    let names = ["cart", "list", "milk"];
    names
        .iter()
        .for_each(|name| owners.put(name, &[1, 2, 3], true));
    let page = owners.page(Bytes::new(), 1000);
    assert!(!page.next.is_empty(), "there is more");
    assert!(page.keys.len() < names.len());
    assert_eq!(owners.all(1000), names);
    owners.takes = LIST_PAGE_TIME * 2;
    assert_eq!(owners.all(1000), names, "each page gets on");
}

#[test]
fn an_owner_that_is_away_is_replaced_by_another() {
    let mut owners = Owners::new();
    owners.put("cart", &[1, 2, 3], true);
    for away in 1..=MEMBERS {
        owners.away = vec![NodeId(away)];
        let page = owners.page(Bytes::new(), 10);
        assert_eq!((page.keys.len(), page.incomplete), (1, vec![]));
    }
}

#[test]
fn a_partition_with_too_few_answers_is_incomplete_and_said_once() {
    let mut owners = Owners::new();
    owners.looks = 1;
    for at in 0..20 {
        owners.put(&format!("key-{at}"), &[1, 2, 3], true);
    }
    owners.away = vec![NodeId(2), NodeId(3)];
    let page = owners.page(Bytes::new(), 1000);
    assert_eq!(page.keys.len(), 20, "what is there is listed");
    assert_eq!(page.incomplete, [0, 1, 2, 3]);
    owners.away.push(NodeId(1));
    let page = owners.page(Bytes::new(), 1000);
    assert_eq!((page.keys.len(), page.incomplete.len()), (0, 4));
}

#[test]
fn a_key_is_listed_if_any_owner_has_a_live_value() {
    for (lives, away) in [(1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2)] {
        let mut owners = Owners::new();
        owners.put("deleted", &[1, 2, 3], false);
        owners.put("half deleted", &[1, 2, 3], false);
        owners.put("half deleted", &[lives], true);
        owners.put("kept", &[1, 2, 3], true);
        owners.away = vec![NodeId(away)];
        assert_eq!(owners.all(1), ["half deleted", "kept"], "{lives} {away}");
    }
}

#[test]
fn an_owner_that_does_not_get_on_counts_as_one_that_did_not_answer() {
    let owners = Owners::new();
    let (partition, n, hash) = (PartitionId(0), 3, KeyHash(0));
    let stored = StoredKey::new(SliceId { partition, n }, hash, BucketId(0), b"key");
    let mut cursor = Cursor::start(BucketId(0));
    cursor.advance(stored.as_bytes().clone());
    let list = List {
        bucket: "default".to_owned(),
        cursor: cursor.encode(),
        limit: 10,
    };
    let now = Moment::default();
    let mut listing = Listing::begin(Arc::clone(&owners.ring), &list, now).unwrap();
    let stuck = ReplicaListed {
        keys: Vec::new(),
        through: stored.as_bytes().clone(),
    };
    for _ in 0..3 * 4 {
        let step = listing.step(now);
        assert!(matches!(step, ListingStep::Ask(..)), "{step:?}");
        let answer = (listing.cursor.partition == 0).then(|| stuck.clone());
        listing.answered(answer);
    }
    let ListingStep::Done(listed) = listing.step(now) else {
        panic!("every owner was asked once");
    };
    assert_eq!(listed.incomplete, [0, 1, 2, 3]);
}

#[test]
fn an_unknown_bucket_is_refused() {
    let list = List {
        bucket: "nowhere".to_owned(),
        cursor: Bytes::new(),
        limit: 10,
    };
    let refused = Listing::begin(Owners::new().ring, &list, Moment::default()).err();
    let name = "nowhere".to_owned();
    assert_eq!(refused, Some(RequestError::UnknownBucket { name }));
}
