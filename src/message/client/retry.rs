//! What a refusal means for a client: whether to try again, and what may have happened.

use super::RequestError;

impl RequestError {
    /// Whether the same request may succeed when it is sent again, to another node or a little
    /// later. A write keeps its request id, and with it a retry loses nothing.
    pub fn is_worth_a_retry(&self) -> bool {
        match self {
            Self::Overloaded { .. }
            | Self::ClockOff { .. }
            | Self::NotServing { .. }
            | Self::NotStored { .. }
            | Self::OwnersDown { .. }
            | Self::QuorumUnreachable { .. }
            | Self::TimedOut { .. }
            | Self::NotCaughtUp { .. }
            | Self::StoreFailed { .. }
            | Self::Restarted { .. } => true,
            Self::UnknownKind { .. }
            | Self::Malformed { .. }
            | Self::BadFrame { .. }
            | Self::HelloExpected
            | Self::WrongCluster { .. }
            | Self::SecondOpening { .. }
            | Self::UnknownBucket { .. }
            | Self::KeyLength { .. }
            | Self::ValueTooLarge { .. }
            | Self::AttributesTooLarge { .. }
            | Self::BatchTooLong { .. }
            | Self::AnswerTooLarge { .. }
            | Self::QuestionTooLarge { .. }
            | Self::BadQuorum { .. }
            | Self::BadContext(_)
            | Self::BadCursor(_)
            | Self::ContextRequired
            | Self::TooManySiblings { .. }
            | Self::RecordTooLarge { .. }
            | Self::Corrupt { .. }
            | Self::BucketExists { .. }
            | Self::BadBucket { .. }
            | Self::MembersMissing { .. }
            // What one node's extension fails over, that of the next would fail over, too.
            | Self::QuestionLost { .. } => false,
        }
    }

    /// Whether a write that is answered so may be kept on some owners all the same, and be
    /// seen by a later read.
    pub fn leaves_the_outcome_open(&self) -> bool {
        matches!(
            self,
            Self::QuorumUnreachable { .. }
                | Self::TimedOut { .. }
                | Self::StoreFailed { .. }
                | Self::Restarted { .. }
                | Self::QuestionLost { .. }
        )
    }
}
