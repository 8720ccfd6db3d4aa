//! The kinds of messages that extensions answer and ask, and who may ask them.

use std::collections::BTreeMap;

use crate::message::Kind;

/// Who may ask a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Other nodes, and this one.
    Nodes,
    /// Clients, and this node.
    Clients,
    /// All of them.
    Everyone,
}

/// A message as an extension declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// The number on the wire.
    pub kind: Kind,
    /// The type of the question.
    pub message: &'static str,
    /// Whose it is.
    pub extension: &'static str,
    /// Who may ask it.
    pub reach: Reach,
}

/// Every kind that an extension of this node answers.
#[derive(Clone, Debug, Default)]
pub struct Kinds {
    answered: BTreeMap<Kind, Declaration>,
}

impl Kinds {
    /// The kinds that are answered; each that is asked must be among them.
    pub fn check(
        answered: impl IntoIterator<Item = Declaration>,
        asked: impl IntoIterator<Item = Declaration>,
    ) -> Result<Self, KindError> {
        let mut kinds = Self::default();
        for declaration in answered {
            kinds.answer(declaration)?;
        }
        for declaration in asked {
            kinds.ask(declaration)?;
        }
        Ok(kinds)
    }

    /// Whether a client may ask this kind.
    pub fn are_for_clients(&self, kind: Kind) -> bool {
        self.reach(kind).is_some_and(|reach| reach != Reach::Nodes)
    }

    /// Whether another node may ask this kind.
    pub fn are_for_nodes(&self, kind: Kind) -> bool {
        self.reach(kind)
            .is_some_and(|reach| reach != Reach::Clients)
    }

    fn reach(&self, kind: Kind) -> Option<Reach> {
        let found = self.answered.get(&kind);
        found.map(|declaration| declaration.reach)
    }

    fn answer(&mut self, own: Declaration) -> Result<(), KindError> {
        in_range(own)?;
        match self.answered.insert(own.kind, own) {
            Some(first) => Err(KindError::collision(first, own)),
            None => Ok(()),
        }
    }

    fn ask(&self, own: Declaration) -> Result<(), KindError> {
        in_range(own)?;
        match self.answered.get(&own.kind) {
            Some(answered) if answered.message == own.message => Ok(()),
            Some(another) => Err(KindError::collision(*another, own)),
            None => Err(KindError::NoHandler {
                kind: own.kind.0,
                message: own.message,
                extension: own.extension,
            }),
        }
    }
}

fn in_range(own: Declaration) -> Result<(), KindError> {
    if own.kind >= Kind::FIRST_OF_EXTENSIONS {
        return Ok(());
    }
    Err(KindError::OutsideRange {
        kind: own.kind.0,
        message: own.message,
        extension: own.extension,
    })
}

/// Kinds with which no node starts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KindError {
    /// Two messages have one number.
    #[error(
        "kind {kind:#06x} stands for two messages: {first} of extension {first_extension}, and {second} of extension {second_extension}"
    )]
    Collision {
        /// The number.
        kind: u16,
        /// The message that had it first.
        first: &'static str,
        /// Whose that is.
        first_extension: &'static str,
        /// The message that has it too.
        second: &'static str,
        /// Whose that is.
        second_extension: &'static str,
    },
    /// The number belongs to Cartwheel.
    #[error(
        "kind {kind:#06x} of {message} in extension {extension} is below {:#06x}: kinds of extensions begin there",
        Kind::FIRST_OF_EXTENSIONS.0
    )]
    OutsideRange {
        /// The number.
        kind: u16,
        /// The message.
        message: &'static str,
        /// Whose it is.
        extension: &'static str,
    },
    /// It is asked, and nobody would answer.
    #[error(
        "extension {extension} asks {message}, kind {kind:#06x}, which no extension answers here"
    )]
    NoHandler {
        /// The number.
        kind: u16,
        /// The message.
        message: &'static str,
        /// Who asks it.
        extension: &'static str,
    },
}

impl KindError {
    fn collision(first: Declaration, second: Declaration) -> Self {
        Self::Collision {
            kind: first.kind.0,
            first: first.message,
            first_extension: first.extension,
            second: second.message,
            second_extension: second.extension,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(kind: u16, message: &'static str, reach: Reach) -> Declaration {
        Declaration {
            kind: Kind(kind),
            message,
            extension: "feed",
            reach,
        }
    }

    #[test]
    fn each_kind_is_for_whom_its_extension_says() {
        let kinds = Kinds::check(
            [
                declared(0x8000, "a", Reach::Nodes),
                declared(0x8001, "b", Reach::Clients),
                declared(0xffff, "c", Reach::Everyone),
            ],
            [],
        )
        .unwrap();
        let reached = |kind| (kinds.are_for_nodes(kind), kinds.are_for_clients(kind));
        assert_eq!(reached(Kind(0x8000)), (true, false));
        assert_eq!(reached(Kind(0x8001)), (false, true));
        assert_eq!(reached(Kind(0xffff)), (true, true));
        assert_eq!(reached(Kind(0x8002)), (false, false));
    }

    #[test]
    fn two_messages_with_one_kind_are_named_with_it() {
        let (one, two) = (
            declared(0x8000, "feed::Since", Reach::Nodes),
            declared(0x8000, "expiry::Due", Reach::Nodes),
        );
        let collision = Kinds::check([one, two], []).unwrap_err();
        assert_eq!(
            collision.to_string(),
            "kind 0x8000 stands for two messages: feed::Since of extension feed, and expiry::Due of extension feed"
        );
        let asked = Kinds::check([one], [two]).unwrap_err();
        assert_eq!(asked, collision, "whoever asks means another message");
    }

    #[test]
    fn a_kind_below_the_range_of_extensions_is_refused() {
        let below = declared(0x7fff, "feed::Since", Reach::Everyone);
        let expected = KindError::OutsideRange {
            kind: 0x7fff,
            message: "feed::Since",
            extension: "feed",
        };
        assert_eq!(
            expected.to_string(),
            "kind 0x7fff of feed::Since in extension feed is below 0x8000: kinds of extensions begin there"
        );
        assert_eq!(Kinds::check([below], []).unwrap_err(), expected);
        assert_eq!(Kinds::check([], [below]).unwrap_err(), expected);
    }

    #[test]
    fn a_kind_that_is_asked_and_not_answered_is_refused() {
        let asked = declared(0x8000, "feed::Since", Reach::Nodes);
        assert!(Kinds::check([asked], [asked]).is_ok());
        let expected = KindError::NoHandler {
            kind: 0x8000,
            message: "feed::Since",
            extension: "feed",
        };
        assert_eq!(Kinds::check([], [asked]).unwrap_err(), expected);
    }
}
