//! What a node tells of itself and of the ring.

use bytes::Bytes;
use cartwheel::message::client::{
    ExtensionState, ExtensionStatus, Locate, Located, MemberDescription, PeerStatus, Ring,
    RingDescription, ShardStatus, Status, StatusDescription,
};
use cartwheel::node::{NodeId, StoreId};

use super::{Example, reply, request};

pub fn examples() -> Vec<Example> {
    vec![
        request("of the node that is asked", Status),
        reply::<Status>(
            "one shard, one peer, two extensions, one of which did not answer",
            status(),
        ),
        request("of the whole cluster", Ring),
        reply::<Ring>(
            "one member, two partitions",
            RingDescription {
                epoch: 1,
                partitions: 2,
                members: vec![member()],
                owners: vec![vec![NodeId(1)], vec![NodeId(1)]],
            },
        ),
        request(
            "one key",
            Locate {
                bucket: "default".to_owned(),
                key: Bytes::from_static(b"cart:1001"),
            },
        ),
        reply::<Locate>(
            "its only owner",
            Located {
                hash: u64::MAX,
                partition: 255,
                owners: vec![member()],
            },
        ),
    ]
}

fn member() -> MemberDescription {
    MemberDescription {
        node: NodeId(1),
        client: "127.0.0.1:7400".to_owned(),
        bridge: "127.0.0.1:7401".to_owned(),
    }
}

fn status() -> StatusDescription {
    StatusDescription {
        node: NodeId(1),
        store: StoreId(0x1122_3344_5566_7788),
        version: "0.1.0".to_owned(),
        cluster: "00112233445566778899aabbccddeeff".to_owned(),
        epoch: 1,
        process_id: 4242,
        cpu_us: 1_500_000,
        file_system: "ext4".to_owned(),
        shards: vec![shard()],
        peers: vec![peer()],
        extensions: vec![
            extension("change_feed", shown(vec![("cursor", "17")])),
            extension("expiry", ExtensionState::Silent),
            extension(
                "counter",
                ExtensionState::Resting {
                    delay_ms: 200,
                    cause: cause(),
                },
            ),
            extension("index", ExtensionState::Ended { cause: cause() }),
        ],
    }
}

fn extension(name: &str, state: ExtensionState) -> ExtensionStatus {
    ExtensionStatus {
        name: name.to_owned(),
        restarts: 2,
        state,
    }
}

fn shown(values: Vec<(&str, &str)>) -> ExtensionState {
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    ExtensionState::Shown(values.into_iter().map(own).collect())
}

fn cause() -> String {
    "it panicked: no such table".to_owned()
}

fn shard() -> ShardStatus {
    ShardStatus {
        shard: 1,
        operations: 2,
        unwritten: 3,
        origin: "00000000aabbccdd".to_owned(),
        restarts: 4,
        answered: 5,
        overloaded: 6,
        corrupt: 7,
    }
}

fn peer() -> PeerStatus {
    PeerStatus {
        node: NodeId(2),
        bridge: "127.0.0.1:7411".to_owned(),
        links_up: 1,
        links: 2,
        in_flight: 300,
    }
}
