//! Small requests for large records: what they bring is bounded, too.

use bytes::Bytes;
use cartwheel::coordination::Effect;
use cartwheel::limits::{BURST_ANSWER_BYTES_MAX, LOADS_MAX, OPERATION_BYTES_MAX, RECORD_LEN_MAX};
use cartwheel::message::client::{Got, RequestError};
use cartwheel::message::replica::{OperationId, ReplicaAnswer, ReplicaError};
use cartwheel::message::{Kind, decode};
use cartwheel::replica::{Action, ReplicaReply};
use cartwheel::time::{Moment, WallTime};
use cartwheel::version::{ConflictRule, Dot, Origin, Record, RequestId, Stamp, Value, Version};

use crate::coordinators::{coordinator, get, owners, request, ring};
use crate::lone_replica::{World, key};

const NOW: Moment = Moment::from_micros(0);

fn full_record() -> Bytes {
    let mut record = Record::new();
    let version = Version {
        dot: Dot {
            origin: Origin(1),
            counter: 1,
        },
        request: RequestId::new(1),
        stamp: Stamp::ZERO,
        value: Value::Live {
            bytes: Bytes::from(vec![7; RECORD_LEN_MAX]),
            attributes: None,
        },
    };
    record.write(version, ConflictRule::Siblings);
    record.encode()
}

#[test]
fn a_burst_of_reads_answers_so_many_bytes_and_the_next_goes_on() {
    let mut world = World::new();
    let record = full_record();
    world.execute(&key(b"milk"), Action::Merge(record.clone()));
    let fit = BURST_ANSWER_BYTES_MAX / record.len();
    for _ in 0..2 {
        let reads = vec![Action::Read(None); fit + 3];
        let replies = world.burst(&key(b"milk"), reads);
        let (shown, refused) = replies.split_at(fit);
        let all = ReplicaReply::Got(ReplicaAnswer::Record(record.clone()));
        assert!(shown.iter().all(|reply| *reply == all));
        let overloaded = ReplicaReply::Failed(ReplicaError::Overloaded);
        assert_eq!(refused, vec![overloaded; 3]);
    }
}

/// The queue of the disk's readers has room for that, so that no shard ever waits for it.
#[test]
fn a_shard_waits_for_so_many_records_of_the_disk_and_refuses_the_rest() {
    let keys = (0..LOADS_MAX + 3).map(|at| key(&at.to_be_bytes()));
    let keys: Vec<_> = keys.collect();
    let (loads, refused) = World::new().cold_reads(&keys);
    assert_eq!(loads, LOADS_MAX);
    let overloaded = ReplicaReply::Failed(ReplicaError::Overloaded);
    assert_eq!(refused, vec![overloaded; 3]);
}

/// A coordinator with so many reads under way, each with its own replica's record.
#[test]
fn records_that_were_read_count_until_the_client_is_answered() {
    let ring = ring(3, ConflictRule::Siblings);
    let own = owners(&ring)[0];
    let mut coordinator = coordinator(own, &ring);
    let record = full_record();
    let mut effects = Vec::new();
    let mut started: Vec<OperationId> = Vec::new();
    for _ in 0..OPERATION_BYTES_MAX / record.len() + 1 {
        coordinator.start(request(get()), NOW, WallTime(0), &mut effects);
        let Some(Effect::Local(local)) = effects.drain(..).next() else {
            panic!("it reads its own record first");
        };
        started.push(local.operation);
        let got = ReplicaReply::Got(ReplicaAnswer::Record(record.clone()));
        coordinator.on_local(local.operation, got, NOW, &mut effects);
        effects.clear();
    }
    coordinator.start(request(get()), NOW, WallTime(0), &mut effects);
    let refused = effects.drain(..).next();
    let Some(Effect::Answer((), Err(RequestError::Overloaded { .. }))) = refused else {
        panic!("too much is held: {refused:?}");
    };
    for operation in started {
        let same = ReplicaAnswer::Same;
        coordinator.on_got(owners(&ring)[1], operation, same, NOW, &mut effects);
        let Some(Effect::Answer((), Ok(body))) = effects.drain(..).next() else {
            panic!("two have answered");
        };
        let got: Got = decode(Kind(0), &body).expect("an answer");
        assert_eq!(got.values.len(), 1);
    }
    coordinator.start(request(get()), NOW, WallTime(0), &mut effects);
    assert!(matches!(effects[..], [Effect::Local(_)]), "room again");
}

/// To ask the other owners for whole records would bring as much.
#[test]
fn an_overloaded_replica_of_its_own_makes_a_coordinator_say_so() {
    let ring = ring(3, ConflictRule::Siblings);
    let mut coordinator = coordinator(owners(&ring)[0], &ring);
    let mut effects = Vec::new();
    coordinator.start(request(get()), NOW, WallTime(0), &mut effects);
    let Some(Effect::Local(local)) = effects.drain(..).next() else {
        panic!("it reads its own record first");
    };
    let failed = ReplicaReply::Failed(ReplicaError::Overloaded);
    coordinator.on_local(local.operation, failed, NOW, &mut effects);
    let [Effect::Answer((), Err(RequestError::Overloaded { .. }))] = effects[..] else {
        panic!("{effects:?}");
    };
}
