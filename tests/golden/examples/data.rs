//! Get, put, delete and list.

use bytes::Bytes;
use cartwheel::message::client::{
    Delete, DeleteBatch, Deleted, Get, GetBatch, Got, List, Listed, Outcomes, Put, PutBatch,
    PutDone, QuorumOptions, RequestError, Sibling,
};
use cartwheel::version::{Attributes, RequestId};

use super::{Example, explain, reply, request};

pub fn examples() -> Vec<Example> {
    [singles(), batches(), listings()]
        .into_iter()
        .flatten()
        .collect()
}

fn singles() -> Vec<Example> {
    vec![
        request("blind, as the bucket says", get()),
        request("with a context and all options", get_with_options()),
        reply::<Get>("nothing", not_found()),
        reply::<Get>("two siblings", siblings()),
        reply::<Get>(
            "explained",
            Got {
                explain: Some(Box::new(explain::example())),
                ..not_found()
            },
        ),
        request("blind, without attributes", put()),
        request("with a context and attributes", put_with_attributes()),
        reply::<Put>("done", put_done()),
        reply::<Put>(
            "explained",
            PutDone {
                explain: Some(Box::new(explain::example())),
                ..put_done()
            },
        ),
        request("what a context covers", delete()),
        reply::<Delete>("done", deleted()),
    ]
}

fn batches() -> Vec<Example> {
    let items = vec![get(), get_with_options()];
    let got = vec![
        Ok(siblings()),
        Err(RequestError::ContextRequired),
        Ok(not_found()),
    ];
    vec![
        request("two keys", GetBatch { items }),
        reply::<GetBatch>("found, failed and not found", Outcomes { items: got }),
        request(
            "two keys",
            PutBatch {
                items: vec![put(), put_with_attributes()],
            },
        ),
        reply::<PutBatch>(
            "done",
            Outcomes {
                items: vec![Ok(put_done())],
            },
        ),
        request(
            "one key",
            DeleteBatch {
                items: vec![delete()],
            },
        ),
        reply::<DeleteBatch>(
            "done",
            Outcomes {
                items: vec![Ok(deleted())],
            },
        ),
        reply::<DeleteBatch>("nothing asked", Outcomes { items: Vec::new() }),
    ]
}

fn listings() -> Vec<Example> {
    vec![
        request(
            "the first page",
            List {
                bucket: bucket(),
                cursor: Bytes::new(),
                limit: 1000,
            },
        ),
        reply::<List>(
            "a page with more behind it",
            Listed {
                keys: vec![key(), Bytes::from_static(b"\x00\xff")],
                next: Bytes::from_static(b"next"),
                incomplete: vec![0, 255],
            },
        ),
    ]
}

fn bucket() -> String {
    "default".to_owned()
}

fn key() -> Bytes {
    Bytes::from_static(b"cart:1001")
}

fn context() -> Bytes {
    Bytes::from_static(b"a sealed context")
}

fn get() -> Get {
    let options = QuorumOptions::default();
    Get {
        bucket: bucket(),
        key: key(),
        context: Bytes::new(),
        options,
    }
}

fn get_with_options() -> Get {
    let options = QuorumOptions {
        r: 1,
        w: 2,
        pr: 3,
        pw: 4,
        dw: 5,
        explain: true,
    };
    Get {
        context: context(),
        options,
        ..get()
    }
}

fn not_found() -> Got {
    Got {
        values: Vec::new(),
        context: Bytes::new(),
        explain: None,
    }
}

fn siblings() -> Got {
    let plain = Sibling {
        value: Bytes::from_static(b"milk"),
        attributes: None,
    };
    let described = Sibling {
        value: Bytes::new(),
        attributes: Some(attributes()),
    };
    Got {
        values: vec![plain, described],
        context: context(),
        explain: None,
    }
}

fn attributes() -> Box<Attributes> {
    Box::new(Attributes {
        content_type: "text/plain".to_owned(),
        metadata: vec![("language".to_owned(), "français".to_owned())],
    })
}

fn put() -> Put {
    Put {
        bucket: bucket(),
        key: key(),
        value: Bytes::from_static(b"milk"),
        context: Bytes::new(),
        request: RequestId::new(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff),
        attributes: None,
        options: QuorumOptions::default(),
    }
}

fn put_with_attributes() -> Put {
    Put {
        context: context(),
        attributes: Some(attributes()),
        ..put()
    }
}

fn put_done() -> PutDone {
    PutDone {
        context: context(),
        explain: None,
    }
}

fn delete() -> Delete {
    Delete {
        bucket: bucket(),
        key: key(),
        context: context(),
        request: RequestId::new(1),
        options: QuorumOptions::default(),
    }
}

fn deleted() -> Deleted {
    Deleted {
        context: context(),
        explain: None,
    }
}
