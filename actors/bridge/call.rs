//! One question, one answer, here or on another node.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cartwheel::message::client::RequestError;
use cartwheel::message::{DecodeError, Kind, Message, decode, encode};
use cartwheel::node::NodeId;

use super::link::Link;
use super::router::Router;
use crate::administration::overloaded;

/// How long a question to a node waits, to this one as to a peer: far more than a healthy one needs.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// Every node that can be asked, this one included.
#[derive(Clone)]
pub struct Peers {
    node: NodeId,
    links: Arc<BTreeMap<NodeId, Arc<Link>>>,
    router: Arc<Router>,
    asks: Asks,
}

/// What may be asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// Whatever a node answers.
    Everything,
    /// What extensions answer.
    Extensions,
}

impl Peers {
    /// The peers behind these links; `router` answers for this node.
    pub fn new(node: NodeId, links: BTreeMap<NodeId, Arc<Link>>, router: Arc<Router>) -> Self {
        let links = Arc::new(links);
        Self {
            node,
            links,
            router,
            asks: Asks::Everything,
        }
    }

    /// The same nodes for an extension. The nodes' own messages are their agreements, and the
    /// credits for those are theirs.
    pub(crate) fn for_extensions(self) -> Self {
        Self {
            asks: Asks::Extensions,
            ..self
        }
    }

    /// The other nodes.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.links.keys().copied()
    }

    /// The link to a peer.
    pub(crate) fn link(&self, peer: NodeId) -> Option<&Arc<Link>> {
        self.links.get(&peer)
    }

    /// Puts a question to a node: to this one as it is, to another over its link.
    pub async fn call<M>(&self, node: NodeId, message: M) -> Result<M::Reply, CallError>
    where
        M: Message + 'static,
        M::Reply: 'static,
    {
        if self.asks == Asks::Extensions && !M::KIND.is_of_extensions() {
            return Err(CallError::NotOfExtensions { kind: M::KIND });
        }
        if node == self.node {
            let (peer, wait) = (node, CALL_TIMEOUT);
            let answered = tokio::time::timeout(wait, self.router.here(message)).await;
            return answered.unwrap_or(Err(CallError::TimedOut { peer, wait }));
        }
        let link = self
            .links
            .get(&node)
            .ok_or(CallError::Unreachable { peer: node })?;
        let body: Bytes = link.call(M::KIND, encode(&message), CALL_TIMEOUT).await?;
        decode(M::KIND, &body).map_err(CallError::Malformed)
    }
}

/// A question without an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The link is down, or went down.
    #[error("the link to {peer} is down")]
    Unreachable {
        /// The peer.
        peer: NodeId,
    },
    /// The peer has not answered so many questions.
    #[error("{peer} has {limit} questions to answer already")]
    CreditsSpent {
        /// The peer.
        peer: NodeId,
        /// The credits of its class: that of the nodes, or of extensions.
        limit: u32,
    },
    /// It fits no message between nodes, and nothing was sent.
    #[error("a question of {len} bytes to {peer} is over the limit of {limit}")]
    QuestionTooLarge {
        /// The peer.
        peer: NodeId,
        /// How long it is, encoded.
        len: usize,
        /// How long it may be.
        limit: usize,
    },
    /// An extension asks a message of the nodes' own: its keys are behind `NodeHandle::data`.
    #[error("kind {kind} is the nodes' own, and no extension asks it")]
    NotOfExtensions {
        /// The kind.
        kind: Kind,
    },
    /// No answer in time.
    #[error("{peer} did not answer within {wait:?}")]
    TimedOut {
        /// The peer.
        peer: NodeId,
        /// How long it had.
        wait: Duration,
    },
    /// The peer answered with an error.
    #[error(transparent)]
    Refused(RequestError),
    /// The peer's answer is none.
    #[error(transparent)]
    Malformed(DecodeError),
}

impl CallError {
    /// What whoever asked this node is told, when its question hung on another node.
    pub fn into_refusal(self) -> RequestError {
        let (node, cause) = match self {
            Self::Refused(refusal) => return refusal,
            Self::CreditsSpent { .. } => return overloaded(),
            Self::NotOfExtensions { kind: Kind(kind) } => {
                return RequestError::UnknownKind { kind };
            }
            Self::QuestionTooLarge { len, limit, .. } => {
                let (len, limit) = (len as u64, limit as u64);
                return RequestError::QuestionTooLarge { len, limit };
            }
            Self::Unreachable { peer } | Self::TimedOut { peer, .. } => (peer, self.to_string()),
            Self::Malformed(error) => {
                let (kind, cause) = (error.kind.0, error.cause);
                return RequestError::Malformed { kind, cause };
            }
        };
        RequestError::NotServing { node, cause }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use cartwheel::message::clock::{ClockQuery, ClockReading};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_question_to_the_own_node_has_the_deadline_of_any_other() {
        let mut router = Router::default();
        router.route(|_: ClockQuery| pending());
        let own = NodeId(1);
        let peers = Peers::new(own, BTreeMap::new(), Arc::new(router));
        let asked = tokio::time::timeout(2 * CALL_TIMEOUT, peers.call(own, ClockQuery)).await;
        let (peer, wait) = (own, CALL_TIMEOUT);
        let expected = CallError::TimedOut { peer, wait };
        assert_eq!(asked.expect("it ends").unwrap_err(), expected);
    }

    #[tokio::test]
    async fn an_extension_asks_no_node_what_is_the_nodes_own() {
        let mut router = Router::default();
        router.route(|_: ClockQuery| async { Ok(ClockReading { wall_ms: 7 }) });
        let own = NodeId(1);
        let peers = Peers::new(own, BTreeMap::new(), Arc::new(router));
        let reading = peers.call(own, ClockQuery).await.unwrap();
        assert_eq!(reading.wall_ms, 7);
        let peers = peers.for_extensions();
        for node in [own, NodeId(2)] {
            let refused = peers.call(node, ClockQuery).await.unwrap_err();
            let kind = ClockQuery::KIND;
            assert_eq!(refused, CallError::NotOfExtensions { kind });
            let unknown = RequestError::UnknownKind { kind: kind.0 };
            assert_eq!(refused.into_refusal(), unknown);
        }
    }
}
