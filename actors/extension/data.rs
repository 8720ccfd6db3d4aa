//! Reading and writing as a client does, without a connection.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cartwheel::coordination::{ClientRequest, Demand};
use cartwheel::extension::Accepted;
use cartwheel::limits::EXTENSION_REQUESTS_MAX;
use cartwheel::message::client::{
    Delete, Deleted, Get, Got, List, Listed, Put, PutDone, QuorumOptions, RequestError,
};
use cartwheel::message::{Message, decode};
use cartwheel::version::{ContextSecret, RecordError, RequestId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::administration::overloaded;
use crate::bridge::Peers;
use crate::client::Client;
use crate::listing;
use crate::served::ServedNode;
use crate::shell::EntropySource;

/// The keys of the cluster, by way of this node's coordinators: the same rules, deadlines and
/// errors as for a client. Clones share the extension's credits, and what is no longer waited for
/// keeps its credit until it is over.
#[derive(Clone)]
pub struct Data {
    served: Arc<ServedNode>,
    peers: Peers,
    entropy: Arc<dyn EntropySource>,
    secret: ContextSecret,
    room: Arc<Semaphore>,
    timeout: Duration,
}

impl Data {
    pub(crate) fn new(
        served: Arc<ServedNode>,
        peers: Peers,
        entropy: Arc<dyn EntropySource>,
        secret: ContextSecret,
    ) -> Self {
        Self {
            timeout: served.request_timeout,
            served,
            peers,
            entropy,
            secret,
            room: Arc::new(Semaphore::new(EXTENSION_REQUESTS_MAX)),
        }
    }

    /// The same keys, with another deadline for each request.
    pub fn within(&self, timeout: Duration) -> Self {
        let timeout = timeout.min(self.served.request_timeout_max);
        Self {
            timeout,
            ..self.clone()
        }
    }

    /// Reads a key.
    pub async fn get(&self, bucket: &str, key: Bytes) -> Result<Got, RequestError> {
        let (bucket, context) = (bucket.to_owned(), Bytes::new());
        let options = QuorumOptions::default();
        self.send_get(Get {
            bucket,
            key,
            context,
            options,
        })
        .await
    }

    /// Writes a key; the context is that of what the value replaces, or empty.
    pub async fn put(
        &self,
        bucket: &str,
        key: Bytes,
        value: Bytes,
        context: Bytes,
    ) -> Result<PutDone, RequestError> {
        self.send_put(Put {
            bucket: bucket.to_owned(),
            key,
            value,
            context,
            request: self.request_id(),
            attributes: None,
            options: QuorumOptions::default(),
        })
        .await
    }

    /// Deletes from a key what the context covers, and nothing else.
    pub async fn delete(
        &self,
        bucket: &str,
        key: Bytes,
        context: Bytes,
    ) -> Result<Deleted, RequestError> {
        self.send_delete(Delete {
            bucket: bucket.to_owned(),
            key,
            context,
            request: self.request_id(),
            options: QuorumOptions::default(),
        })
        .await
    }

    /// A page of a bucket's keys.
    pub async fn list(
        &self,
        bucket: &str,
        cursor: Bytes,
        limit: u32,
    ) -> Result<Listed, RequestError> {
        let credit = self.credit()?;
        let bucket = bucket.to_owned();
        let list = List {
            bucket,
            cursor,
            limit,
        };
        let (ring, clock) = (self.served.ring.current(), Arc::clone(&self.served.clock));
        let page = listing::page(ring, self.peers.clone(), clock, list);
        let page = tokio::time::timeout(self.timeout, page);
        let (answer, answered) = oneshot::channel();
        actix_rt::spawn(async move {
            let page = page.await;
            drop(credit);
            // Whoever asked may have stopped waiting.
            let _ = answer.send(page);
        });
        let node = self.served.id;
        let page = answered
            .await
            .map_err(|_| RequestError::Restarted { node })?;
        page.unwrap_or_else(|_| Err(self.served.timed_out(self.timeout)))
    }

    /// Reads a key, with all that can be said about a read.
    pub async fn send_get(&self, get: Get) -> Result<Got, RequestError> {
        self.ask::<Get>(Demand::Get(get)).await
    }

    /// Writes a key, with all that can be said about a write. A retry with the same request id is
    /// the same write.
    pub async fn send_put(&self, put: Put) -> Result<PutDone, RequestError> {
        self.ask::<Put>(Demand::Put(put)).await
    }

    /// Deletes from a key, with all that can be said about it.
    pub async fn send_delete(&self, delete: Delete) -> Result<Deleted, RequestError> {
        self.ask::<Delete>(Demand::Delete(delete)).await
    }

    /// The context of exactly what a record held when it was accepted: a write with it replaces
    /// that, a delete removes that, and what was written since stays.
    pub fn context_of(&self, accepted: &Accepted) -> Result<Bytes, RecordError> {
        let context = accepted.record()?.context();
        Ok(context.seal(&self.secret, accepted.bucket(), &accepted.key()))
    }

    /// A name for a write that no other has.
    pub fn request_id(&self) -> RequestId {
        let mut numbers = self.entropy.fork();
        let bits = [numbers.next_u64(), numbers.next_u64()].map(u128::from);
        RequestId::new(bits[0] << 64 | bits[1])
    }

    async fn ask<M: Message>(&self, demand: Demand) -> Result<M::Reply, RequestError> {
        let credit = self.credit()?;
        let (answer, answered) = oneshot::channel();
        let shard = self.served.shard_of(&demand);
        let request = ClientRequest {
            client: Client::extension(self.served.id, answer, credit),
            demand,
            deadline: self.served.clock.now().after(self.timeout),
            forwarded_by: None,
        };
        let node = self.served.id;
        self.served.coordinators[shard.index()].requests(vec![request]);
        let body = answered
            .await
            .map_err(|_| RequestError::Restarted { node })??;
        decode(M::KIND, &body).map_err(|error| RequestError::Malformed {
            kind: M::KIND.0,
            cause: error.cause,
        })
    }

    fn credit(&self) -> Result<OwnedSemaphorePermit, RequestError> {
        let credit = Arc::clone(&self.room).try_acquire_owned();
        credit.map_err(|_| overloaded())
    }
}
