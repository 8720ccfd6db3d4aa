//! A connection, from its greeting to its end.
//!
//! Every complete frame that the socket has is taken at once; each shard gets its requests of
//! that read as one message. A session stops reading its socket while its credits are spent.

use std::sync::Arc;
use std::time::Duration;

use cartwheel::coordination::{ClientRequest, Demand};
use cartwheel::greeting::{Door, Doorkeeper};
use cartwheel::limits::{
    BATCH_ITEMS_MAX, CLIENT_FRAME_LEN_MAX, SESSION_BYTES_MAX, SESSION_REQUESTS_MAX,
};
use cartwheel::message::client::{Delete, DeleteBatch, Get, GetBatch, Put, PutBatch, RequestError};
use cartwheel::message::frame::Frame;
use cartwheel::message::hello::{Hello, Speaker, Welcome};
use cartwheel::message::{Kind, Message, TABLE, decode, encode};
use cartwheel::node::{NodeId, OpeningId};
use cartwheel::planted_bug::{self, PlantedBug};
use tokio::io::{ReadHalf, WriteHalf};

use crate::bridge::inbound::answer;
use crate::bridge::serve_peer;
use crate::client::{Batch, Client};
use crate::frame_reader::{FrameReader, ReadError};
use crate::outbox::Outbox;
use crate::served::{ServedNode, write_out};
use crate::shell::Stream;

/// How long a connection may take to say who it is.
const GREETING_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves a connection until it ends.
pub async fn serve(node: Arc<ServedNode>, stream: Box<dyn Stream>, door: Door) {
    let (read, write) = tokio::io::split(stream);
    let reader = match door {
        Door::Client => FrameReader::from_client(read, CLIENT_FRAME_LEN_MAX),
        Door::Bridge => FrameReader::from_node(read, CLIENT_FRAME_LEN_MAX),
    };
    let greeting = tokio::time::timeout(GREETING_TIMEOUT, greet(&node, reader, door));
    match greeting.await {
        Ok(greeting) => greeting.go_on(node, write).await,
        Err(_) => tracing::debug!("a connection said nothing within {GREETING_TIMEOUT:?}"),
    }
}

/// What came of a connection's first frame.
enum Greeting {
    /// A client, and what it is answered.
    Client(FrameReader<ReadHalf<Box<dyn Stream>>>, Frame),
    /// A peer, and what it is answered.
    Peer(
        FrameReader<ReadHalf<Box<dyn Stream>>>,
        (NodeId, OpeningId),
        Frame,
    ),
    /// Someone who is told why and cut off.
    Refused(Frame),
    /// Nobody.
    Ended,
}

async fn greet(
    node: &ServedNode,
    mut reader: FrameReader<ReadHalf<Box<dyn Stream>>>,
    door: Door,
) -> Greeting {
    let first = match reader.greeting().await {
        Ok(first) => first,
        Err(ReadError::Ended(_)) => return Greeting::Ended,
        Err(error) => return Greeting::Refused(farewell(&error)),
    };
    let refused = |error| Greeting::Refused(answer(Hello::KIND, first.call, Err(error)));
    let welcome = answer(Hello::KIND, first.call, Ok(encode(&welcome(node))));
    match check_hello(node, &first, door) {
        Err(error) => refused(error),
        Ok(Speaker::Client(_)) => Greeting::Client(reader, welcome),
        Ok(Speaker::Node {
            node: peer,
            opening,
            address,
            ..
        }) => match node.admit(peer, opening, address).await {
            Err(error) => refused(error),
            Ok(()) => Greeting::Peer(reader, (peer, opening), welcome),
        },
    }
}

fn check_hello(node: &ServedNode, first: &Frame, door: Door) -> Result<Speaker, RequestError> {
    let ring = node.ring.current();
    let doorkeeper = Doorkeeper {
        node: node.id,
        cluster: node.identity.cluster,
        layout: ring.layout(),
    };
    doorkeeper.check(first, door)
}

fn welcome(node: &ServedNode) -> Welcome {
    Welcome {
        cluster: node.identity.cluster.0.to_be_bytes().to_vec(),
        node: node.id,
        store: node.identity.store,
        opening: node.identity.opening,
        credits: SESSION_REQUESTS_MAX,
        frame_limit: CLIENT_FRAME_LEN_MAX,
    }
}

/// The last frame of a connection whose bytes make no sense.
fn farewell(error: &ReadError) -> Frame {
    let cause = error.to_string();
    answer(Kind(0), 0, Err(RequestError::BadFrame { cause }))
}

