//! The repair of a corrupt record (rules 4 and 5), behind an operation that met one.
//!
//! An owner whose record is corrupt refuses everything but this repair, and counts again from it
//! on. So the repair has to hold all that was ever acknowledged with this owner's help: each such
//! value is on W − 1 other owners, and the merge of any N − W + 1 others has it.

use super::operation::{Common, Event, Turn};
use super::reading::Reading;
use crate::bucket::Bucket;
use crate::message::replica::ReplicaAnswer;

/// All other owners are asked anew: an answer from before the record was found corrupt may lack
/// what this owner has acknowledged since.
#[derive(Debug, Default)]
pub(super) struct MendState {
    reading: Reading,
}

impl MendState {
    pub(super) fn start<C>(common: &mut Common<C>, turn: &mut Turn<'_, C>) -> Self {
        let places = common.target.owners().len();
        for place in common.corrupt.others(places) {
            // Who can't be asked has not answered; the count at the end tells.
            let _asked = common.send_get(place, None, turn);
        }
        Self::default()
    }

    pub(super) fn on_event<C>(
        &mut self,
        common: &mut Common<C>,
        place: usize,
        event: Event,
        turn: &mut Turn<'_, C>,
    ) {
        match event {
            Event::Got(ReplicaAnswer::Failed(_)) | Event::GetFailed(_) => {
                if common.get_answered(place, turn) {
                    self.send_once_all_have_answered(common, turn);
                }
            }
            Event::Got(answer) => {
                if common.get_answered(place, turn) {
                    // A malformed record is left out, and does not count.
                    self.reading.take(place, answer);
                    self.send_once_all_have_answered(common, turn);
                }
            }
            Event::Stored | Event::PutFailed(_) => {
                common.put_answered(place, turn);
            }
            Event::Prepared(_) | Event::Refused(_) => {}
        }
    }

    /// Every owner that can answer is waited for: one that coordinates a write knows of it before
    /// any other.
    fn send_once_all_have_answered<C>(&mut self, common: &mut Common<C>, turn: &mut Turn<'_, C>) {
        if !common.gets.is_empty() {
            return;
        }
        self.reading.verdict(common.target.bucket.conflict);
        if self.reading.sound() < enough(&common.target.bucket) {
            return;
        }
        let record = self.reading.merged();
        for place in 0..common.target.owners().len() {
            if common.corrupt.has(place) {
                // Whoever meets the record next tries again.
                let _sent = common.send_repair(place, &record, turn);
            }
        }
    }
}

/// N − W + 1 by the bucket's own W, whatever a request asks for. With W = 1 there are not so many
/// others: then all of them, which have everything but what this owner alone had acknowledged.
fn enough(bucket: &Bucket) -> usize {
    let others = usize::from(bucket.n.saturating_sub(1));
    let all_but_w = usize::from(bucket.n.saturating_sub(bucket.w));
    (all_but_w + 1).min(others).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_others_hold_all_that_was_acknowledged() {
        let of = |n, w| {
            let bucket = Bucket::default_bucket(n);
            enough(&Bucket { w, ..bucket })
        };
        assert_eq!([of(3, 2), of(3, 3), of(5, 3), of(5, 2)], [2, 1, 3, 4]);
        assert_eq!(
            [of(3, 1), of(1, 1)],
            [2, 1],
            "W = 1 can't be repaired whole"
        );
    }
}
