//! Message bodies: every example comes back, and whatever else comes in is refused or is sound.

use bytes::Bytes;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::damage::{Damage, damage, damaged};
use crate::examples::{self, Example};
use crate::memory;

/// One of the examples.
fn example(index: &Index) -> Example {
    let mut examples = examples::all();
    let at = index.index(examples.len());
    examples.swap_remove(at)
}

fn damages() -> impl Strategy<Value = Vec<Damage>> {
    prop::collection::vec(damage(), 1..4)
}

#[test]
fn every_message_comes_back_as_it_was() {
    for example in examples::all() {
        let Example {
            kind,
            part,
            label,
            bytes,
            ..
        } = &example;
        assert_eq!(
            (example.is_the_same)(bytes),
            Ok(true),
            "{kind} {part:?}: {label}"
        );
    }
}

#[test]
fn every_truncated_message_is_refused() {
    for example in examples::all() {
        for len in 0..example.bytes.len() {
            let refused = (example.recode)(&example.bytes[..len]);
            assert!(refused.is_err(), "{}: {len} bytes", example.kind);
        }
    }
}

/// The depth that the decoder allows is more than any message needs, and far from any stack's.
#[test]
fn deep_nesting_is_refused_in_every_message() {
    for example in examples::all() {
        for nest in [0x91, 0x81] {
            let refused = (example.recode)(&vec![nest; 1_000_000]);
            assert!(refused.is_err(), "{}", example.kind);
        }
    }
}

/// In every place of every message: four billion elements, pairs, bytes or characters.
#[test]
fn lying_lengths_do_not_get_the_memory_they_ask_for() {
    for example in examples::all() {
        let grown = memory::growth(|| {
            for at in 0..example.bytes.len() {
                for marker in [0xdd, 0xdf, 0xc6, 0xdb] {
                    let lie = [&example.bytes[..at], &[marker], &[0xff; 4]].concat();
                    let refused = (example.recode)(&lie).is_err();
                    // Further on it may stand where a name or a value is read as it is.
                    assert!(refused || at > 0, "{}", example.kind);
                }
            }
        });
        assert!(grown < memory::SMALL, "{grown} bytes for {}", example.kind);
    }
}

#[test]
fn the_words_of_a_refusal_do_not_repeat_what_came() {
    let megabytes = "x".repeat(4 << 20);
    let body = [&[0xdb, 0, 0x40, 0, 0], megabytes.as_bytes()].concat();
    for example in examples::all() {
        let refused = (example.recode)(&body).unwrap_err();
        assert!(refused.to_string().len() < 400, "{}", example.kind);
    }
}

proptest! {
    #[test]
    fn what_follows_a_message_is_not_overlooked(
        index: Index, rest in prop::collection::vec(any::<u8>(), 1..9),
    ) {
        let example = example(&index);
        let longer = [&example.bytes[..], &rest].concat();
        prop_assert!((example.recode)(&longer).is_err());
    }

    #[test]
    fn a_damaged_message_is_refused_or_is_a_sound_one(index: Index, damages in damages()) {
        let example = example(&index);
        let body = damaged(&example.bytes, &damages);
        if let Ok(recoded) = (example.recode)(&body) {
            prop_assert_eq!((example.recode)(&recoded), Ok(recoded));
        }
    }

    #[test]
    fn random_bytes_never_panic(index: Index, body in prop::collection::vec(any::<u8>(), 0..100)) {
        let example = example(&index);
        if let Ok(recoded) = (example.recode)(&body) {
            prop_assert_eq!((example.recode)(&recoded), Ok(recoded));
        }
    }

    /// Everything MessagePack can say, a body of another kind among it.
    #[test]
    fn a_body_of_another_kind_never_panics(one: Index, other: Index) {
        let body: Bytes = example(&other).bytes;
        let _ = (example(&one).recode)(&body);
    }
}
