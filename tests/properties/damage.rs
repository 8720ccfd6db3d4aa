//! Bytes that were right once.

use proptest::prelude::*;
use proptest::sample::Index;

/// What can happen to bytes.
#[derive(Clone, Debug)]
pub enum Damage {
    Overwrite(Index, u8),
    Cut(Index, Index),
    Insert(Index, Vec<u8>),
}

/// One damage, most often one byte.
pub fn damage() -> impl Strategy<Value = Damage> {
    let bytes = prop::collection::vec(any::<u8>(), 1..6);
    prop_oneof![
        6 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Overwrite(at, byte)),
        1 => any::<(Index, Index)>().prop_map(|(from, until)| Damage::Cut(from, until)),
        1 => (any::<Index>(), bytes).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
    ]
}

/// The bytes after these damages, in order.
pub fn damaged(bytes: &[u8], damages: &[Damage]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for damage in damages {
        let len = bytes.len() + 1;
        match damage {
            Damage::Overwrite(at, byte) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Damage::Overwrite(..) => {}
            Damage::Cut(from, until) => {
                let (from, until) = (from.index(len), until.index(len));
                bytes.drain(from.min(until)..from.max(until));
            }
            Damage::Insert(at, inserted) => {
                let at = at.index(len);
                bytes.splice(at..at, inserted.iter().copied());
            }
        }
    }
    bytes
}
