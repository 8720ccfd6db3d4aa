//! The bounded memory of finished requests: a retry gets its first dot.

use std::collections::VecDeque;

use crate::limits::FINISHED_REQUESTS_MAX;
use crate::lookup::Lookup;
use crate::store::StoredKey;
use crate::version::{Dot, RequestId};

/// The last requests and their dots, the oldest forgotten first. The key belongs to the
/// name: an id that a client uses for two keys by mistake must not hide the second write.
#[derive(Debug)]
pub(super) struct FinishedRequests {
    dots: Lookup<(RequestId, StoredKey), Dot>,
    order: VecDeque<(RequestId, StoredKey)>,
}

impl FinishedRequests {
    pub(super) fn seeded(seed: u64) -> Self {
        Self {
            dots: Lookup::seeded(seed),
            order: VecDeque::new(),
        }
    }

    pub(super) fn remember(&mut self, request: RequestId, key: &StoredKey, dot: Dot) {
        let name = (request, key.clone());
        if self.order.len() == FINISHED_REQUESTS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.dots.remove(&oldest);
        }
        self.order.push_back(name.clone());
        self.dots.insert(name, dot);
    }

    pub(super) fn dot_of(&self, request: RequestId, key: &StoredKey) -> Option<Dot> {
        self.dots.get(&(request, key.clone())).copied()
    }

    pub(super) fn clear(&mut self) {
        self.dots.clear();
        self.order.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{BucketId, KeyHash, PartitionId};
    use crate::store::SliceId;
    use crate::version::Origin;

    #[test]
    fn the_oldest_request_is_forgotten_first() {
        let slice = SliceId {
            partition: PartitionId(0),
            n: 3,
        };
        let key = StoredKey::new(slice, KeyHash(0), BucketId(0), b"cart");
        let mut finished = FinishedRequests::seeded(7);
        let dot = |counter| Dot {
            origin: Origin(1),
            counter,
        };
        for at in 0..=FINISHED_REQUESTS_MAX as u64 {
            finished.remember(RequestId::new(u128::from(at)), &key, dot(at));
        }
        assert_eq!(finished.dot_of(RequestId::new(0), &key), None);
        assert_eq!(finished.dot_of(RequestId::new(1), &key), Some(dot(1)));
        assert_eq!(finished.dots.len(), FINISHED_REQUESTS_MAX);
    }
}
