//! The cases by which planted bugs are seen, without any bug.

use std::collections::BTreeSet;

use crate::cases;

#[test]
fn two_nodes_with_copies_of_one_data_directory_are_one_too_many_and_the_second_ends() {
    for seed in 1..=3 {
        let report = cases::twins::simulation(seed).run();
        report.assert_clean();
        let happened = &report.history.happened;
        assert!(happened.contains_key("a second opening that was refused"));
        assert!(happened.contains_key("a second opening that served nobody"));
    }
}

#[test]
fn an_owner_that_answers_behind_the_others_is_repaired_though_nobody_waits() {
    cases::stragglers::simulation(1).run().assert_clean();
}

#[test]
fn of_more_than_a_node_can_have_under_way_some_is_refused_and_the_rest_is_served() {
    cases::flood::simulation(1).run().assert_clean();
}

#[test]
fn a_node_that_has_forgotten_dots_on_their_way_does_not_claim_them() {
    for seed in 1..=3 {
        cases::forgotten::simulation(seed).run().assert_clean();
    }
}

#[test]
fn an_answer_to_an_earlier_life_of_a_coordinator_counts_for_nothing() {
    for seed in 1..=3 {
        cases::late_answers::simulation(seed).run().assert_clean();
    }
}

#[test]
fn what_a_later_writer_has_replaced_stays_replaced_though_its_clock_is_slow() {
    for seed in 1..=3 {
        cases::last_writers::simulation(seed).run().assert_clean();
    }
}

#[test]
fn a_node_that_answers_nothing_holds_up_no_more_than_its_own_credits() {
    cases::credits::of_one_peer(1).run().assert_clean();
}

#[test]
fn requests_that_are_handed_on_leave_a_peer_its_credits_for_replicas() {
    cases::credits::of_each_class(1).run().assert_clean();
}

#[test]
fn a_power_cut_of_all_takes_what_a_buffered_bucket_had_not_synced_and_no_synced_copy() {
    let mut lost = 0;
    for seed in 1..=3 {
        let report = cases::power_cuts::of_unsynced(seed).run();
        report.assert_clean();
        let history = &report.history;
        let acknowledged = history
            .writes
            .iter()
            .filter(|write| write.acknowledged_at().is_some());
        let gone = acknowledged.filter(|write| history.last[&write.key].is_empty());
        let gone: Vec<_> = gone.collect();
        assert!(gone.iter().all(|write| !write.synced), "{gone:?}");
        lost += gone.len();
    }
    assert!(lost > 0, "a power cut took nothing that was acknowledged");
}

#[test]
fn a_listing_shows_what_an_owner_has_missed_and_leaves_nothing_out_between_pages() {
    let report = cases::listings::of_what_was_missed(1).run();
    report.assert_clean();
    assert!(report.history.pages.len() > 12);
}

#[test]
fn what_a_corrupt_record_held_is_back_before_it_takes_anything_else() {
    for seed in 1..=3 {
        cases::corruption::simulation(seed).run().assert_clean();
    }
}

#[test]
fn what_stuck_disks_have_only_queued_is_not_acknowledged_in_a_buffered_bucket_either() {
    for seed in 1..=3 {
        let report = cases::power_cuts::of_queued(seed).run();
        report.assert_clean();
        let happened = &report.history.happened;
        assert!(happened["a write of unknown outcome"] > 0);
    }
}

#[test]
fn a_page_says_of_which_partitions_too_few_owners_have_answered() {
    let report = cases::listings::of_one_owner(1).run();
    report.assert_clean();
    let happened = &report.history.happened;
    assert!(happened["a listing that too few owners answered"] > 3);
}

#[test]
fn a_listing_of_one_bucket_shows_no_key_of_another() {
    let report = cases::listings::of_two_buckets(1).run();
    report.assert_clean();
    assert!(report.history.pages.len() > 4);
}

#[test]
fn a_delete_through_an_owner_that_never_had_the_value_deletes_it() {
    let report = cases::deletes::simulation(1).run();
    report.assert_clean();
    assert!(report.history.last.values().all(BTreeSet::is_empty));
}

#[test]
fn a_put_that_is_sent_again_needs_its_quorum_like_the_first_time() {
    let report = cases::repeats::simulation(1).run();
    report.assert_clean();
    assert_eq!(report.history.happened["a write of unknown outcome"], 2);
}
