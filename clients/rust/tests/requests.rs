//! What the builders put into the frames, and what comes of the answers.

use bytes::Bytes;
use cartwheel::message::client::{
    BucketCreate, BucketDescription, BucketList, Delete, Deleted, Explain, Get, Got, List, Listed,
    Locate, Located, Put, PutDone, QuorumOptions, Ring, RingDescription,
};
use cartwheel::message::hello::Speaker;
use cartwheel::version::Attributes;
use cartwheel_client::{BucketId, BucketPolicy, Client, ClusterId, Context, NodeId};
use futures::StreamExt;
use futures::future::join;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::script::{Node, body, found, welcome};

/// Asks by `ask`, answers with `answer`, and gives what was asked and what came of it.
async fn exchange<Q, A, F, R>(ask: impl FnOnce(Client) -> F, answer: &A) -> (Q, R)
where
    Q: DeserializeOwned,
    A: Serialize,
    F: Future<Output = R>,
{
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let script = async {
        let question = session.next().await;
        session.answer(&question, answer).await;
        body(&question)
    };
    let (result, question) = join(ask(client), script).await;
    (question, result)
}

fn explain() -> Box<Explain> {
    Box::new(Explain {
        coordinator: NodeId(1),
        forwarded_by: None,
        partition: 7,
        epoch: 1,
        owners: Vec::new(),
        required: 2,
        events: Vec::new(),
    })
}

#[tokio::test]
async fn hello_names_client_and_cluster() {
    let node = Node::listen().await;
    let name = "é".repeat(200);
    let builder = node.builder().name(name).cluster(ClusterId(5));
    let script = async {
        let mut session = node.take().await;
        (session.welcome(&welcome()).await, session)
    };
    let (client, (hello, _session)) = join(builder.build(), script).await;
    assert!(client.is_ok());
    assert_eq!(hello.cluster, Some(5_u128.to_be_bytes().to_vec()));
    assert_eq!(hello.speaker, Speaker::Client("é".repeat(127)));
}

#[tokio::test]
async fn a_get_with_everything() {
    let answer = Got {
        explain: Some(explain()),
        ..found("value")
    };
    let context = Context::from_bytes("seen");
    let ask = async |client: Client| {
        let get = client.bucket("carts").get("key").context(context);
        get.r(1).pr(2).explain().await
    };
    let (get, object): (Get, _) = exchange(ask, &answer).await;
    assert_eq!((&*get.bucket, &get.key[..]), ("carts", &b"key"[..]));
    assert_eq!(get.context, "seen");
    let expected = QuorumOptions {
        r: 1,
        pr: 2,
        explain: true,
        ..QuorumOptions::default()
    };
    assert_eq!(get.options, expected);
    let object = object.unwrap();
    assert_eq!(object.value().unwrap(), "value");
    assert_eq!(object.context.as_bytes(), b"context");
    assert_eq!(object.explain, Some(explain()));
}

#[tokio::test]
async fn a_key_without_values_is_absent_and_one_with_two_has_no_single_one() {
    let nothing = Got {
        values: Vec::new(),
        ..found("")
    };
    let ask = async |client: Client| client.bucket("default").get("key").await;
    let (_, absent): (Get, _) = exchange(ask, &nothing).await;
    assert!(absent.unwrap().is_absent());
    let mut two = found("one");
    two.values.extend(found("other").values);
    let (_, siblings): (Get, _) = exchange(ask, &two).await;
    let siblings = siblings.unwrap();
    assert_eq!((siblings.value(), siblings.values.len()), (None, 2));
}

