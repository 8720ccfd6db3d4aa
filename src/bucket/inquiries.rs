//! When a node asks its peers for their buckets.
//!
//! A member that missed an activation learns of it from any peer that has it. Whatever hints
//! at news asks that peer: its link is up again, or it speaks of a bucket that is unknown
//! here. Hints may come with every request, questions do not: there is one under way per peer,
//! and a hint that comes meanwhile is good for one more, since the answer under way may be
//! older than the news.

use std::collections::BTreeMap;

use crate::node::NodeId;

/// The questions under way, and which of them are to be asked once more.
#[derive(Clone, Debug, Default)]
pub struct Inquiries {
    under_way: BTreeMap<NodeId, bool>,
}

/// What became of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inquiry {
    /// The peer has told its buckets.
    Answered,
    /// The peer is up, and did not answer.
    Unanswered,
    /// The link is down; that it is up again will be a hint.
    Unreachable,
}

impl Inquiries {
    /// Something hints at news at a peer. Says whether to ask it now.
    pub fn hint(&mut self, peer: NodeId) -> bool {
        match self.under_way.get_mut(&peer) {
            Some(again) => {
                *again = true;
                false
            }
            None => {
                self.under_way.insert(peer, false);
                true
            }
        }
    }

    /// The question to a peer is over. Says whether to ask it once more, a little later.
    pub fn over(&mut self, peer: NodeId, inquiry: Inquiry) -> bool {
        let hinted = self.under_way.remove(&peer).unwrap_or(false);
        let again = hinted || inquiry == Inquiry::Unanswered;
        if again {
            self.under_way.insert(peer, false);
        }
        again
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: NodeId = NodeId(2);

    #[test]
    fn one_question_is_under_way_per_peer() {
        let mut inquiries = Inquiries::default();
        assert!(inquiries.hint(PEER));
        assert!(inquiries.hint(NodeId(3)), "peers don't wait for each other");
        for _ in 0..100 {
            assert!(!inquiries.hint(PEER));
        }
    }

    #[test]
    fn a_hint_during_a_question_is_good_for_one_more() {
        let mut inquiries = Inquiries::default();
        inquiries.hint(PEER);
        inquiries.hint(PEER);
        assert!(inquiries.over(PEER, Inquiry::Answered));
        assert!(!inquiries.hint(PEER), "the second is under way");
        assert!(inquiries.over(PEER, Inquiry::Answered));
        assert!(!inquiries.over(PEER, Inquiry::Answered));
        assert!(inquiries.hint(PEER), "nothing is under way");
    }

    #[test]
    fn an_answer_without_a_hint_ends_it() {
        let mut inquiries = Inquiries::default();
        inquiries.hint(PEER);
        assert!(!inquiries.over(PEER, Inquiry::Answered));
    }

    #[test]
    fn a_peer_that_is_up_and_does_not_answer_is_asked_until_it_does() {
        let mut inquiries = Inquiries::default();
        inquiries.hint(PEER);
        assert!(inquiries.over(PEER, Inquiry::Unanswered));
        assert!(inquiries.over(PEER, Inquiry::Unanswered));
        assert!(!inquiries.over(PEER, Inquiry::Answered));
    }

    #[test]
    fn a_peer_that_is_away_is_not_asked_until_its_link_is_up() {
        let mut inquiries = Inquiries::default();
        inquiries.hint(PEER);
        assert!(!inquiries.over(PEER, Inquiry::Unreachable));
        assert!(inquiries.hint(PEER), "the link is up");
    }

    #[test]
    fn a_link_that_is_up_before_its_end_was_noticed_is_asked() {
        let mut inquiries = Inquiries::default();
        inquiries.hint(PEER);
        inquiries.hint(PEER);
        assert!(inquiries.over(PEER, Inquiry::Unreachable));
    }
}
