//! Answers on their way to clients and peers.

use cartwheel::limits::{REPLICA_BATCH_LEN_MAX, SESSION_ANSWER_BYTES_MAX, UNREAD_SHARE_BYTES};
use cartwheel::message::client::{Get, Outcomes, PutDone, Sibling};
use cartwheel::message::decode;
use futures::executor::block_on;

use super::*;
use crate::frame_reader::FrameReader;
use crate::unread::Unread;

#[test]
fn what_no_longer_fits_an_answer_is_to_be_asked_for_in_another_batch() {
    let mut gathered = Gathered {
        outcomes: Vec::new(),
        missing: 0,
        reads: true,
        bytes: 0,
        whole: None,
    };
    let large = Bytes::from(vec![0; CLIENT_FRAME_LEN_MAX as usize + 1]);
    assert_eq!(gathered.fitting(Ok(large.clone())), Ok(large));
    let refused = RequestError::AnswerTooLarge {
        len: u64::from(CLIENT_FRAME_LEN_MAX) + 2,
        limit: u64::from(CLIENT_FRAME_LEN_MAX),
    };
    let small = Bytes::from_static(b"s");
    assert_eq!(gathered.fitting(Ok(small)), Err(refused));
    let other = RequestError::ContextRequired;
    assert_eq!(gathered.fitting(Err(other.clone())), Err(other));
    let with_values = RequestError::RecordTooLarge {
        siblings: 1,
        bytes: 5,
        bytes_max: 4,
        values: vec![Sibling {
            value: Bytes::from_static(b"value"),
            attributes: None,
        }],
        context: Bytes::new(),
    };
    let refused = RequestError::AnswerTooLarge {
        len: u64::from(CLIENT_FRAME_LEN_MAX) + 6,
        limit: u64::from(CLIENT_FRAME_LEN_MAX),
    };
    assert_eq!(gathered.fitting(Err(with_values.clone())), Err(refused));
    gathered.reads = false;
    let written = Bytes::from_static(b"written");
    assert_eq!(gathered.fitting(Ok(written.clone())), Ok(written));
    let refused = gathered.fitting(Err(with_values));
    assert!(matches!(refused, Err(RequestError::AnswerTooLarge { .. })));
}

fn too_many_siblings(value_len: usize) -> RequestError {
    let sibling = Sibling {
        value: Bytes::from(vec![7; value_len]),
        attributes: None,
    };
    RequestError::TooManySiblings {
        siblings: 1,
        siblings_max: 1,
        bytes: 0,
        bytes_max: 0,
        values: vec![sibling],
        context: Bytes::new(),
    }
}

/// A peer may have forwarded thousands.
#[test]
fn a_peer_that_does_not_read_gets_no_more_large_answers() {
    let large = Bytes::from(vec![0; CONTEXT_LEN_MAX * 2 + 1]);
    for (kind, refused) in [(Get::KIND, true), (Put::KIND, false)] {
        let outbox = Arc::new(Outbox::between_nodes());
        let body = Bytes::from(vec![0; SESSION_ANSWER_BYTES_MAX + 1]);
        outbox.push(&answer(Get::KIND, 1, Ok(body))).unwrap();
        let before = outbox.unwritten();
        let client = || Client::peer(NodeId(1), Arc::clone(&outbox), kind, operation(0));
        let mut burst = ForwardedBurst::default();
        client().answer_in(&mut burst, Ok(large.clone()));
        burst.leave();
        client().answer(Ok(large.clone()));
        let grown = outbox.unwritten() - before;
        assert_eq!(grown < large.len(), refused, "{kind}");
    }
}

fn operation(slot: u32) -> OperationId {
    OperationId {
        shard: 0,
        start: 0,
        slot,
        generation: 0,
    }
}

/// Together they could be longer than what the other end of the link joins, and end it.
#[test]
fn refusals_with_values_to_a_peer_leave_one_by_one() {
    let outbox = Arc::new(Outbox::between_nodes());
    let mut burst = ForwardedBurst::default();
    for slot in 0..9 {
        let client = Client::peer(NodeId(1), Arc::clone(&outbox), Put::KIND, operation(slot));
        client.answer_in(&mut burst, Err(too_many_siblings(REPLICA_BATCH_LEN_MAX)));
    }
    burst.leave();
    let mut bytes = Vec::new();
    while outbox.unwritten() > bytes.len() {
        bytes.extend_from_slice(&block_on(outbox.take()).unwrap());
    }
    let mut reader = FrameReader::joining(&bytes[..], u32::MAX, usize::MAX);
    let mut frames = Vec::new();
    let mut some = Vec::new();
    while block_on(reader.frames(&mut some)).is_ok() {
        frames.append(&mut some);
    }
    assert_eq!(frames.len(), 9);
}

