//! Two live openings of one node id (an empty or a copied data directory behind the same
//! configuration): whoever answers at the member's address is the node, and every other is refused.
//!
//! A second one that was let in would count for the first: a write that it has acknowledged is found
//! by nobody who asks the first. Whether the first still lives, nobody can know without asking: a
//! process that was killed and started again is a new opening too, and its peers may not have heard
//! of the end of the old one.

use crate::node::OpeningId;

/// What becomes of a member that greets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is let in.
    Admit,
    /// Another was connected to at the member's address: it is asked first, and an answer refuses
    /// whoever greets. If none comes its link is broken, so that what answers there next decides.
    AskTheOther,
}

/// Decides on an opening that greets, by the one that was last seen at the member's address, if the
/// link there is up.
pub fn admission(greets: OpeningId, at_address: Option<OpeningId>) -> Admission {
    match at_address {
        Some(other) if other != greets => Admission::AskTheOther,
        _ => Admission::Admit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_at_the_address_has_to_be_asked() {
        let (one, two) = (OpeningId(1), OpeningId(2));
        assert_eq!(admission(one, None), Admission::Admit);
        assert_eq!(admission(one, Some(one)), Admission::Admit);
        assert_eq!(admission(one, Some(two)), Admission::AskTheOther);
    }
}
