//! How much an extension may have to answer on one node.

use crate::limits::{EXTENSION_QUESTION_BYTES_MAX, EXTENSION_QUESTIONS_MAX};

/// The questions that an extension has under way, and their bytes.
#[derive(Debug, Default)]
pub struct Room {
    questions: usize,
    bytes: usize,
}

impl Room {
    /// Takes a place for a question, if there is one. The first has room whatever its length.
    pub fn take(&mut self, bytes: usize) -> bool {
        let sum = self.bytes.saturating_add(bytes);
        let fits = self.questions == 0 || sum <= EXTENSION_QUESTION_BYTES_MAX;
        if self.questions >= EXTENSION_QUESTIONS_MAX || !fits {
            return false;
        }
        self.questions += 1;
        self.bytes = sum;
        true
    }

    /// Gives the place of a question back, once its handler has ended.
    pub fn give_back(&mut self, bytes: usize) {
        self.questions = self.questions.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_bounded_and_a_place_that_was_given_back_is_there_for_the_next() {
        let mut room = Room::default();
        assert!((0..EXTENSION_QUESTIONS_MAX).all(|_| room.take(1)));
        assert!(!room.take(0));
        room.give_back(1);
        assert!(room.take(1));
        assert!(!room.take(1));
    }

    #[test]
    fn bytes_are_bounded_and_the_first_question_always_has_room() {
        let mut room = Room::default();
        assert!(room.take(EXTENSION_QUESTION_BYTES_MAX + 1));
        assert!(!room.take(0), "it is over already");
        room.give_back(EXTENSION_QUESTION_BYTES_MAX + 1);
        assert!(room.take(EXTENSION_QUESTION_BYTES_MAX - 1));
        assert!(!room.take(2));
        assert!(room.take(1));
        room.give_back(EXTENSION_QUESTION_BYTES_MAX - 1);
        assert!(room.take(2));
    }
}
