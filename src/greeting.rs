//! Who is let in: the check of a connection's first frame.

use crate::layout::Layout;
use crate::limits::CLIENT_NAME_LEN_MAX;
use crate::message::client::RequestError;
use crate::message::frame::Frame;
use crate::message::hello::{Hello, Speaker};
use crate::message::{Message, decode};
use crate::node::{ClusterId, NodeId};

/// Which of a node's two listeners a connection came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// For clients.
    Client,
    /// For nodes.
    Bridge,
}

/// The node that is greeted.
#[derive(Clone, Copy, Debug)]
pub struct Doorkeeper<'a> {
    /// Its id.
    pub node: NodeId,
    /// Its cluster.
    pub cluster: ClusterId,
    /// Its layout, which knows the other members.
    pub layout: &'a Layout,
}

impl Doorkeeper<'_> {
    /// Says who speaks, or why the connection ends.
    pub fn check(&self, first: &Frame, door: Door) -> Result<Speaker, RequestError> {
        if first.kind != Hello::KIND || first.flags.is_reply() {
            return Err(RequestError::HelloExpected);
        }
        let hello = decode(first.kind, &first.body);
        let hello: Hello = hello.map_err(|error| RequestError::Malformed {
            kind: first.kind.0,
            cause: error.cause,
        })?;
        check_lengths(&hello)?;
        self.check_cluster(hello.cluster.as_deref())?;
        match (&hello.speaker, door) {
            (Speaker::Client(_), Door::Client) => Ok(hello.speaker),
            (Speaker::Node { node, .. }, Door::Bridge) => {
                self.check_named(hello.cluster.as_deref())?;
                self.check_member(*node)?;
                Ok(hello.speaker)
            }
            _ => Err(self.wrong_door(door)),
        }
    }

    fn check_cluster(&self, wanted: Option<&[u8]>) -> Result<(), RequestError> {
        let meant = wanted.is_none_or(|wanted| wanted == self.cluster.0.to_be_bytes());
        if meant {
            return Ok(());
        }
        let bytes = wanted.unwrap_or_default().iter().take(16);
        let wanted = ClusterId(bytes.fold(0, |bits, byte| bits << 8 | u128::from(*byte)));
        Err(RequestError::WrongCluster {
            wanted: wanted.to_string(),
            found: self.cluster.to_string(),
        })
    }

    /// A client may go wherever it is let in; a node that does not know its cluster could merge
    /// the records of another.
    fn check_named(&self, cluster: Option<&[u8]>) -> Result<(), RequestError> {
        match cluster {
            Some(_) => Ok(()),
            None => Err(self.refuses("a node has to name its cluster".to_owned())),
        }
    }

    fn check_member(&self, peer: NodeId) -> Result<(), RequestError> {
        let known = self.layout.member(peer).is_some();
        match known && peer != self.node {
            true => Ok(()),
            false => Err(self.refuses(format!("{peer} is no other member of this cluster"))),
        }
    }

    /// Names the other door, which whoever came here wants.
    fn wrong_door(&self, door: Door) -> RequestError {
        let own = self.layout.member(self.node);
        let addresses = own.map_or(("", ""), |own| (&own.client, &own.bridge));
        self.refuses(match (door, addresses) {
            (Door::Bridge, (client, _)) => format!("this port is for nodes, clients use {client}"),
            (Door::Client, (_, bridge)) => format!("this port is for clients, nodes use {bridge}"),
        })
    }

    fn refuses(&self, cause: String) -> RequestError {
        let node = self.node;
        RequestError::NotServing { node, cause }
    }
}

/// A name for logs, and the bytes of an id.
fn check_lengths(hello: &Hello) -> Result<(), RequestError> {
    let malformed = |cause| RequestError::Malformed {
        kind: Hello::KIND.0,
        cause,
    };
    if let Some(len) = hello
        .cluster
        .as_ref()
        .map(Vec::len)
        .filter(|len| *len != CLUSTER_LEN)
    {
        return Err(malformed(format!(
            "a cluster of {len} bytes, which are {CLUSTER_LEN}"
        )));
    }
    match &hello.speaker {
        Speaker::Client(name) if name.len() > CLIENT_NAME_LEN_MAX => {
            let len = name.len();
            Err(malformed(format!(
                "a name of {len} bytes, over {CLIENT_NAME_LEN_MAX}"
            )))
        }
        _ => Ok(()),
    }
}

