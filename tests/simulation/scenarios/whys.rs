//! The executions by which the rules of replication are explained, as far as the code goes; those
//! that need what is not built yet are ignored, with the reason.

use std::collections::BTreeSet;

use cartwheel::message::client::RequestError;
use cartwheel_client::Object;
use cartwheel_simulation::{Fault, Simulation, links, millis, secs};
use futures::future::{join, join_all};

fn values(object: &Object) -> BTreeSet<String> {
    let values = object.values.iter();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    values.map(|value| text(&value.bytes)).collect()
}

fn set(values: &[&str]) -> BTreeSet<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

#[test]
fn the_context_of_a_blind_put_does_not_cover_the_blind_put_before_it() {
    let report = Simulation::from_seed(1).client("alice", |cluster| async move {
        let bucket = cluster.client_of([1], 4).await.bucket();
        bucket.put("cart", "milk").await?;
        let second = bucket.put("cart", "eggs").await?;
        bucket.put("cart", "bread").context(second.context).await?;
        let cart = values(&bucket.get("cart").await?);
        assert_eq!(cart, set(&["bread", "milk"]));
        Ok(())
    });
    report.run().assert_clean();
}

#[test]
fn two_blind_puts_at_once_are_both_kept() {
    let report = Simulation::from_seed(2).client("alice", |cluster| async move {
        let bucket = cluster.client_of([1], 4).await.bucket();
        let (milk, eggs) = (bucket.put("cart", "milk"), bucket.put("cart", "eggs"));
        let (milk, eggs) = join(milk.send(), eggs.send()).await;
        milk?;
        eggs?;
        assert_eq!(values(&bucket.get("cart").await?), set(&["eggs", "milk"]));
        Ok(())
    });
    report.run().assert_clean();
}

/// The others have what it sent them, and it has not: it must not call other things by these names.
#[test]
fn a_restarted_coordinator_that_lost_its_unsynced_tail_gives_no_dot_twice() {
    for seed in 1..=5 {
        let report = Simulation::from_seed(seed)
            .client("alice", |cluster| async move {
                let bucket = cluster.client_of([1], 0).await.bucket();
                cluster.until(millis(1_900)).await;
                for _ in 0..400 {
                    // Whether it is acknowledged is for the judge to weigh.
                    let _ = bucket.put("cart", "milk").timeout(millis(100)).await;
                    if let Ok(cart) = bucket.get("cart").timeout(millis(100)).await {
                        let put = bucket.put("cart", "eggs").context(cart.context);
                        let _ = put.timeout(millis(100)).await;
                    }
                }
                Ok(())
            })
            .at(secs(2), Fault::Stick(vec![1]))
            .at(millis(2_150), Fault::Crash(vec![1]))
            .at(millis(2_400), Fault::Restart(vec![1]));
        let report = report.run();
        report.assert_clean();
        assert!(report.history.writes.len() > 100);
    }
}

/// A failed put has reached one owner alone. Once a read has shown it, every later read shows it,
/// whichever owners answer.
#[test]
fn what_one_read_has_shown_of_a_failed_put_no_later_read_misses() {
    for seed in 1..=5 {
        let report = Simulation::from_seed(seed)
            .client("alice", |cluster| async move {
                let second = cluster.client_of([2], 0).await.bucket();
                second.put("cart", "milk").await?;
                cluster.until(millis(2_010)).await;
                let put = second.put("cart", "eggs").timeout(millis(300)).await;
                assert!(put.is_err(), "it reached no other owner");
                cluster.until(secs(8)).await;
                for turn in 0..30 {
                    let bucket = cluster.client_of([1 + turn % 3], 4).await.bucket();
                    bucket.get("cart").await?;
                }
                Ok(())
            })
            .at(secs(2), Fault::partition(&[2], &[1, 3]))
            .at(secs(4), Fault::Mend(links(&[2], &[1, 3])));
        report.run().assert_clean();
    }
}

#[test]
fn a_hundred_blind_puts_are_as_many_siblings_and_one_more_is_refused_with_all_of_them() {
    let report = Simulation::from_seed(3).client("alice", |cluster| async move {
        let bucket = cluster.client_of([1], 0).await.bucket();
        let puts = (0..100).map(|at| bucket.put("cart", format!("item-{at}")).send());
        for put in join_all(puts).await {
            put?;
        }
        let refused = bucket.put("cart", "one more").await.unwrap_err();
        let too_many = matches!(
            refused.refusal(),
            Some(RequestError::TooManySiblings { .. })
        );
        assert!(too_many, "{refused}");
        let cart = bucket.get("cart").await?;
        assert_eq!(cart.values.len(), 100);
        bucket.put("cart", "all").context(cart.context).await?;
        assert_eq!(values(&bucket.get("cart").await?), set(&["all"]));
        Ok(())
    });
    report.run().assert_clean();
}

