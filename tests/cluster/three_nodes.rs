//! Put, get and delete through every node.

use cartwheel::message::client::RequestError;
use cartwheel_client::{Context, Error};
use futures::TryStreamExt;

use crate::cluster::with_nodes;

#[test]
fn what_one_node_took_another_serves() {
    with_nodes(3, |cluster| async move {
        let writer = cluster.client(&[0]).await.bucket("default");
        let reader = cluster.client(&[2]).await.bucket("default");
        for at in 0..200 {
            let key = format!("cart:{at}");
            writer
                .put(&key, format!("value {at}"))
                .send()
                .await
                .unwrap();
        }
        for at in 0..200 {
            let object = reader.get(format!("cart:{at}")).send().await.unwrap();
            assert_eq!(object.values.len(), 1);
            assert_eq!(object.value().unwrap(), format!("value {at}").as_bytes());
        }
    });
}

#[test]
fn a_key_that_was_never_written_is_absent() {
    with_nodes(3, |cluster| async move {
        let bucket = cluster.client(&[1]).await.bucket("default");
        let object = bucket.get("nothing").send().await.unwrap();
        assert!(object.is_absent());
    });
}

#[test]
fn concurrent_writers_leave_siblings_and_a_context_resolves_them() {
    with_nodes(3, |cluster| async move {
        let phone = cluster.client(&[0]).await.bucket("default");
        let laptop = cluster.client(&[1]).await.bucket("default");
        phone.put("cart", "milk").send().await.unwrap();
        laptop.put("cart", "eggs").send().await.unwrap();
        let both = phone.get("cart").send().await.unwrap();
        assert_eq!(both.values.len(), 2);
        let resolved = laptop.put("cart", "milk and eggs").context(both.context);
        let resolved = resolved.send().await.unwrap();
        let one = phone
            .get("cart")
            .context(resolved.context)
            .send()
            .await
            .unwrap();
        assert_eq!(one.values.len(), 1);
        assert_eq!(one.value().unwrap(), b"milk and eggs".as_slice());
    });
}

#[test]
fn a_writer_that_hands_back_its_contexts_never_sees_a_sibling() {
    with_nodes(3, |cluster| async move {
        let client = cluster.client(&[0, 1, 2]).await.bucket("default");
        let mut context = Context::default();
        for at in 0..300 {
            let put = client.put("counter", format!("{at}")).context(context);
            context = put.send().await.unwrap().context;
            assert!(
                context.as_bytes().len() < 200,
                "a context does not grow with writes"
            );
        }
        let object = client.get("counter").send().await.unwrap();
        assert_eq!(object.values.len(), 1);
    });
}

#[test]
fn a_delete_removes_what_it_covers_and_nothing_else() {
    with_nodes(3, |cluster| async move {
        let client = cluster.client(&[0]).await.bucket("default");
        let first = client.put("cart", "milk").send().await.unwrap();
        client.put("cart", "eggs").send().await.unwrap();
        client.delete("cart", first.context).send().await.unwrap();
        let left = client.get("cart").send().await.unwrap();
        assert_eq!(left.values.len(), 1);
        assert_eq!(left.value().unwrap(), b"eggs".as_slice());
        client.delete("cart", left.context).send().await.unwrap();
        assert!(client.get("cart").send().await.unwrap().is_absent());
    });
}

#[test]
fn five_nodes_forward_to_the_owners() {
    with_nodes(5, |cluster| async move {
        let client = cluster.client(&[4]).await.bucket("default");
        for at in 0..100 {
            let key = format!("key {at}");
            client.put(&key, "value").send().await.unwrap();
            let explained = client.get(&key).explain().send().await.unwrap();
            let explain = explained.explain.unwrap();
            assert_eq!(explain.owners.len(), 3);
            assert!(explain.owners.contains(&explain.coordinator));
            let forwarded = explain.forwarded_by.is_some();
            let own = cartwheel::node::NodeId(5);
            assert_eq!(forwarded, !explain.owners.contains(&own), "{explain:?}");
        }
    });
}

