//! What to do about an error, where there is something to be done.

use cartwheel::message::client::RequestError;
use cartwheel_client::Error;

/// Advice on an error of the client.
pub fn on(error: &Error) -> Option<&'static str> {
    match error {
        Error::Unreachable { .. } => Some(
            "Is a node running there? `cartwheel dev` starts three; --endpoint or CARTWHEEL_ENDPOINTS names others.",
        ),
        Error::TimedOut { .. } => {
            Some("Give it more time with --timeout MS, or see `cartwheel status` for who is slow.")
        }
        _ => error.refusal().and_then(on_refusal),
    }
}

fn on_refusal(refusal: &RequestError) -> Option<&'static str> {
    let advice = match refusal {
        RequestError::UnknownBucket { .. } => {
            "See `cartwheel bucket list`, or create it with `cartwheel bucket create`."
        }
        RequestError::BadContext(_) => {
            "A context is good for its own key and cluster alone: read the key again with `cartwheel get -o json`."
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
        RequestError::ValueTooLarge { .. } | RequestError::KeyLength { .. } => {
            "The limits are the bucket's: see `cartwheel bucket list`."
        }
        RequestError::ClockOff { .. } => {
            "Nothing was written: try another node with --endpoint, and set the clock of this one (NTP)."
        }
        RequestError::Overloaded { .. } => "Nothing was started: try again a little later.",
        RequestError::QuorumUnreachable { .. } | RequestError::TimedOut { .. } => {
            "See `cartwheel status` for who is away. A write may be kept all the same: read the key to know."
        }
        RequestError::MembersMissing { .. } => {
            "Start them and try again: see `cartwheel status` for who is away."
        }
        _ => return None,
    };
    Some(advice)
}
