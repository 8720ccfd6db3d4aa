//! Batches: an outcome for each item, in order.

use bytes::Bytes;
use cartwheel::message::client::{
    DeleteBatch, Deleted, GetBatch, Outcomes, PutBatch, PutDone, QuorumOptions,
};
use cartwheel_client::{BadAnswer, Context, Error, PutItem, RequestError};
use futures::future::join;

use crate::script::{Node, body, found};

fn done(key: &Bytes) -> Result<PutDone, RequestError> {
    Ok(PutDone {
        context: key.clone(),
        explain: None,
    })
}

#[tokio::test]
async fn each_item_has_its_own_outcome_in_order() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let read = client
        .bucket("default")
        .get_batch(["a", "b", "c"])
        .r(1)
        .send();
    let refusal = RequestError::Corrupt {
        node: cartwheel_client::NodeId(2),
    };
    let script = async {
        let question = session.next().await;
        let batch: GetBatch = body(&question);
        let r = 1;
        let options = QuorumOptions {
            r,
            ..QuorumOptions::default()
        };
        assert!(batch.items.iter().all(|item| item.options == options));
        let items = vec![Ok(found("A")), Err(refusal.clone()), Ok(found("C"))];
        session.answer(&question, &Outcomes { items }).await;
    };
    let (outcomes, ()) = join(read, script).await;
    let [a, b, c] = &outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(a.as_ref().unwrap().value().unwrap(), "A");
    assert!(matches!(b, Err(Error::Refused(found)) if *found == refusal));
    assert_eq!(c.as_ref().unwrap().value().unwrap(), "C");
}

#[tokio::test]
async fn only_what_was_refused_for_the_moment_is_sent_again_under_its_request_id() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let items = ["a", "b", "c"].map(|key| PutItem::new(key, "value"));
    let write = client.bucket("default").put_batch(items).send();
    let script = async {
        let question = session.next().await;
        let first: PutBatch = body(&question);
        let retry_after_ms = 1;
        let items = vec![
            done(&first.items[0].key),
            Err(RequestError::Overloaded { retry_after_ms }),
            Err(RequestError::ContextRequired),
        ];
        session.answer(&question, &Outcomes { items }).await;
        let question = session.next().await;
        let again: PutBatch = body(&question);
        assert_eq!(again.items, first.items[1..2]);
        let items = vec![done(&again.items[0].key)];
        session.answer(&question, &Outcomes { items }).await;
    };
    let (outcomes, ()) = join(write, script).await;
    let [a, b, c] = &outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(a.as_ref().unwrap().context.as_bytes(), b"a");
    assert_eq!(b.as_ref().unwrap().context.as_bytes(), b"b");
    assert!(matches!(
        c,
        Err(Error::Refused(RequestError::ContextRequired))
    ));
}

/// The first frame may have been carried out though its connection broke: what is refused in the
/// second may be kept from the first.
#[tokio::test]
async fn an_item_that_is_refused_after_its_frame_was_lost_once_is_in_doubt() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let items = ["a", "b"].map(|key| PutItem::new(key, "value"));
    let write = client.bucket("default").put_batch(items).send();
    let script = async {
        let first: PutBatch = body(&session.next().await);
        drop(session);
        let mut session = node.accept().await;
        let question = session.next().await;
        assert_eq!(body::<PutBatch>(&question), first);
        let refused = Err(RequestError::ContextRequired);
        let items = vec![done(&first.items[0].key), refused];
        session.answer(&question, &Outcomes { items }).await;
    };
    let (outcomes, ()) = join(write, script).await;
    assert!(outcomes[0].is_ok());
    let refused = outcomes[1].as_ref().unwrap_err();
    assert!(refused.outcome_is_unknown(), "{refused:?}");
    assert!(matches!(refused, Error::RetryRefused { attempts: 2, .. }));
}