#[test]
fn a_forged_context_and_an_unknown_bucket_are_refused() {
    with_nodes(3, |cluster| async move {
        let client = cluster.client(&[0]).await;
        let bucket = client.bucket("default");
        let written = bucket.put("mine", "value").send().await.unwrap();
        let foreign = bucket
            .put("other", "value")
            .context(written.context)
            .send()
            .await;
        let refusal = foreign.unwrap_err();
        assert!(
            matches!(refusal.refusal(), Some(RequestError::BadContext(_))),
            "{refusal:?}"
        );
        let unknown = client
            .bucket("nowhere")
            .get("key")
            .send()
            .await
            .unwrap_err();
        let named = |name: &str| name == "nowhere";
        assert!(
            matches!(unknown.refusal(), Some(RequestError::UnknownBucket { name }) if named(name)),
            "{unknown:?}"
        );
        let empty = bucket.delete("mine", Context::default()).send().await;
        assert!(matches!(empty, Err(Error::Refused { .. })), "{empty:?}");
    });
}

#[test]
fn a_bucket_is_created_on_all_members_and_its_keys_are_listed() {
    with_nodes(3, |cluster| async move {
        let client = cluster.client(&[0]).await;
        let mut policy = cartwheel::bucket::Bucket::default_bucket(3);
        policy.name = "carts".to_owned();
        client.create_bucket(policy).await.unwrap();
        let elsewhere = cluster.client(&[2]).await;
        let bucket = elsewhere.bucket("carts");
        for at in 0..25 {
            bucket
                .put(format!("cart {at}"), "full")
                .send()
                .await
                .unwrap();
        }
        elsewhere
            .bucket("default")
            .put("not a cart", "x")
            .send()
            .await
            .unwrap();
        let mut keys = Vec::new();
        let mut cursor = bytes::Bytes::new();
        loop {
            let page = client
                .bucket("carts")
                .list()
                .cursor(cursor)
                .limit(7)
                .page()
                .await
                .unwrap();
            keys.extend(page.keys);
            cursor = match page.next {
                Some(next) => next,
                None => break,
            };
        }
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 25);
    });
}

#[test]
fn keys_of_large_values_are_listed_a_part_of_a_range_at_a_time() {
    with_nodes(1, |cluster| async move {
        let bucket = cluster.client(&[0]).await.bucket("default");
        // Two of one partition are as much as one range reads.
        let value = vec![b'v'; cartwheel::limits::RANGE_BYTES_MAX / 2];
        let mut written: Vec<_> = (0..60).map(|at| format!("cart {at}")).collect();
        for key in &written {
            bucket.put(key, value.clone()).send().await.unwrap();
        }
        let pages = bucket.list().limit(1000).pages();
        let pages: Vec<_> = pages.try_collect().await.unwrap();
        let mut keys: Vec<_> = pages.iter().flat_map(|page| &page.keys).collect();
        keys.sort_unstable();
        written.sort_unstable();
        assert!(keys.into_iter().eq(written.iter().map(String::as_bytes)));
    });
}

#[test]
fn two_who_create_one_bucket_at_once_get_the_same_one() {
    with_nodes(3, |cluster| async move {
        let policy = |r| {
            let mut policy = cartwheel::bucket::Bucket::default_bucket(3);
            policy.name = "carts".to_owned();
            policy.r = r;
            policy
        };
        let (first, second) = (cluster.client(&[1]).await, cluster.client(&[2]).await);
        let created = futures::future::join(
            first.create_bucket(policy(2)),
            second.create_bucket(policy(2)),
        );
        let (first_one, second_one) = created.await;
        assert_eq!(first_one.unwrap().id, second_one.unwrap().id);
        let other = second.create_bucket(policy(1)).await.unwrap_err();
        let exists = Some(RequestError::BucketExists {
            name: "carts".to_owned(),
        });
        assert_eq!(other.refusal(), exists.as_ref());
    });
}
