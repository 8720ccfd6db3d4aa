//! Greetings.

use cartwheel::message::hello::{Hello, Speaker, Welcome};
use cartwheel::node::{NodeId, OpeningId, StoreId};

use super::{Example, reply, request};

const CLUSTER: [u8; 16] = *b"sixteen byte id!";

pub fn examples() -> Vec<Example> {
    vec![
        request("a client that leaves the cluster open", client()),
        request(
            "a node",
            Hello {
                cluster: Some(CLUSTER.to_vec()),
                speaker: node(),
                ..client()
            },
        ),
        reply::<Hello>(
            "welcome",
            Welcome {
                cluster: CLUSTER.to_vec(),
                node: NodeId(1),
                store: StoreId(u64::MAX),
                opening: OpeningId(0x0102_0304_0506_0708),
                credits: 1024,
                frame_limit: 10 * 1024 * 1024,
            },
        ),
    ]
}

fn client() -> Hello {
    Hello {
        cluster: None,
        speaker: Speaker::Client("cartwheel-cli".to_owned()),
        credentials: Vec::new(),
    }
}

fn node() -> Speaker {
    Speaker::Node {
        node: NodeId(2),
        store: StoreId(0x1122_3344_5566_7788),
        opening: OpeningId(9),
        address: "10.0.0.2:7401".to_owned(),
        lane: 3,
    }
}

#[cfg(test)]
mod tests {
    use super::super::variants::assert_all_shown;
    use super::*;

    #[test]
    fn every_speaker_has_an_example() {
        assert_all_shown(&[client().speaker, node()]);
    }
}