#[test]
fn a_shopping_cart_of_two_devices_keeps_what_either_put_in() {
    let report = Simulation::from_seed(4).client("phone and laptop", |cluster| async move {
        let phone = cluster.client_of([1], 4).await.bucket();
        let laptop = cluster.client_of([2], 4).await.bucket();
        phone.put("cart", "milk").await?;
        let (seen, also_seen) = join(phone.get("cart").send(), laptop.get("cart").send()).await;
        let eggs = phone.put("cart", "milk, eggs").context(seen?.context);
        let bread = laptop
            .put("cart", "milk, bread")
            .context(also_seen?.context);
        let (eggs, bread) = join(eggs.send(), bread.send()).await;
        eggs?;
        bread?;
        let cart = laptop.get("cart").await?;
        assert_eq!(values(&cart), set(&["milk, bread", "milk, eggs"]));
        let all = laptop
            .put("cart", "milk, bread, eggs")
            .context(cart.context);
        all.await?;
        assert_eq!(
            values(&phone.get("cart").await?),
            set(&["milk, bread, eggs"])
        );
        Ok(())
    });
    report.run().assert_clean();
}

#[test]
fn a_delete_that_races_a_put_takes_what_it_has_seen_and_nothing_else() {
    let report = Simulation::from_seed(5).client("alice", |cluster| async move {
        let one = cluster.client_of([1], 4).await.bucket();
        let other = cluster.client_of([3], 4).await.bucket();
        one.put("cart", "milk").await?;
        let seen = one.get("cart").await?.context;
        let put = other.put("cart", "eggs").context(&seen);
        let delete = one.delete("cart", &seen);
        let (put, delete) = join(put.send(), delete.send()).await;
        put?;
        delete?;
        assert_eq!(values(&other.get("cart").r(3).await?), set(&["eggs"]));
        Ok(())
    });
    report.run().assert_clean();
}

/// The frame with the value waits until all others know of its deletion.
#[test]
fn a_late_frame_brings_nothing_back_that_was_deleted_meanwhile() {
    let report = Simulation::from_seed(6)
        .client("alice", |cluster| async move {
            let bucket = cluster.client_of([1, 2], 4).await.bucket();
            cluster.until(millis(2_010)).await;
            let written = bucket.put("cart", "milk").await?;
            bucket.delete("cart", written.context).await?;
            cluster.until(secs(4)).await;
            assert!(bucket.get("cart").r(3).await?.is_absent());
            Ok(())
        })
        .at(secs(2), Fault::Hold(links(&[3], &[1, 2])))
        .at(millis(2_800), Fault::Release(links(&[3], &[1, 2])));
    report.run().assert_clean();
}

#[test]
#[ignore = "needs hints: without fallbacks a put is refused while two of three owners are away"]
fn a_fallback_that_handed_its_record_over_claims_no_dots_of_it() {
    let report = Simulation::from_seed(7)
        .nodes(5)
        .client("alice", |cluster| async move {
            cluster.until(secs(2)).await;
            let bucket = cluster.client_of([3, 4, 5], 4).await.bucket();
            bucket.put("cart", "milk").await?;
            cluster.until(secs(20)).await;
            bucket.put("cart", "eggs").await?;
            assert_eq!(values(&bucket.get("cart").await?), set(&["eggs", "milk"]));
            Ok(())
        })
        .at(secs(1), Fault::Crash(vec![1, 2]))
        .at(secs(5), Fault::Restart(vec![1, 2]))
        .at(secs(19), Fault::Crash(vec![1, 2]));
    report.run().assert_clean();
}

#[test]
#[ignore = "needs anti-entropy: without it an owner that missed a value has it only once it is read"]
fn an_owner_that_was_away_has_what_it_missed_without_any_read() {
    let report = Simulation::from_seed(8)
        .client("alice", |cluster| async move {
            let bucket = cluster.client_of([1, 2], 4).await.bucket();
            cluster.until(secs(3)).await;
            bucket.put("cart", "milk").await?;
            cluster.until(secs(60)).await;
            let third = cluster.client_of([3], 4).await.bucket();
            assert_eq!(values(&third.get("cart").r(1).await?), set(&["milk"]));
            Ok(())
        })
        .at(secs(1), Fault::Crash(vec![3]))
        .at(secs(5), Fault::Restart(vec![3]))
        .at_most(secs(150));
    report.run().assert_clean();
}
