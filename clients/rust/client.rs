//! The client: a few connections to a cluster, shared by all who ask.

use std::sync::Arc;
use std::time::Duration;

use cartwheel::bucket::Bucket as BucketPolicy;
use cartwheel::message::Message;
use cartwheel::message::client::{
    BucketCreate, BucketList, Ring, RingDescription, Status, StatusDescription,
};
use cartwheel::planted_bug::{self, PlantedBug};
use cartwheel::version::RequestId;
use tokio::task::JoinSet;

use crate::attempts::Effect;
use crate::bucket::Bucket;
use crate::builder::ClientBuilder;
use crate::error::Error;
use crate::exchange::Exchange;
use crate::pool::Pool;
use crate::settings::Settings;
use crate::time_limit::TimeLimit;

/// A client of one cluster. Clones share its connections; the last to go closes them.
#[derive(Clone, Debug)]
pub struct Client(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    exchange: Exchange,
    /// The tasks that keep the connections; they end with the last clone.
    _tasks: JoinSet<()>,
}

impl Client {
    /// Begins to make a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// Opens the connections, and waits for the first.
    pub(crate) async fn open(settings: Settings) -> Result<Self, Error> {
        let settings = Arc::new(settings);
        let pool = Pool::new(settings.clone());
        let tasks = pool.start();
        let contact = pool.first_contact().await;
        contact.map_err(|last| settings.lost(last, false))?;
        Ok(Self(Arc::new(Shared {
            exchange: Exchange { pool, settings },
            _tasks: tasks,
        })))
    }

    /// A bucket by its name.
    pub fn bucket(&self, name: &str) -> Bucket {
        Bucket::new(self.clone(), name)
    }

    /// Creates a bucket; every member must be up. Its id is minted by the nodes.
    pub async fn create_bucket(&self, policy: BucketPolicy) -> Result<BucketPolicy, Error> {
        let message = BucketCreate { bucket: policy };
        // Creating a bucket that exists with this very policy is well, so a retry is, too.
        let created = self
            .exchange()
            .ask(&message, Effect::Write, self.time(None));
        Ok(created.await?.bucket)
    }

    /// Every bucket.
    pub async fn buckets(&self) -> Result<Vec<BucketPolicy>, Error> {
        let listed = self
            .exchange()
            .ask(&BucketList, Effect::Read, self.time(None));
        let buckets = listed.await?.into_iter();
        Ok(buckets.map(|description| description.bucket).collect())
    }

    /// How one of the nodes is. For a certain node, make a client with its endpoint alone.
    pub async fn status(&self) -> Result<StatusDescription, Error> {
        let time = self.time(None);
        self.exchange().ask(&Status, Effect::Read, time).await
    }

    /// Members and ownership, as one of the nodes knows them.
    pub async fn ring(&self) -> Result<RingDescription, Error> {
        let time = self.time(None);
        self.exchange().ask(&Ring, Effect::Read, time).await
    }

    /// Asks one of the nodes a message of an extension. It is sent again if need be, so it has to
    /// be one that may be asked twice.
    pub async fn ask<M: Message>(&self, message: &M) -> Result<M::Reply, Error> {
        let time = self.time(None);
        self.exchange().ask(message, Effect::Write, time).await
    }

    pub(crate) fn exchange(&self) -> &Exchange {
        &self.0.exchange
    }

    /// A new name for a write, which no other has: see [`Put::request_id`](crate::Put::request_id).
    pub fn new_request_id(&self) -> RequestId {
        let id = self.0.exchange.settings.entropy.request_id();
        match planted_bug::is(PlantedBug::DrawFromTooFewIds) {
            true => RequestId([id.0[0]; 16]),
            false => id,
        }
    }

    /// The name that was given to a write, or a new one.
    pub(crate) fn request_id(&self, given: Option<RequestId>) -> RequestId {
        given.unwrap_or_else(|| self.new_request_id())
    }

    pub(crate) fn time(&self, timeout: Option<Duration>) -> TimeLimit {
        TimeLimit::start(timeout.unwrap_or(self.0.exchange.settings.timeout))
    }
}
