//! Contexts (rule 2): what a write replaces is what its writer has seen.

use cartwheel::message::client::RequestError;
use cartwheel_client::Context;
use cartwheel_simulation::Simulation;
use futures::future::join;

use super::{set, values};

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

/// A context is sealed over the key and what it covers: were it not, one that is forged would
/// silently swallow every later put of an origin.
#[test]
fn a_context_that_was_changed_or_is_of_another_key_is_refused_and_replaces_nothing() {
    let report = Simulation::from_seed(7).client("alice", |cluster| async move {
        let bucket = cluster.client_of([1], 0).await.bucket();
        let milk = bucket.put("cart", "milk").await?.context;
        let other = bucket.put("list", "pen").await?.context;
        let bytes = milk.as_bytes();
        let mut wrong = vec![other];
        for at in 0..bytes.len() {
            let mut changed = bytes.to_vec();
            changed[at] ^= 1;
            wrong.push(Context::from_bytes(changed));
        }
        for context in wrong {
            let refused = bucket.put("cart", "eggs").context(&context).await;
            let error = refused.unwrap_err();
            let bad = matches!(error.refusal(), Some(RequestError::BadContext(_)));
            assert!(bad, "{error}");
        }
        assert_eq!(values(&bucket.get("cart").await?), set(&["milk"]));
        Ok(())
    });
    report.run().assert_clean();
}