/// `Overloaded` says that nothing was started.
#[test]
fn a_write_that_was_taken_is_never_called_overloaded() {
    let large = Bytes::from(vec![0; CONTEXT_LEN_MAX * 2 + 1]);
    for (kind, refused) in [
        (Get::KIND, true),
        (GetBatch::KIND, true),
        (Put::KIND, false),
        (PutBatch::KIND, false),
        (DeleteBatch::KIND, false),
    ] {
        let outbox = Arc::new(Outbox::to_client(&Arc::default()));
        let body = Bytes::from(vec![0; SESSION_ANSWER_BYTES_MAX + 1]);
        outbox.push(&answer(Get::KIND, 1, Ok(body))).unwrap();
        outbox.request_came(0);
        let client = Client::session(NodeId(1), Arc::clone(&outbox), kind, 2, 0);
        let before = outbox.unwritten();
        client.answer(Ok(large.clone()));
        let grown = outbox.unwritten() - before;
        assert_eq!(grown < large.len(), refused, "{kind}");
    }
}

/// Else four thousand such clients are allowed what no machine has.
#[test]
fn on_a_node_whose_clients_have_much_to_read_who_holds_some_of_it_gets_nothing_large() {
    let large = Bytes::from(vec![0; CONTEXT_LEN_MAX * 2 + 1]);
    for (room, refused) in [(UNREAD_SHARE_BYTES, false), (0, true)] {
        let unread = Arc::new(Unread::up_to(room));
        let slow = Outbox::to_client(&unread);
        let body = Bytes::from(vec![0; UNREAD_SHARE_BYTES + 1]);
        slow.push(&answer(Get::KIND, 1, Ok(body))).unwrap();
        let others = Outbox::to_client(&unread);
        for (outbox, refused) in [(slow, refused), (others, false)] {
            let outbox = Arc::new(outbox);
            outbox.request_came(0);
            let before = outbox.unwritten();
            let client = Client::session(NodeId(1), Arc::clone(&outbox), Get::KIND, 2, 0);
            client.answer(Ok(large.clone()));
            assert_eq!(outbox.unwritten() - before < large.len(), refused);
        }
    }
}

#[test]
fn a_batch_of_writes_shows_no_values_to_a_client_that_does_not_read() {
    let outbox = Arc::new(Outbox::to_client(&Arc::default()));
    let full = Bytes::from(vec![0; SESSION_ANSWER_BYTES_MAX + 1]);
    for (read, values) in [(true, true), (false, false)] {
        let whole = Client::session(NodeId(1), Arc::clone(&outbox), PutBatch::KIND, 2, 0);
        outbox.request_came(0);
        if !read {
            let body = Ok(full.clone());
            outbox.push(&answer(Get::KIND, 1, body)).unwrap();
        }
        let batch = Batch::new(1, whole);
        let before = outbox.unwritten();
        Client::item(NodeId(1), batch, 0).answer(Err(too_many_siblings(CONTEXT_LEN_MAX)));
        let grown = outbox.unwritten() - before;
        assert_eq!(grown > CONTEXT_LEN_MAX, values);
    }
}

#[test]
fn joined_answers_are_the_outcomes_of_the_batch() {
    let done = PutDone {
        context: Bytes::from_static(b"seen"),
        explain: None,
    };
    for len in [1, 15, 16, 300] {
        let mut outcomes = vec![Ok(encode(&done)); len];
        outcomes[0] = Err(RequestError::ContextRequired);
        let outcomes: Vec<_> = outcomes.iter().collect();
        let body = joined(&outcomes);
        let read: Outcomes<PutDone> = decode(Kind(21), &body).unwrap();
        assert_eq!(read.items.len(), len);
        assert_eq!(read.items[0], Err(RequestError::ContextRequired));
        assert!(read.items[1..].iter().all(|item| *item == Ok(done.clone())));
    }
}
