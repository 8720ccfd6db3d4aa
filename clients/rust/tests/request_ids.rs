//! Request ids that a user gives.

use cartwheel::message::client::{
    Delete, DeleteBatch, Deleted, Outcomes, Put, PutBatch, PutDone, RequestError,
};
use cartwheel_client::{Context, DeleteItem, PutItem, RequestId};
use futures::future::join;

use crate::script::{Node, body};

const GIVEN: RequestId = RequestId([7; 16]);

fn done() -> PutDone {
    let (context, explain) = (b"done"[..].into(), None);
    PutDone { context, explain }
}

fn deleted() -> Deleted {
    let (context, explain) = (b"done"[..].into(), None);
    Deleted { context, explain }
}

#[tokio::test]
async fn a_write_that_is_given_a_request_id_is_sent_under_it_again_and_again() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let bucket = client.bucket("default");
    let work = async {
        let put = bucket.put("key", "value").request_id(GIVEN);
        put.clone().await.unwrap();
        put.await.unwrap();
        let delete = bucket.delete("key", Context::default()).request_id(GIVEN);
        delete.await.unwrap();
    };
    let script = async {
        for _ in 0..2 {
            let question = session.next().await;
            assert_eq!(body::<Put>(&question).request, GIVEN);
            session.answer(&question, &done()).await;
        }
        let question = session.next().await;
        assert_eq!(body::<Delete>(&question).request, GIVEN);
        session.answer(&question, &deleted()).await;
    };
    join(work, script).await;
}

#[tokio::test]
async fn each_item_of_a_batch_may_be_given_its_request_id() {
    let node = Node::listen().await;
    let (client, mut session) = node.connect(node.builder()).await;
    let bucket = client.bucket("default");
    let work = async {
        let puts = [
            PutItem::new("a", "value").request_id(GIVEN),
            PutItem::new("b", "value"),
        ];
        bucket.put_batch(puts).await;
        let context = Context::default();
        let given = DeleteItem::new("a", &context).request_id(GIVEN);
        bucket.delete_batch([given, ("b", &context).into()]).await;
    };
    let script = async {
        let question = session.next().await;
        let puts: PutBatch = body(&question);
        assert_eq!(puts.items[0].request, GIVEN);
        assert_ne!(puts.items[1].request, GIVEN);
        let items: Vec<Result<_, RequestError>> = vec![Ok(done()), Ok(done())];
        session.answer(&question, &Outcomes { items }).await;
        let question = session.next().await;
        let deletes: DeleteBatch = body(&question);
        assert_eq!(deletes.items[0].request, GIVEN);
        assert_ne!(deletes.items[1].request, GIVEN);
        let items: Vec<Result<_, RequestError>> = vec![Ok(deleted()), Ok(deleted())];
        session.answer(&question, &Outcomes { items }).await;
    };
    join(work, script).await;
}
