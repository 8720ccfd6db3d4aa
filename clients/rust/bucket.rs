//! A bucket: where keys are read and written.

use std::sync::Arc;

use bytes::Bytes;
use cartwheel::message::client::{Locate, Located};

use crate::attempts::Effect;
use crate::batch::{DeleteBatch, DeleteItem, GetBatch, PutBatch, PutItem};
use crate::client::Client;
use crate::delete::Delete;
use crate::error::Error;
use crate::get::Get;
use crate::list::List;
use crate::object::Context;
use crate::put::Put;

/// A bucket of a cluster, by name; made without asking whether it exists.
#[derive(Clone, Debug)]
pub struct Bucket {
    client: Client,
    name: Arc<str>,
}

impl Bucket {
    pub(crate) fn new(client: Client, name: &str) -> Self {
        let name = name.into();
        Self { client, name }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The client that it belongs to.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Reads a key.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Get {
        Get::new(self.clone(), Bytes::copy_from_slice(key.as_ref()))
    }

    /// Writes a value.
    pub fn put(&self, key: impl AsRef<[u8]>, value: impl Into<Bytes>) -> Put {
        let key = Bytes::copy_from_slice(key.as_ref());
        Put::new(self.clone(), key, value.into())
    }

    /// Deletes what the context covers.
    pub fn delete(&self, key: impl AsRef<[u8]>, context: impl Into<Context>) -> Delete {
        let key = Bytes::copy_from_slice(key.as_ref());
        Delete::new(self.clone(), key, context.into())
    }

    /// Reads several keys, each for itself.
    pub fn get_batch<K: AsRef<[u8]>>(&self, keys: impl IntoIterator<Item = K>) -> GetBatch {
        let keys = keys.into_iter();
        let keys = keys.map(|key| Bytes::copy_from_slice(key.as_ref()));
        GetBatch::new(self.clone(), keys.collect())
    }

    /// Writes several values, each for itself.
    pub fn put_batch(&self, items: impl IntoIterator<Item = PutItem>) -> PutBatch {
        PutBatch::new(self.clone(), items.into_iter().collect())
    }

    /// Deletes from several keys, each for itself.
    pub fn delete_batch<I: Into<DeleteItem>>(
        &self,
        items: impl IntoIterator<Item = I>,
    ) -> DeleteBatch {
        let items = items.into_iter().map(I::into);
        DeleteBatch::new(self.clone(), items.collect())
    }

    /// Lists the keys.
    pub fn list(&self) -> List {
        List::new(self.clone())
    }

    /// Tells where a key lives.
    pub async fn locate(&self, key: impl AsRef<[u8]>) -> Result<Located, Error> {
        let message = Locate {
            bucket: self.name.to_string(),
            key: Bytes::copy_from_slice(key.as_ref()),
        };
        let time = self.client.time(None);
        let exchange = self.client.exchange();
        exchange.ask(&message, Effect::Read, time).await
    }
}
