//! What to do about an error, where there is something to be done.

use cartwheel::limits::VALUE_LEN_CEILING;
use cartwheel::message::client::RequestError;
use cartwheel_client::Error;

/// Advice on an error of a read, or of a question about the cluster.
pub fn on(error: &Error) -> Option<String> {
    let advice = match error {
        Error::Unreachable { .. } => {
            "Is a node running there? `cartwheel dev` starts three; --endpoint or CARTWHEEL_ENDPOINTS names others."
        }
        Error::TimedOut { .. } => {
            "Give it more time with --timeout MS, or see `cartwheel status` for who is slow."
        }
        Error::RequestTooLong { .. } => return Some(cut()),
        _ => return error.refusal().and_then(on_refusal),
    };
    Some(advice.to_owned())
}

/// Advice on an error of a write: what may have become of it, too.
pub fn on_write(error: &Error) -> Option<String> {
    let surely = matches!(
        error.refusal(),
        Some(RequestError::OwnersDown { .. } | RequestError::ClockOff { .. })
    );
    let outcome = match error.outcome_is_unknown() {
        true => Some("It may have been done all the same: read the key to know."),
        false => surely.then_some("Nothing was written."),
    };
    let outcome = outcome.map(str::to_owned);
    let advice: Vec<String> = on(error).into_iter().chain(outcome).collect();
    (!advice.is_empty()).then(|| advice.join(" "))
}

fn on_refusal(refusal: &RequestError) -> Option<String> {
    let advice = match refusal {
        RequestError::UnknownBucket { .. } => {
            "See `cartwheel bucket list`, or create it with `cartwheel bucket create`."
        }
        RequestError::BadContext(_) => {
            "A context is good for its own key and cluster alone: read the key again with `cartwheel get -o json`."
        }
        RequestError::BadCursor(_) => {
            "A cursor is good for its own bucket alone, whole and unchanged: list without --cursor to begin anew."
        }
        RequestError::ContextRequired => {
            "Read the key with `cartwheel get -o json`, and hand its context back with --context."
        }
        RequestError::TooManySiblings { .. } => {
            "Read the key with `cartwheel get -o json`, and put what it should be with --context."
        }
        RequestError::RecordTooLarge { .. } => {
            "Only a program can resolve it: docs/PROTOCOL.md, under \"Records over an answer\", says how."
        }
        RequestError::ValueTooLarge { .. } => return Some(cut()),
        RequestError::KeyLength { .. } => {
            "A key has at least one byte; its longest is the bucket's: see `cartwheel bucket list`."
        }
        RequestError::BadQuorum { .. } => {
            "A quorum number is at most the bucket's n: see `cartwheel bucket list`."
        }
        RequestError::BadBucket { .. } => {
            "`cartwheel bucket create --help` says what each may be; n is at most the number of members, see `cartwheel status`."
        }
        RequestError::ClockOff { .. } => {
            "Try another node with --endpoint, and set the clock of this one (NTP)."
        }
        RequestError::Overloaded { .. } => "Nothing was started: try again a little later.",
        RequestError::OwnersDown { .. } => {
            "See `cartwheel status` for who is away, and try again when they are back."
        }
        RequestError::QuorumUnreachable { .. } | RequestError::TimedOut { .. } => {
            "See `cartwheel status` for who is away."
        }
        RequestError::MembersMissing { .. } => {
            "Start them and try again: see `cartwheel status` for who is away."
        }
        _ => return None,
    };
    Some(advice.to_owned())
}

/// On a value that is too long.
fn cut() -> String {
    format!(
        "Cut it into several keys, or put it in a bucket that takes more: \
         `cartwheel bucket create NAME --value-len-max BYTES`, with up to {VALUE_LEN_CEILING}."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unreachable() -> Error {
        Error::Refused(RequestError::QuorumUnreachable {
            required: 2,
            acknowledged: 1,
            failed: 2,
        })
    }

    #[test]
    fn only_the_advice_on_a_write_speaks_of_what_may_have_been_done() {
        assert!(!on(&unreachable()).unwrap().contains("done all the same"));
        let write = on_write(&unreachable()).unwrap();
        assert!(write.contains("cartwheel status"), "{write}");
        assert!(write.contains("done all the same"), "{write}");
    }

    #[test]
    fn a_write_that_was_certainly_not_done_is_not_put_in_doubt() {
        let down = Error::Refused(RequestError::OwnersDown {
            required: 2,
            up: 1,
            owners: 3,
        });
        let (read, write) = (on(&down).unwrap(), on_write(&down).unwrap());
        assert!(!read.contains("written"), "{read}");
        assert!(write.contains("Nothing was written"), "{write}");
        assert_eq!(on_write(&Error::NoEntropy), None);
    }
}