impl Greeting {
    async fn go_on(self, node: Arc<ServedNode>, write: WriteHalf<Box<dyn Stream>>) {
        let outbox = Arc::new(Outbox::to_client(&node.unread));
        match self {
            Self::Ended => {}
            Self::Refused(frame) => {
                // A fresh outbox is open.
                let _ = outbox.push(&frame);
                outbox.close();
                write_out(&outbox, write).await;
            }
            Self::Client(reader, welcome) => {
                let _ = outbox.push(&welcome);
                let requests = Arc::clone(&outbox);
                Session { node, outbox }.run(reader, write).await;
                let under_way = requests.requests_under_way().0 > 0;
                if under_way && planted_bug::is(PlantedBug::WaitForTheDead) {
                    std::future::pending::<()>().await;
                }
            }
            Self::Peer(reader, peer, welcome) => {
                greet_peer(node, reader, peer, write, welcome).await;
            }
        }
    }
}

async fn greet_peer(
    node: Arc<ServedNode>,
    reader: FrameReader<ReadHalf<Box<dyn Stream>>>,
    peer: (NodeId, OpeningId),
    mut write: WriteHalf<Box<dyn Stream>>,
    welcome: Frame,
) {
    let mut bytes = bytes::BytesMut::new();
    welcome.encode(&mut bytes);
    if tokio::io::AsyncWriteExt::write_all(&mut write, &bytes)
        .await
        .is_ok()
    {
        serve_peer(node, peer, reader, write).await;
    }
}

struct Session {
    node: Arc<ServedNode>,
    outbox: Arc<Outbox>,
}

impl Session {
    async fn run(
        self,
        mut reader: FrameReader<ReadHalf<Box<dyn Stream>>>,
        write: WriteHalf<Box<dyn Stream>>,
    ) {
        let read = async {
            let mut frames = Vec::new();
            loop {
                self.take(&mut frames);
                self.credits().await;
                if let Err(error) = reader.frames(&mut frames).await {
                    // What came whole before the error is answered before the end.
                    self.all_answered(&error).await;
                    return error;
                }
            }
        };
        let mut write = std::pin::pin!(write_out(&self.outbox, write));
        let error = tokio::select! {
            biased;
            error = read => error,
            () = &mut write => return,
        };
        if !matches!(error, ReadError::Ended(_)) {
            // What was answered before the bad frame still leaves.
            let _ = self.outbox.push(&farewell(&error));
            self.outbox.close();
            write.await;
        }
        self.outbox.close();
    }

    /// Waits while too much of this connection is under way.
    async fn credits(&self) {
        loop {
            let (requests, bytes) = self.outbox.requests_under_way();
            let bytes = bytes + self.outbox.unwritten();
            let spent = requests >= SESSION_REQUESTS_MAX
                || bytes >= SESSION_BYTES_MAX
                || self.outbox.is_over_its_share();
            if !spent || self.outbox.is_closed() {
                return;
            }
            self.outbox.some_answered().await;
        }
    }

    /// Waits for the answers to what is under way, unless nobody is left to read them. Every
    /// request has a deadline, so this ends.
    async fn all_answered(&self, error: &ReadError) {
        let gone = matches!(error, ReadError::Ended(_));
        while !gone && !self.outbox.is_closed() && self.outbox.requests_under_way().0 > 0 {
            self.outbox.some_answered().await;
        }
    }

    fn take(&self, frames: &mut Vec<Frame>) {
        let mut requests = self.node.requests();
        for frame in frames.drain(..) {
            self.dispatch(frame, &mut requests);
        }
        self.node.coordinate(requests);
    }

    fn dispatch(&self, frame: Frame, requests: &mut [Vec<ClientRequest<Client>>]) {
        let bytes = frame.body.len();
        self.outbox.request_came(bytes);
        let client = Client::session(
            self.node.id,
            Arc::clone(&self.outbox),
            frame.kind,
            frame.call,
            bytes,
        );
        match frame.kind {
            Get::KIND | Put::KIND | Delete::KIND => match Demand::decode(frame.kind, &frame.body) {
                Ok(demand) => self.request(client, demand, frame.remaining_ms, requests),
                Err(error) => client.answer(Err(error)),
            },
            GetBatch::KIND | PutBatch::KIND | DeleteBatch::KIND => {
                self.batch(client, &frame, requests);
            }
            Hello::KIND => client.answer(Err(RequestError::HelloExpected)),
            kind if is_for_clients(kind) || self.node.extensions.are_for_clients(kind) => {
                self.ask(client, frame);
            }
            Kind(kind) => client.answer(Err(RequestError::UnknownKind { kind })),
        }
    }

