//! Operations under way, by ids that never come back (rule 7 of a put).

use crate::message::replica::OperationId;
use crate::node::ShardId;

/// A slab whose slots count how often they were used.
#[derive(Debug)]
pub(super) struct Slab<T> {
    shard: ShardId,
    start: u32,
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    operation: Option<T>,
}

impl<T> Slab<T> {
    /// An empty slab; the start number is one that no slab of the process had before.
    pub(super) fn new(shard: ShardId, start: u32) -> Self {
        Self {
            shard,
            start,
            slots: Vec::new(),
            free: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(super) fn insert(&mut self, operation: T) -> OperationId {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot {
                generation: 0,
                operation: None,
            });
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        let place = &mut self.slots[slot as usize];
        place.operation = Some(operation);
        OperationId {
            shard: self.shard.0,
            start: self.start,
            slot,
            generation: place.generation,
        }
    }

    pub(super) fn get_mut(&mut self, id: OperationId) -> Option<&mut T> {
        if id.start != self.start || id.shard != self.shard.0 {
            return None;
        }
        let slot = self.slots.get_mut(id.slot as usize)?;
        match slot.generation == id.generation {
            true => slot.operation.as_mut(),
            false => None,
        }
    }

    /// Takes an operation out. A slot whose generations are used up is never used again.
    pub(super) fn remove(&mut self, id: OperationId) -> Option<T> {
        self.get_mut(id)?;
        let slot = &mut self.slots[id.slot as usize];
        let operation = slot.operation.take();
        if let Some(next) = slot.generation.checked_add(1) {
            slot.generation = next;
            self.free.push(id.slot);
        }
        operation
    }

    /// The ids of the operations that a test picks, without a list of the others.
    pub(super) fn ids_where(&self, pick: impl Fn(&T) -> bool) -> Vec<OperationId> {
        let slots = self.slots.iter().enumerate();
        let picked = slots.filter(|(_, slot)| slot.operation.as_ref().is_some_and(&pick));
        let id = |(at, slot): (usize, &Slot<T>)| OperationId {
            shard: self.shard.0,
            start: self.start,
            slot: u32::try_from(at).unwrap_or(u32::MAX),
            generation: slot.generation,
        };
        picked.map(id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_one_operation_for_ever() {
        let mut slab = Slab::new(ShardId(1), 7);
        let first = slab.insert("first");
        assert_eq!(slab.remove(first), Some("first"));
        let second = slab.insert("second");
        assert_eq!(first.slot, second.slot, "the slot is used again");
        assert_eq!(slab.get_mut(first), None, "the id is not");
        assert_eq!(slab.remove(first), None);
        assert_eq!(slab.len(), 1);
    }

    #[test]
    fn an_id_of_an_earlier_start_names_nothing() {
        let old = Slab::new(ShardId(1), 7).insert("old");
        let mut slab = Slab::new(ShardId(1), 8);
        slab.insert("new");
        assert_eq!(slab.get_mut(old), None);
    }
}
