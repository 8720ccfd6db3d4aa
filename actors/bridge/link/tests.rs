//! What a link lends its callers while a peer does not answer.

use cartwheel::limits::{BACKGROUND_CREDITS, EXTENSION_CREDITS};
use cartwheel::message::client::RequestError;
use cartwheel::message::replica::BucketsQuery;

use super::*;

const PEER: NodeId = NodeId(2);

fn link() -> Arc<Link> {
    let identity = PeerIdentity {
        cluster: ClusterId(7),
        node: NodeId(1),
        store: StoreId(1),
        opening: OpeningId(1),
        address: "here".to_owned(),
    };
    let options = LinkOptions {
        connect_timeout: Duration::from_secs(1),
        idle_timeout: Duration::from_secs(1),
        reconnect_min: Duration::from_secs(1),
        reconnect_max: Duration::from_secs(1),
    };
    Link::new(PEER, "nowhere".to_owned(), 0, identity, options)
}

fn connect(link: &Link) {
    *link.connected() = Some(Connected {
        outbox: Arc::new(Outbox::between_nodes()),
        calls: Calls::default(),
        opening: OpeningId(2),
    });
}

fn ask(link: &Link) -> Result<Answer, CallError> {
    link.ask(BucketsQuery::KIND, Bytes::new(), Duration::from_secs(1))
}

#[test]
fn a_peer_gets_no_more_questions_than_it_has_credits() {
    let link = link();
    connect(&link);
    let peer = PEER;
    let spent = CallError::CreditsSpent {
        peer,
        limit: BACKGROUND_CREDITS,
    };
    let answers: Vec<_> = (0..BACKGROUND_CREDITS)
        .map(|_| ask(&link).unwrap())
        .collect();
    let unwritten = link.outbox().unwrap().unwritten();
    assert_eq!(ask(&link).err(), Some(spent.clone()));
    assert_eq!(
        link.outbox().unwrap().unwritten(),
        unwritten,
        "nothing was sent"
    );
    drop(answers);
    assert_eq!(ask(&link).err(), Some(spent), "the peer is still at work");
    connect(&link);
    assert!(ask(&link).is_ok(), "another connection has its own credits");
}

#[test]
fn extensions_that_do_not_answer_leave_the_nodes_own_questions_alone() {
    let link = link();
    connect(&link);
    let ask_extension = || {
        let (kind, wait) = (Kind::FIRST_OF_EXTENSIONS, Duration::from_secs(1));
        link.ask(kind, Bytes::new(), wait)
    };
    let under_way: Vec<_> = (0..EXTENSION_CREDITS)
        .map(|_| ask_extension().unwrap())
        .collect();
    let (peer, limit) = (PEER, EXTENSION_CREDITS);
    let spent = CallError::CreditsSpent { peer, limit };
    assert_eq!(ask_extension().err(), Some(spent));
    assert!(ask(&link).is_ok());
    drop(under_way);
}

#[test]
fn whoever_waits_hears_of_the_end_of_the_connection() {
    let link = link();
    assert!(matches!(ask(&link), Err(CallError::Unreachable { .. })));
    connect(&link);
    let mut answer = ask(&link).unwrap();
    assert!(
        answer
            .try_recv()
            .is_err_and(|error| error == oneshot::error::TryRecvError::Empty)
    );
    link.connected().take();
    assert!(
        answer
            .try_recv()
            .is_err_and(|error| error == oneshot::error::TryRecvError::Closed)
    );
}

#[test]
fn a_question_that_no_message_holds_is_refused_with_its_length_before_it_is_queued() {
    let link = link();
    connect(&link);
    let (peer, limit) = (PEER, MESSAGE_LEN_MAX - HEADER_LEN);
    let asked = |len: usize| {
        let body = Bytes::from(vec![0; len]);
        link.ask(BucketsQuery::KIND, body, Duration::from_secs(1))
    };
    let len = limit + 1;
    let refused = CallError::QuestionTooLarge { peer, len, limit };
    assert_eq!(asked(len).err(), Some(refused.clone()));
    let queued = || link.outbox().unwrap().unwritten();
    assert_eq!(queued(), 0, "nothing was sent");
    let _longest = asked(limit).unwrap();
    assert_eq!(queued(), MESSAGE_LEN_MAX);
    let (len, limit) = (len as u64, limit as u64);
    let expected = RequestError::QuestionTooLarge { len, limit };
    assert_eq!(refused.into_refusal(), expected);
}
