//! What every store promises: one function a promise, run on every implementation.
//!
//! A new store implements [`Subject`] and says `contract_holds_for!(ItsSubject);`.

mod completions;
mod crashes;
mod failures;
mod history;
mod ranges;
mod reads;
mod scans;
mod shard;
mod writes;

use cartwheel::store::{Family, ReplicaStore};

pub use completions::*;
pub use crashes::*;
pub use failures::*;
pub use history::*;
pub use ranges::*;
pub use reads::*;
pub use scans::*;
pub use shard::{Shard, is_failed, key};
pub use writes::*;

/// The extension whose family every store under test has.
pub const EXTENSION: &str = "tested";

/// Every family that a store under test has.
pub const FAMILIES: [Family; 5] = [
    Family::Objects,
    Family::Trees,
    Family::Hints,
    Family::Meta,
    Family::Extension(EXTENSION),
];

/// A store under test, and what can be done to it from outside.
pub trait Subject: Sized + Sync {
    /// An empty store.
    fn new() -> Self;

    /// The store.
    fn store(&self) -> &dyn ReplicaStore;

    /// Lets happen what only happens when it is told to.
    fn proceed(&self) {}

    /// The process is killed and started again: it opens what the kernel has.
    fn killed(self) -> Self;

    /// From now on writes fail, if not the next then a later one.
    fn break_writes(&self);

    /// The writes succeed again, after the store is opened again.
    fn mend(&self) {}
}

/// Makes a test of each promise that holds for a store in good health. Failures are apart,
/// since breaking a real disk takes more than a call.
macro_rules! contract_holds_for {
    ($subject:ty) => {
        $crate::contract::contract_holds_for! { $subject:
            what_is_committed_is_readable,
            a_family_does_not_see_the_keys_of_another,
            the_last_write_of_a_key_within_a_batch_wins,
            an_overwritten_value_is_gone,
            a_deleted_key_is_absent,
            an_empty_value_is_a_value,
            an_empty_batch_is_committed,
            a_record_of_the_greatest_size_is_stored_whole,
            a_batch_is_never_seen_in_part,
            a_load_answers_under_its_own_ticket,
            a_load_never_answers_another_key,
            memory_never_contradicts_the_disk,
            a_scan_is_ordered_and_includes_from_but_not_until,
            a_scan_ends_at_its_limit,
            a_scan_of_a_range_without_keys_is_empty,
            a_scan_follows_the_bytes_of_the_keys,
            a_range_is_ordered_and_includes_from_but_not_until,
            a_range_ends_at_its_entries_or_bytes,
            a_range_without_keys_is_whole,
            ranges_one_after_the_other_give_every_key_once,
            a_range_answers_under_its_own_ticket,
            completions_come_in_the_order_of_submission,
            each_shard_hears_of_its_own_batches_alone,
            a_shard_attached_again_hears_only_of_its_new_life,
            a_shard_that_was_never_attached_is_written_all_the_same,
            shards_submit_at_the_same_time,
            a_killed_store_has_every_committed_batch,
            a_killed_store_has_no_batch_without_those_before_it,
            any_history_reads_like_a_sorted_map,
        }
    };
    ($subject:ty: $($promise:ident,)*) => {
        $(
            #[test]
            fn $promise() {
                $crate::contract::$promise::<$subject>(
                    <$subject as $crate::contract::Subject>::new(),
                );
            }
        )*
    };
}
pub(crate) use contract_holds_for;
