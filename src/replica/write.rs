//! A client's write on its coordinator's own record (rule 3).

use crate::limits::{ANSWER_VALUES_LEN_MAX, RECORD_LEN_MAX};
use crate::message::client::RequestError;
use crate::planted_bug::{self, PlantedBug};
use crate::version::{
    ConflictRule, Context, ContextSecret, Dot, Record, RequestId, Stamp, Value, Version,
};

use super::command::ClientWrite;
use super::excerpt::Excerpt;

/// The record after a write.
pub(super) struct Written {
    pub(super) record: Record,
    pub(super) dot: Option<Dot>,
    pub(super) context: Context,
}

/// Answers a retry: the record as it is, and a context with the first attempt's dot.
pub(super) fn repeat(record: Record, write: &ClientWrite, dot: Dot) -> Written {
    let context = answered_context(&record, &write.context, Some(dot));
    let dot = Some(dot);
    Written {
        record,
        dot,
        context,
    }
}

/// Applies a write; `mint` is called at most once, and only when the write will be taken.
pub(super) fn apply(
    existing: Record,
    write: &ClientWrite,
    rule: ConflictRule,
    mint: impl FnOnce() -> Dot,
) -> Result<Written, Refusal> {
    if rule == ConflictRule::Refuse && write.context.is_empty() && existing.siblings() > 0 {
        return Err(Refusal::ContextRequired);
    }
    let covered = write.context.stamp.max(existing.stamp());
    let mut record = existing.clone();
    record.cover(&write.context.history);
    check_limits(&record, existing, write, rule)?;
    let dot = write_version(&mut record, write, rule, covered, mint);
    let context = answered_context(&record, &write.context, dot);
    Ok(Written {
        record,
        dot,
        context,
    })
}

/// Why a write is not taken.
pub(super) enum Refusal {
    /// The bucket refuses conflicts.
    ContextRequired,
    /// The record would go over its limits.
    TooMany {
        /// The record as it is.
        existing: Box<Record>,
        siblings: usize,
        bytes: usize,
    },
}

impl Refusal {
    /// The answer to the client, with the siblings to resolve.
    pub(super) fn answer(
        self,
        write: &ClientWrite,
        seal: impl Fn(&Context) -> bytes::Bytes,
    ) -> RequestError {
        match self {
            Self::ContextRequired => RequestError::ContextRequired,
            Self::TooMany {
                existing,
                siblings,
                bytes,
            } => {
                let excerpt = Excerpt::of(&existing, ANSWER_VALUES_LEN_MAX);
                RequestError::TooManySiblings {
                    siblings: siblings as u64,
                    siblings_max: u64::from(write.siblings_max),
                    bytes: bytes as u64,
                    bytes_max: RECORD_LEN_MAX as u64,
                    values: excerpt.values,
                    context: seal(&excerpt.context),
                }
            }
        }
    }
}

/// A put counts itself; a delete only removes, and where the last writer wins one value stays.
fn check_limits(
    record: &Record,
    existing: Record,
    write: &ClientWrite,
    rule: ConflictRule,
) -> Result<(), Refusal> {
    let Some((value, attributes)) = &write.value else {
        return Ok(());
    };
    let attributes_len = attributes.as_ref().map_or(0, |attributes| attributes.len());
    if rule == ConflictRule::Lww {
        return Ok(());
    }
    let siblings = record.siblings() + 1;
    let bytes = record.values_len() + value.len() + attributes_len;
    if siblings > write.siblings_max as usize || bytes > RECORD_LEN_MAX {
        let existing = Box::new(existing);
        return Err(Refusal::TooMany {
            existing,
            siblings,
            bytes,
        });
    }
    Ok(())
}