/// The bytes of a cluster's id.
const CLUSTER_LEN: usize = 16;

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::layout::Member;
    use crate::message::client::Status;
    use crate::message::encode;
    use crate::message::frame::Flags;
    use crate::node::{OpeningId, StoreId};

    fn check(first: &Frame, door: Door) -> Result<Speaker, RequestError> {
        let member = |node| Member {
            node: NodeId(node),
            client: format!("host-{node}:7400"),
            bridge: format!("host-{node}:7401"),
        };
        let layout = Layout::first(vec![member(1), member(2)], 3);
        let (node, cluster) = (NodeId(1), ClusterId(7));
        let layout = &layout;
        Doorkeeper {
            node,
            cluster,
            layout,
        }
        .check(first, door)
    }

    fn frame(hello: &Hello) -> Frame {
        Frame {
            kind: Hello::KIND,
            flags: Flags::REQUEST,
            call: 1,
            remaining_ms: 0,
            body: encode(hello),
        }
    }

    fn hello(cluster: Option<&[u8]>, speaker: Speaker) -> Frame {
        frame(&Hello {
            cluster: cluster.map(<[u8]>::to_vec),
            speaker,
            credentials: Vec::new(),
        })
    }

    fn client() -> Speaker {
        Speaker::Client("a client".to_owned())
    }

    fn node(node: u64) -> Speaker {
        Speaker::Node {
            node: NodeId(node),
            store: StoreId(3),
            opening: OpeningId(4),
            address: "node-1:7401".to_owned(),
            lane: 0,
        }
    }

    #[test]
    fn clients_and_other_members_are_let_in_at_their_doors() {
        let own = 7_u128.to_be_bytes();
        for cluster in [None, Some(&own[..])] {
            let came = check(&hello(cluster, client()), Door::Client);
            assert_eq!(came, Ok(client()));
        }
        let came = check(&hello(Some(&own), node(2)), Door::Bridge);
        assert_eq!(came, Ok(node(2)));
    }

    #[test]
    fn a_node_that_does_not_name_its_cluster_is_refused() {
        let refused = check(&hello(None, node(2)), Door::Bridge).unwrap_err();
        let said = "node-1 is not serving: a node has to name its cluster";
        assert_eq!(refused.to_string(), said);
    }

    #[test]
    fn whoever_comes_to_the_other_door_is_told_where_the_right_one_is() {
        for (speaker, door, said) in [
            (
                client(),
                Door::Bridge,
                "this port is for nodes, clients use host-1:7400",
            ),
            (
                node(2),
                Door::Client,
                "this port is for clients, nodes use host-1:7401",
            ),
        ] {
            let refused = check(&hello(None, speaker), door).unwrap_err();
            let said = format!("node-1 is not serving: {said}");
            assert_eq!(refused.to_string(), said);
        }
    }

    #[test]
    fn strangers_and_the_node_itself_are_no_other_members() {
        for stranger in [1, 77] {
            let own = 7_u128.to_be_bytes();
            let refused = check(&hello(Some(&own), node(stranger)), Door::Bridge);
            let refused = refused.unwrap_err().to_string();
            assert!(refused.contains(&format!("node-{stranger} is no other member")));
        }
    }

    #[test]
    fn another_cluster_is_refused() {
        let other = 1_u128.to_be_bytes();
        let refused = check(&hello(Some(&other), client()), Door::Client);
        assert!(
            matches!(refused, Err(RequestError::WrongCluster { .. })),
            "{refused:?}"
        );
    }

    #[test]
    fn ids_and_names_of_other_lengths_are_malformed() {
        let named = |len| hello(None, Speaker::Client("n".repeat(len)));
        assert!(check(&named(CLIENT_NAME_LEN_MAX), Door::Client).is_ok());
        let own = 7_u128.to_be_bytes();
        let wrong = [
            (
                hello(Some(&[]), client()),
                "a cluster of 0 bytes, which are 16",
            ),
            (
                hello(Some(&own[..15]), client()),
                "a cluster of 15 bytes, which are 16",
            ),
            (
                hello(Some(&[0xff; 40]), client()),
                "a cluster of 40 bytes, which are 16",
            ),
            (
                named(CLIENT_NAME_LEN_MAX + 1),
                "a name of 256 bytes, over 255",
            ),
        ];
        for (hello, cause) in wrong {
            let (kind, cause) = (Hello::KIND.0, cause.to_owned());
            let malformed = RequestError::Malformed { kind, cause };
            assert_eq!(check(&hello, Door::Client), Err(malformed));
        }
    }

    #[test]
    fn whatever_is_no_greeting_is_refused() {
        let greeting = hello(None, client());
        let other = Frame {
            kind: Status::KIND,
            ..greeting.clone()
        };
        let reply = Frame {
            flags: Flags::REPLY,
            ..greeting.clone()
        };
        for frame in [other, reply] {
            assert_eq!(
                check(&frame, Door::Client),
                Err(RequestError::HelloExpected)
            );
        }
        let body = Bytes::from_static(b"\xc1");
        let broken = check(&Frame { body, ..greeting }, Door::Client);
        assert!(matches!(
            broken,
            Err(RequestError::Malformed { kind: 1, .. })
        ));
    }
}
