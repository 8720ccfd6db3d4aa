//! What do versions cost a replica and a coordinator for each operation? A put on a replica is
//! check, decode, merge and encode; a get on a coordinator is a digest read from the header, and
//! a sealed context; the rest of an operation has to be cheaper than these to matter.

use std::hint::black_box;

use cartwheel::key::BucketId;
use cartwheel::version::{ConflictRule, Context, ContextSecret, Record};
use cartwheel_benches::{SHAPES, Shape, version};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

const RULE: ConflictRule = ConflictRule::Siblings;
const BUCKET: BucketId = BucketId(0);
const KEY: &[u8] = b"cart:00001001";

fn of_each_shape(
    criterion: &mut Criterion,
    name: &str,
    bench: impl Fn(&mut Criterion, &str, Shape),
) {
    for shape in SHAPES {
        bench(criterion, &format!("{name}/{}", shape.name), shape);
    }
}

fn encoding(criterion: &mut Criterion) {
    of_each_shape(criterion, "encode", |criterion, name, shape| {
        let record = shape.record();
        criterion.bench_function(name, |bencher| bencher.iter(|| black_box(&record).encode()));
    });
    of_each_shape(criterion, "decode", |criterion, name, shape| {
        let bytes = shape.record().encode();
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| Record::decode(black_box(&bytes)))
        });
    });
    of_each_shape(
        criterion,
        "digest of encoded bytes",
        |criterion, name, shape| {
            let bytes = shape.record().encode();
            criterion.bench_function(name, |bencher| {
                bencher.iter(|| Record::digest_of(black_box(&bytes)))
            });
        },
    );
    of_each_shape(criterion, "digest", |criterion, name, shape| {
        let record = shape.record();
        criterion.bench_function(name, |bencher| bencher.iter(|| black_box(&record).digest()));
    });
}

fn merging(criterion: &mut Criterion) {
    of_each_shape(
        criterion,
        "merge with the same",
        |criterion, name, shape| {
            let (old, new) = (shape.record(), shape.record());
            bench_merge(criterion, name, &old, &new);
        },
    );
    of_each_shape(criterion, "merge with a newer", |criterion, name, shape| {
        let (old, new) = (shape.record(), shape.replaced());
        bench_merge(criterion, name, &old, &new);
    });
}

fn bench_merge(criterion: &mut Criterion, name: &str, old: &Record, new: &Record) {
    criterion.bench_function(name, |bencher| {
        let setup = || old.clone();
        let routine = |mut record: Record| {
            record.merge(black_box(new), RULE);
            record
        };
        bencher.iter_batched(setup, routine, BatchSize::SmallInput);
    });
}

/// All that a replica does to the record of a put, from stored bytes to bytes to store.
fn replica_put(criterion: &mut Criterion) {
    of_each_shape(criterion, "replica put", |criterion, name, shape| {
        let (stored, sent) = (shape.record().encode(), shape.replaced().encode());
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut record = Record::decode(black_box(&stored))?;
                record.merge(&Record::decode(black_box(&sent))?, RULE);
                Ok::<_, cartwheel::version::RecordError>(record.encode())
            });
        });
    });
}

/// All that a coordinator does to the record of a put with a context, but for the sending.
fn coordinator_put(criterion: &mut Criterion) {
    of_each_shape(criterion, "coordinator put", |criterion, name, shape| {
        let secret = ContextSecret::new([7; 16]);
        let stored = shape.record();
        let sealed = stored.context().seal(&secret, BUCKET, KEY);
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut context = Context::open(black_box(&sealed), &secret, BUCKET, KEY)?;
                let mut record = stored.clone();
                record.cover(&context.history);
                record.write(version(1, 8), RULE);
                context.history.insert(version(1, 8).dot);
                let answer = context.seal(&secret, BUCKET, KEY);
                Ok::<_, cartwheel::version::ContextError>((record.encode(), answer))
            });
        });
    });
}

fn contexts(criterion: &mut Criterion) {
    of_each_shape(criterion, "seal", |criterion, name, shape| {
        let secret = ContextSecret::new([7; 16]);
        let context = shape.record().context();
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| black_box(&context).seal(&secret, BUCKET, KEY))
        });
    });
    of_each_shape(criterion, "open", |criterion, name, shape| {
        let secret = ContextSecret::new([7; 16]);
        let sealed = shape.record().context().seal(&secret, BUCKET, KEY);
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| Context::open(black_box(&sealed), &secret, BUCKET, KEY));
        });
    });
}

criterion_group!(
    benches,
    encoding,
    merging,
    contexts,
    replica_put,
    coordinator_put
);
criterion_main!(benches);
