//! Several endpoints: spread over, passed over, come back to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cartwheel_client::{Client, Error};
use futures::future::{join, join_all};
use tokio::net::TcpListener;

use crate::script::{LONG, Node, found};

/// An address at which nobody listens.
async fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

#[tokio::test]
async fn connections_are_spread_over_the_endpoints() {
    let nodes = [Node::listen().await, Node::listen().await];
    let endpoints = nodes.iter().map(Node::endpoint);
    let builder = Client::builder().endpoints(endpoints).connections(4);
    let accepted = nodes.iter().map(|node| join(node.accept(), node.accept()));
    let (client, _sessions) = join(builder.build(), join_all(accepted)).await;
    assert!(client.is_ok());
}

#[tokio::test]
async fn requests_take_turns_on_the_connections() {
    let node = Node::listen().await;
    let sessions = join(node.accept(), node.accept());
    let (client, (one, other)) = join(node.builder().connections(2).build(), sessions).await;
    let bucket = client.unwrap().bucket("default");
    let heard = [one, other].map(|mut session| {
        let heard = Arc::new(AtomicUsize::new(0));
        let count = heard.clone();
        tokio::spawn(async move {
            while let Some(question) = session.next_or_end().await {
                count.fetch_add(1, Ordering::Relaxed);
                session.answer(&question, &found("value")).await;
            }
        });
        heard
    });
    let heard = || heard.each_ref().map(|count| count.load(Ordering::Relaxed));
    // Both have been welcomed, but the client may not have read so yet.
    while heard().contains(&0) {
        bucket.get("warm").await.unwrap();
    }
    let before = heard();
    for key in 0..8 {
        bucket.get([key]).await.unwrap();
    }
    assert_eq!(heard(), before.map(|count| count + 4));
}

#[tokio::test]
async fn one_endpoint_of_several_is_enough() {
    let node = Node::listen().await;
    let endpoints = [nowhere().await, node.endpoint(), nowhere().await];
    for connections in [1, 3] {
        let builder = Client::builder().endpoints(&endpoints);
        let builder = builder.connections(connections).connect_timeout(LONG);
        let (_client, mut session) = node.connect(builder).await;
        drop(_client);
        assert!(session.next_or_end().await.is_none());
    }
}

#[tokio::test]
async fn no_endpoint_is_an_error_that_names_them_all() {
    let endpoints = vec![nowhere().await, nowhere().await];
    let built = Client::builder().endpoints(&endpoints).build().await;
    let Err(Error::Unreachable {
        endpoints: tried,
        sent,
        ..
    }) = built
    else {
        panic!("{built:?}");
    };
    assert_eq!((tried, sent), (endpoints, false));
}

#[tokio::test]
async fn a_lost_node_s_work_goes_to_the_other_until_it_is_back() {
    let (one, other) = (Node::listen().await, Node::listen().await);
    let builder = one.builder().endpoints([one.endpoint(), other.endpoint()]);
    let sessions = join(one.accept(), other.accept());
    let (client, (lost, mut kept)) = join(builder.build(), sessions).await;
    let bucket = client.unwrap().bucket("default");
    drop(lost);
    for key in 0..4 {
        let script = async {
            let question = kept.next().await;
            kept.answer(&question, &found("kept")).await;
        };
        let (object, ()) = join(bucket.get([key]).send(), script).await;
        assert_eq!(object.unwrap().value().unwrap(), "kept");
    }
    let mut back = one.accept().await;
    let reads = join_all((0..8).map(|key| bucket.get([key]).send()));
    let script = async {
        let mut heard_back = false;
        for _ in 0..8 {
            tokio::select! {
                biased;
                question = back.next() => {
                    heard_back = true;
                    back.answer(&question, &found("back")).await;
                }
                question = kept.next() => kept.answer(&question, &found("kept")).await,
            }
        }
        heard_back
    };
    let (objects, heard_back) = join(reads, script).await;
    assert!(objects.iter().all(Result::is_ok));
    // The reads may all have been sent before the client had the new welcome; the next are not.
    if !heard_back {
        let reads = join(bucket.get("a").send(), bucket.get("b").send());
        tokio::select! {
            biased;
            _ = reads => panic!("one of them is for the node that came back"),
            _ = back.next() => {}
        }
    }
}

#[tokio::test]
async fn the_last_clone_closes_the_connections() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let bucket = client.clone().bucket("default");
    drop(client);
    let script = async {
        let question = session.next().await;
        session.answer(&question, &found("value")).await;
    };
    let (object, ()) = join(bucket.get("key").send(), script).await;
    assert!(object.is_ok());
    drop(bucket);
    assert!(session.next_or_end().await.is_none());
}
