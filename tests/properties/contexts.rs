//! Sealed contexts: they come back to the cluster and key they were made for, and to no other.

use cartwheel::key::BucketId;
use cartwheel::limits::CONTEXT_LEN_MAX;
use cartwheel::version::{Context, ContextError, ContextSecret, Dot, Origin, Stamp};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::dots;

/// Format and seal, before the body.
const BODY_AT: usize = 17;

fn context() -> impl Strategy<Value = Context> {
    (dots::history(), any::<u64>()).prop_map(|(history, stamp)| Context {
        history,
        stamp: Stamp(stamp),
    })
}

/// Which key of which cluster a context is for.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    secret: [u8; 16],
    bucket: u32,
    key: Vec<u8>,
}

fn place() -> impl Strategy<Value = Place> {
    let key = prop::collection::vec(any::<u8>(), 0..6);
    (any::<bool>(), 0_u32..3, key).prop_map(|(other, bucket, key)| Place {
        secret: [u8::from(other); 16],
        bucket,
        key,
    })
}

/// Another place that differs in one thing alone.
fn neighbour(home: &Place, which: &Index) -> Place {
    let mut other = home.clone();
    match which.index(4) {
        0 => other.secret[15] ^= 1,
        1 => other.bucket += 1,
        2 => other.key.push(0),
        _ => other.key.insert(0, 0),
    }
    other
}

impl Place {
    fn seal(&self, context: &Context) -> Vec<u8> {
        let secret = ContextSecret::new(self.secret);
        context
            .seal(&secret, BucketId(self.bucket), &self.key)
            .to_vec()
    }

    fn open(&self, sealed: &[u8]) -> Result<Context, ContextError> {
        let secret = ContextSecret::new(self.secret);
        Context::open(sealed, &secret, BucketId(self.bucket), &self.key)
    }
}

proptest! {
    #[test]
    fn a_context_opens_at_its_place_and_nowhere_else(
        context in context(), home in place(), which: Index,
    ) {
        let sealed = home.seal(&context);
        prop_assert_eq!(home.open(&sealed), Ok(context.clone()));
        let elsewhere = neighbour(&home, &which);
        prop_assert_eq!(elsewhere.open(&sealed), Err(ContextError::Seal));
    }

    #[test]
    fn equal_contexts_are_equal_bytes(one in context(), other in context(), home in place()) {
        prop_assert_eq!(one == other, home.seal(&one) == home.seal(&other));
    }

    #[test]
    fn a_truncated_context_is_refused(context in context(), home in place(), len: Index) {
        let sealed = home.seal(&context);
        let len = len.index(sealed.len() - 1) + 1;
        let opened = home.open(&sealed[..len]);
        prop_assert_eq!(opened.is_ok(), len == sealed.len());
    }

    #[test]
    fn a_context_with_more_behind_it_is_refused(
        context in context(), home in place(), rest in prop::collection::vec(any::<u8>(), 1..9),
    ) {
        let sealed = [home.seal(&context), rest].concat();
        prop_assert_eq!(home.open(&sealed), Err(ContextError::Seal));
    }

    #[test]
    fn a_changed_byte_is_refused(context in context(), home in place(), at: Index, with: u8) {
        let mut sealed = home.seal(&context);
        let at = at.index(sealed.len());
        let changed = sealed[at] != with;
        sealed[at] = with;
        prop_assert_eq!(home.open(&sealed).is_err(), changed);
    }

    #[test]
    fn random_bytes_are_refused_without_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 1..200), home in place(),
    ) {
        prop_assert!(home.open(&bytes).is_err());
        let formatted = [&[1], &bytes[1..]].concat();
        prop_assert!(home.open(&formatted).is_err());
    }

    /// Entries of one context under the seal of another.
    #[test]
    fn a_seal_does_not_fit_other_entries(one in context(), other in context(), home in place()) {
        let (one_sealed, other_sealed) = (home.seal(&one), home.seal(&other));
        let forged = [&one_sealed[..BODY_AT], &other_sealed[BODY_AT..]].concat();
        prop_assert_eq!(home.open(&forged).is_ok(), one == other);
    }

    /// The end of a key can't be taken for the beginning of the entries.
    #[test]
    fn key_and_entries_are_kept_apart(context in context(), home in place(), shift in 1_usize..4) {
        let sealed = home.seal(&context);
        let (moved, left) = sealed[BODY_AT..].split_at(shift);
        let longer = Place { key: [&home.key, moved].concat(), ..home };
        let forged = [&sealed[..BODY_AT], left].concat();
        prop_assert!(longer.open(&forged).is_err());
    }
}

fn home() -> Place {
    let key = b"cart".to_vec();
    Place {
        secret: [7; 16],
        bucket: 1,
        key,
    }
}

#[test]
fn a_context_over_the_limit_is_refused_with_its_length_before_its_seal_is_read() {
    let mut context = Context::default();
    for number in 0..10_000 {
        context.history.insert(Dot {
            origin: Origin(u64::MAX - number),
            counter: 9,
        });
    }
    let sealed = home().seal(&context);
    let (len, limit) = (sealed.len() as u64, CONTEXT_LEN_MAX as u64);
    assert!(len > limit);
    assert_eq!(
        home().open(&sealed),
        Err(ContextError::TooLong { len, limit })
    );
}

/// What limits.rs promises: more origins than any cluster that is read now and then.
#[test]
fn a_context_holds_three_thousand_origins() {
    let mut context = Context::default();
    for number in 0..3_000 {
        context
            .history
            .cover(Origin(u64::MAX - number), u64::from(u32::MAX));
    }
    assert_eq!(home().open(&home().seal(&context)), Ok(context));
}

#[test]
fn an_unknown_format_is_refused_with_its_number() {
    let mut sealed = home().seal(&Context::default());
    sealed[0] = 2;
    assert_eq!(
        home().open(&sealed),
        Err(ContextError::UnknownFormat { format: 2 })
    );
}