#[tokio::test]
async fn an_item_whose_first_attempt_is_open_stays_in_doubt() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let write = client
        .bucket("default")
        .put_batch([PutItem::new("a", "value")]);
    let open = RequestError::TimedOut {
        required: 2,
        acknowledged: 1,
        waited_ms: 10,
    };
    let script = async {
        for refusal in [open, RequestError::ContextRequired] {
            let question = session.next().await;
            let items: Vec<Result<PutDone, _>> = vec![Err(refusal)];
            session.answer(&question, &Outcomes { items }).await;
        }
    };
    let (outcomes, ()) = join(write.send(), script).await;
    let [Err(error)] = &outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert!(matches!(error, Error::RetryRefused { attempts: 2, .. }));
}

#[tokio::test]
async fn what_did_not_fit_one_answer_is_asked_for_in_the_next() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let keys = ["a", "b", "c"];
    let read = client.bucket("default").get_batch(keys).send();
    let too_large = || {
        Err(RequestError::AnswerTooLarge {
            len: 60_000_000,
            limit: 34_603_008,
        })
    };
    let script = async {
        for (asked, fit) in [(3, 2), (1, 1)] {
            let question = session.next().await;
            assert_eq!(body::<GetBatch>(&question).items.len(), asked);
            let items = (0..asked).map(|item| match item < fit {
                true => Ok(found("value")),
                false => too_large(),
            });
            let items = items.collect();
            session.answer(&question, &Outcomes { items }).await;
        }
    };
    let (outcomes, ()) = join(read, script).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
}

#[tokio::test]
async fn what_fits_no_answer_at_all_is_refused() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let read = client.bucket("default").get_batch(["a", "b"]).send();
    let refusal = RequestError::AnswerTooLarge { len: 2, limit: 1 };
    let script = async {
        let question = session.next().await;
        let refused = Err::<Deleted, _>(refusal.clone());
        let items = vec![refused; 2];
        session.answer(&question, &Outcomes { items }).await;
    };
    let (outcomes, ()) = join(read, script).await;
    let refused = |outcome: &Result<_, Error>| matches!(outcome, Err(Error::Refused(found)) if *found == refusal);
    assert!(outcomes.len() == 2 && outcomes.iter().all(refused));
}

#[tokio::test]
async fn a_long_batch_goes_in_parts() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let context = Context::from_bytes("seen");
    let items = (0..1_500_u32).map(|key| (key.to_be_bytes(), context.clone()));
    let delete = client.bucket("default").delete_batch(items).send();
    let script = async {
        for expected in [1024, 476] {
            let question = session.next().await;
            let batch: DeleteBatch = body(&question);
            assert_eq!(batch.items.len(), expected);
            let items = batch.items.into_iter().map(|item| {
                let (context, explain) = (item.key, None);
                Ok(Deleted { context, explain })
            });
            let items: Vec<Result<Deleted, RequestError>> = items.collect();
            session.answer(&question, &Outcomes { items }).await;
        }
    };
    let (outcomes, ()) = join(delete, script).await;
    for (key, outcome) in outcomes.iter().enumerate() {
        let context = &outcome.as_ref().unwrap().context;
        assert_eq!(context.as_bytes(), (key as u32).to_be_bytes());
    }
    assert_eq!(outcomes.len(), 1_500);
}

#[tokio::test]
async fn outcomes_that_are_too_few_are_a_bad_answer() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let read = client.bucket("default").get_batch(["a", "b"]).send();
    let script = async {
        let question = session.next().await;
        let items = vec![Ok::<_, RequestError>(found("A"))];
        session.answer(&question, &Outcomes { items }).await;
    };
    let (outcomes, ()) = join(read, script).await;
    let expected = BadAnswer::Outcomes {
        asked: 2,
        answered: 1,
    };
    let bad = |outcome: &Result<_, Error>| matches!(outcome, Err(Error::BadAnswer { cause, .. }) if *cause == expected);
    assert!(outcomes.len() == 2 && outcomes.iter().all(bad));
}

#[tokio::test]
async fn an_empty_batch_asks_nothing() {
    let node = Node::listen().await;
    let (client, _session) = node.connect(node.builder()).await;
    let keys: [&str; 0] = [];
    assert!(client.bucket("default").get_batch(keys).await.is_empty());
}