#[tokio::test]
async fn a_put_with_everything() {
    let answer = PutDone {
        context: Bytes::from_static(b"new"),
        explain: Some(explain()),
    };
    let ask = async |client: Client| {
        let put = client.bucket("carts").put("key", "value");
        let put = put
            .context(Context::from_bytes("old"))
            .content_type("text/plain");
        put.metadata("a", "b").w(1).pw(2).dw(3).explain().await
    };
    let (put, written): (Put, _) = exchange(ask, &answer).await;
    assert_eq!((&*put.bucket, &put.key[..]), ("carts", &b"key"[..]));
    assert_eq!(
        (&put.value[..], &put.context[..]),
        (&b"value"[..], &b"old"[..])
    );
    let attributes = Attributes {
        content_type: "text/plain".to_owned(),
        metadata: vec![("a".to_owned(), "b".to_owned())],
    };
    assert_eq!(put.attributes, Some(Box::new(attributes)));
    let expected = QuorumOptions {
        w: 1,
        pw: 2,
        dw: 3,
        explain: true,
        ..QuorumOptions::default()
    };
    assert_eq!(put.options, expected);
    let written = written.unwrap();
    assert_eq!(written.context.as_bytes(), b"new");
    assert_eq!(written.explain, Some(explain()));
}

#[tokio::test]
async fn a_delete_hands_back_its_context() {
    let answer = Deleted {
        context: Bytes::from_static(b"gone"),
        explain: None,
    };
    let seen = Context::from_bytes("seen");
    let ask = async |client: Client| client.bucket("default").delete("key", &seen).await;
    let (delete, deleted): (Delete, _) = exchange(ask, &answer).await;
    assert_eq!(
        (&delete.key[..], &delete.context[..]),
        (&b"key"[..], &b"seen"[..])
    );
    assert_eq!(deleted.unwrap().context.as_bytes(), b"gone");
}

#[tokio::test]
async fn a_listing_is_read_page_by_page_to_its_end() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let pages = client.bucket("default").list().limit(2).pages();
    let script = async {
        for (cursor, keys, next) in [("", vec!["a", "b"], "more"), ("more", vec!["c"], "")] {
            let question = session.next().await;
            let list: List = body(&question);
            assert_eq!((&list.cursor[..], list.limit), (cursor.as_bytes(), 2));
            let listed = Listed {
                keys: keys.into_iter().map(Bytes::from).collect(),
                next: Bytes::from(next),
                incomplete: vec![7],
            };
            session.answer(&question, &listed).await;
        }
    };
    let (pages, ()) = join(pages.collect::<Vec<_>>(), script).await;
    let keys = pages.into_iter().flat_map(|page| page.unwrap().keys);
    assert_eq!(keys.collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[tokio::test]
async fn buckets_are_created_and_listed() {
    let bucket = BucketPolicy {
        name: "carts".to_owned(),
        ..BucketPolicy::default_bucket(3)
    };
    let made = BucketPolicy {
        id: BucketId(4),
        ..bucket.clone()
    };
    let answer = BucketDescription {
        bucket: made.clone(),
    };
    let asked = bucket.clone();
    let ask = async |client: Client| client.create_bucket(asked).await;
    let (create, created): (BucketCreate, _) = exchange(ask, &answer).await;
    assert_eq!((create.bucket, created.unwrap()), (bucket, made.clone()));
    let ask = async |client: Client| client.buckets().await;
    let (_, buckets): (BucketList, _) = exchange(ask, &vec![answer]).await;
    assert_eq!(buckets.unwrap(), [made]);
}

#[tokio::test]
async fn ring_and_places_are_told() {
    let ring = RingDescription {
        epoch: 1,
        partitions: 256,
        members: Vec::new(),
        owners: Vec::new(),
    };
    let ask = async |client: Client| client.ring().await;
    let (_, told): (Ring, _) = exchange(ask, &ring).await;
    assert_eq!(told.unwrap(), ring);
    let located = Located {
        hash: 9,
        partition: 3,
        owners: Vec::new(),
    };
    let ask = async |client: Client| client.bucket("default").locate("key").await;
    let (locate, told): (Locate, _) = exchange(ask, &located).await;
    assert_eq!((locate.key, told.unwrap()), (Bytes::from("key"), located));
}