fn write_version(
    record: &mut Record,
    write: &ClientWrite,
    rule: ConflictRule,
    covered: Stamp,
    mint: impl FnOnce() -> Dot,
) -> Option<Dot> {
    let lww = rule == ConflictRule::Lww;
    let value = match &write.value {
        Some((bytes, attributes)) => Value::Live {
            bytes: bytes.clone(),
            attributes: attributes.clone(),
        },
        // Only a last-writer-wins delete needs a mark: elsewhere the covered dots say it all.
        None if lww => Value::Tombstone,
        None => return None,
    };
    let stamp = match lww {
        true if planted_bug::is(PlantedBug::StampByTheClock) => Stamp::next(write.now, Stamp::ZERO),
        true => Stamp::next(write.now, covered),
        false => Stamp::ZERO,
    };
    let dot = mint();
    let request = match planted_bug::is(PlantedBug::IgnoreTheRequestId) {
        true => RequestId::new(u128::from(dot.origin.0) << 64 | u128::from(dot.counter)),
        false => write.request,
    };
    record.write(
        Version {
            dot,
            request,
            stamp,
            value,
        },
        rule,
    );
    Some(dot)
}

/// What the client has seen once its write is kept: what its context covered, its own dot,
/// and, of each origin of which no other version is left here, all that is obsolete anyway.
///
/// Without the last part a client that writes again and again without reading would carry
/// one more dot each time. It destroys nothing: what is not live here and known here was
/// covered by someone's context before.
fn answered_context(record: &Record, seen: &Context, dot: Option<Dot>) -> Context {
    let mut history = seen.history.clone();
    if let Some(dot) = dot {
        history.insert(dot);
    }
    let singles: Vec<Dot> = history.dots().collect();
    for Dot { origin, .. } in singles {
        let up_to = record.history().up_to(origin);
        let of_origin = |dot: &Dot| dot.origin == origin && dot.counter <= up_to;
        if record
            .dots()
            .filter(of_origin)
            .all(|dot| history.contains(dot))
        {
            history.cover(origin, up_to);
        }
    }
    // Where the last writer wins, the record's stamp is the greatest of all that it has seen,
    // a first attempt that has lost since among it (rule 8).
    let stamp = seen.stamp.max(record.stamp());
    Context { history, stamp }
}

/// How the refusals seal the contexts they answer.
pub(super) fn seal_with<'secret>(
    secret: &'secret ContextSecret,
    key: &'secret crate::store::StoredKey,
) -> impl Fn(&Context) -> bytes::Bytes + 'secret {
    move |context| context.seal(secret, key.bucket(), &key.key())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::time::WallTime;
    use crate::version::{Attributes, Origin};

    fn put(request: u128, now: u64, context: Context) -> ClientWrite {
        ClientWrite {
            request: RequestId::new(request),
            context,
            value: Some((Bytes::from_static(b"value"), None)),
            siblings_max: 100,
            now: WallTime(now),
        }
    }

    fn applied(existing: Record, write: &ClientWrite, dot: Dot) -> Written {
        let written = apply(existing, write, ConflictRule::Lww, || dot);
        written.unwrap_or_else(|_| panic!("the write is taken"))
    }

    #[test]
    fn attributes_count_against_the_limit_of_a_record() {
        let dot = Dot {
            origin: Origin(1),
            counter: 1,
        };
        let full = Bytes::from(vec![0; RECORD_LEN_MAX]);
        let content_type = "t".to_owned();
        let attributes = Attributes {
            content_type,
            ..Attributes::default()
        };
        for (attributes, taken) in [(None, true), (Some(Box::new(attributes)), false)] {
            let value = Some((full.clone(), attributes));
            let write = ClientWrite {
                value,
                ..put(1, 100, Context::default())
            };
            let written = apply(Record::new(), &write, ConflictRule::Siblings, || dot);
            assert_eq!(written.is_ok(), taken);
        }
    }

    /// Rule 8: else the client's next write could be stamped below what it covers.
    #[test]
    fn a_repeated_answer_carries_the_stamp_of_the_first_attempt_though_it_has_lost() {
        let dot = |counter| Dot {
            origin: Origin(1),
            counter,
        };
        let first = put(1, 100, Context::default());
        let first_written = applied(Record::new(), &first, dot(1));
        let stamp = first_written.record.stamp();
        let next = applied(
            first_written.record,
            &put(2, 101, Context::default()),
            dot(2),
        );
        let repeated = repeat(next.record, &first, dot(1));
        assert!(repeated.context.history.contains(dot(1)));
        assert!(repeated.context.stamp >= stamp);
    }
}
