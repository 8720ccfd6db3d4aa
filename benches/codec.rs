//! What do frames and bodies cost, for an item of a batch? The aims are 25 µs for a put and 15 µs
//! for a get, of all processes together, and a put is encoded and decoded three times or more.
//! Every figure is for a batch of 64.

use std::hint::black_box;

use cartwheel::limits::CLIENT_FRAME_LEN_MAX;
use cartwheel::message::client::{Got, Put, PutDone, Sibling};
use cartwheel::message::frame::{Frame, Parsed};
use cartwheel::message::replica::{ReplicaPut, ReplicaStored, View};
use cartwheel::message::{self, DecodeError, Message};
use cartwheel_benches::{BATCH, key, put, replica_put, stream};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

fn frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frames of 64 puts");
    group.throughput(Throughput::Elements(u64::from(BATCH)));
    group.bench_function("parse", |bencher| {
        bencher.iter_batched(
            stream,
            |mut stream| {
                let mut bytes = 0;
                while let Ok(Parsed::Frame(frame)) = Frame::parse(&mut stream, CLIENT_FRAME_LEN_MAX)
                {
                    bytes += frame.body.len();
                }
                bytes
            },
            BatchSize::SmallInput,
        );
    });
    group.bench_function("parse and decode", |bencher| {
        bencher.iter_batched(
            stream,
            |mut stream| {
                let mut bytes = 0;
                while let Ok(Parsed::Frame(frame)) = Frame::parse(&mut stream, CLIENT_FRAME_LEN_MAX)
                {
                    let put: Result<Put, DecodeError> = message::decode(frame.kind, &frame.body);
                    bytes += put.map_or(0, |put| put.value.len());
                }
                bytes
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn answers(criterion: &mut Criterion) {
    let done = PutDone {
        context: vec![7; 40].into(),
        explain: None,
    };
    let value = Sibling {
        value: put(1).value,
        attributes: None,
    };
    let got = Got {
        values: vec![value],
        context: vec![7; 40].into(),
        explain: None,
    };
    let mut group = criterion.benchmark_group("64 answers");
    group.throughput(Throughput::Elements(u64::from(BATCH)));
    group.bench_function("encode to puts", |bencher| {
        bencher.iter(|| {
            (0..BATCH)
                .map(|_| message::encode(black_box(&done)).len())
                .sum::<usize>()
        });
    });
    group.bench_function("encode to gets", |bencher| {
        bencher.iter(|| {
            (0..BATCH)
                .map(|_| message::encode(black_box(&got)).len())
                .sum::<usize>()
        });
    });
    group.finish();
}

fn batches(criterion: &mut Criterion) {
    let batch = replica_put();
    let bytes = message::encode(&batch);
    let stored = ReplicaStored {
        view: View { epoch: 1, phase: 0 },
        stored: batch.items.iter().map(|item| item.operation).collect(),
        failed: Vec::new(),
    };
    let acknowledgement = message::encode(&stored);
    let mut group = criterion.benchmark_group("replica batch of 64");
    group.throughput(Throughput::Elements(u64::from(BATCH)));
    group.bench_function("encode the puts", |bencher| {
        bencher.iter(|| message::encode(black_box(&batch)))
    });
    group.bench_function("decode the puts", |bencher| {
        bencher.iter(|| message::decode::<ReplicaPut>(ReplicaPut::KIND, black_box(&bytes)));
    });
    group.bench_function("encode the acknowledgement", |bencher| {
        bencher.iter(|| message::encode(black_box(&stored)))
    });
    group.bench_function("decode the acknowledgement", |bencher| {
        bencher.iter(|| {
            message::decode::<ReplicaStored>(ReplicaPut::KIND, black_box(&acknowledgement))
        });
    });
    group.finish();
}

/// The lower bound of anything that names a key.
fn hashing(criterion: &mut Criterion) {
    let keys: Vec<_> = (0..BATCH).map(key).collect();
    let mut group = criterion.benchmark_group("64 keys");
    group.throughput(Throughput::Elements(u64::from(BATCH)));
    group.bench_function("hash", |bencher| {
        let hash =
            |key: &bytes::Bytes| cartwheel::key::KeyHash::of(cartwheel::key::BucketId(0), key).0;
        bencher.iter(|| keys.iter().map(hash).fold(0, |all, one| all ^ one));
    });
    group.finish();
}

criterion_group!(benches, frames, answers, batches, hashing);
criterion_main!(benches);