    fn request(
        &self,
        client: Client,
        demand: Demand,
        remaining_ms: u32,
        requests: &mut [Vec<ClientRequest<Client>>],
    ) {
        let shard = self.node.shard_of(&demand);
        requests[shard.index()].push(ClientRequest {
            client,
            demand,
            deadline: self.node.deadline(remaining_ms),
            forwarded_by: None,
        });
    }

    fn batch(&self, whole: Client, frame: &Frame, requests: &mut [Vec<ClientRequest<Client>>]) {
        let demands = match demands(frame) {
            Ok(demands) => demands,
            Err(error) => return whole.answer(Err(error)),
        };
        let items = demands.len();
        let batch = Batch::new(items, whole);
        for (at, demand) in demands.into_iter().enumerate() {
            let client = Client::item(self.node.id, Arc::clone(&batch), at);
            self.request(client, demand, frame.remaining_ms, requests);
        }
    }

    /// A question to the node itself.
    fn ask(&self, client: Client, frame: Frame) {
        let node = Arc::clone(&self.node);
        actix_rt::spawn(async move {
            client.answer(node.ask(frame.kind, frame.body, frame.remaining_ms).await);
        });
    }
}

/// Clients may ask what stands in the table before the nodes' own kinds.
fn is_for_clients(kind: Kind) -> bool {
    kind < FIRST_OF_NODES && TABLE.iter().any(|entry| entry.kind == kind)
}

/// From here on the table is for nodes.
const FIRST_OF_NODES: Kind = Kind(64);

/// A batch of which nothing but the number of its items is of interest.
#[derive(serde::Deserialize)]
struct Counted {
    items: Vec<serde::de::IgnoredAny>,
}

/// Bodies up to this length are decoded before their items are counted: they hold some ten
/// thousand at most.
const COUNTED_FROM: usize = 128 * 1024;

/// An item takes five bytes of a frame, and some hundred in memory: a batch of too many is
/// counted, which takes none, before it is decoded.
fn check_items(frame: &Frame) -> Result<(), RequestError> {
    if frame.body.len() <= COUNTED_FROM {
        return Ok(());
    }
    match decode(frame.kind, &frame.body) {
        Ok(Counted { items }) => check_len(items.len()),
        // Who decodes the items says what is wrong with them.
        Err(_) => Ok(()),
    }
}

fn check_len(items: usize) -> Result<(), RequestError> {
    if items > BATCH_ITEMS_MAX {
        let (items, limit) = (items as u64, BATCH_ITEMS_MAX as u64);
        return Err(RequestError::BatchTooLong { items, limit });
    }
    Ok(())
}

fn demands(frame: &Frame) -> Result<Vec<Demand>, RequestError> {
    check_items(frame)?;
    let (kind, body) = (frame.kind, &frame.body);
    let demands: Result<Vec<Demand>, _> = match kind {
        GetBatch::KIND => decode(kind, body)
            .map(|GetBatch { items }| items.into_iter().map(Demand::Get).collect()),
        PutBatch::KIND => decode(kind, body)
            .map(|PutBatch { items }| items.into_iter().map(Demand::Put).collect()),
        _ => decode(kind, body)
            .map(|DeleteBatch { items }| items.into_iter().map(Demand::Delete).collect()),
    };
    let demands = demands.map_err(|error| RequestError::Malformed {
        kind: kind.0,
        cause: error.cause,
    })?;
    check_len(demands.len())?;
    Ok(demands)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use cartwheel::message::frame::Flags;

    use super::*;

    /// Items that are none: were they decoded first, this would be another error.
    #[test]
    fn a_batch_of_far_too_many_items_is_counted_before_it_is_decoded() {
        let mut body = vec![0x91, 0xdd];
        body.extend_from_slice(&500_000_u32.to_be_bytes());
        body.resize(body.len() + 500_000, 0xc0);
        let frame = Frame {
            kind: GetBatch::KIND,
            flags: Flags::REQUEST,
            call: 1,
            remaining_ms: 0,
            body: Bytes::from(body),
        };
        let (items, limit) = (500_000, BATCH_ITEMS_MAX as u64);
        let refused = RequestError::BatchTooLong { items, limit };
        assert_eq!(demands(&frame).err(), Some(refused));
    }
}
