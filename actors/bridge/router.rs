//! Who answers which kind of message on this node.

use std::any::Any;
use std::collections::BTreeMap;
use std::future::Future;

use bytes::Bytes;
use cartwheel::message::client::RequestError;
use cartwheel::message::{Kind, Message, decode, encode};
use futures::future::LocalBoxFuture;

use super::call::CallError;

type Reply<T> = LocalBoxFuture<'static, Result<T, RequestError>>;

/// The handlers of a node, by kind.
#[derive(Default)]
pub struct Router {
    handlers: BTreeMap<Kind, Box<dyn ErasedHandler>>,
}

impl Router {
    /// Lets a function answer a kind of message; a later one for the same kind replaces it.
    pub fn route<M, F>(&mut self, handler: impl Fn(M) -> F + Send + Sync + 'static)
    where
        M: Message + 'static,
        M::Reply: 'static,
        F: Future<Output = Result<M::Reply, RequestError>> + 'static,
    {
        self.insert(move |message, _| Box::pin(handler(message)));
    }

    /// The same for a function that is told, too, how long the message is on the wire.
    pub fn route_with_len<M, F>(&mut self, handler: impl Fn(M, usize) -> F + Send + Sync + 'static)
    where
        M: Message + 'static,
        M::Reply: 'static,
        F: Future<Output = Result<M::Reply, RequestError>> + 'static,
    {
        self.insert(move |message, len| {
            let len = len.unwrap_or_else(|| encode(&message).len());
            Box::pin(handler(message, len))
        });
    }

    fn insert<M>(
        &mut self,
        handle: impl Fn(M, Option<usize>) -> Reply<M::Reply> + Send + Sync + 'static,
    ) where
        M: Message + 'static,
        M::Reply: 'static,
    {
        let handle = Box::new(handle);
        let handler = TypedHandler::<M> { handle };
        self.handlers.insert(M::KIND, Box::new(handler));
    }

    /// The kinds that nobody answers, of those that somebody must.
    pub fn check(&self, kinds: impl IntoIterator<Item = Kind>) -> Result<(), MissingHandler> {
        for kind in kinds {
            if !self.handlers.contains_key(&kind) {
                return Err(MissingHandler { kind });
            }
        }
        Ok(())
    }

    /// Answers a message as it is.
    pub async fn here<M>(&self, message: M) -> Result<M::Reply, CallError>
    where
        M: Message + 'static,
        M::Reply: 'static,
    {
        let kind = M::KIND.0;
        let unknown = CallError::Refused(RequestError::UnknownKind { kind });
        let Some(handler) = self.handlers.get(&M::KIND) else {
            return Err(unknown);
        };
        let reply = handler
            .typed(Box::new(message))
            .await
            .map_err(CallError::Refused)?;
        reply.downcast().map(|reply| *reply).map_err(|_| unknown)
    }

    /// Answers an encoded message.
    pub fn encoded(&self, kind: Kind, body: Bytes) -> Reply<Bytes> {
        match self.handlers.get(&kind) {
            Some(handler) => handler.encoded(kind, body),
            None => {
                let Kind(kind) = kind;
                Box::pin(async move { Err(RequestError::UnknownKind { kind }) })
            }
        }
    }
}

trait ErasedHandler: Send + Sync {
    fn typed(&self, message: Box<dyn Any>) -> Reply<Box<dyn Any>>;
    fn encoded(&self, kind: Kind, body: Bytes) -> Reply<Bytes>;
}

struct TypedHandler<M: Message> {
    /// With the length on the wire, if the message was on one.
    #[allow(clippy::type_complexity)]
    handle: Box<dyn Fn(M, Option<usize>) -> Reply<M::Reply> + Send + Sync>,
}

impl<M: Message + 'static> ErasedHandler for TypedHandler<M>
where
    M::Reply: 'static,
{
    fn typed(&self, message: Box<dyn Any>) -> Reply<Box<dyn Any>> {
        let Ok(message) = message.downcast::<M>() else {
            let kind = M::KIND.0;
            return Box::pin(async move { Err(RequestError::UnknownKind { kind }) });
        };
        let reply = (self.handle)(*message, None);
        Box::pin(async move { Ok(Box::new(reply.await?) as Box<dyn Any>) })
    }

    fn encoded(&self, kind: Kind, body: Bytes) -> Reply<Bytes> {
        match decode::<M>(kind, &body) {
            Ok(message) => {
                let reply = (self.handle)(message, Some(body.len()));
                Box::pin(async move { Ok(encode(&reply.await?)) })
            }
            Err(error) => {
                let (kind, cause) = (kind.0, error.cause);
                Box::pin(async move { Err(RequestError::Malformed { kind, cause }) })
            }
        }
    }
}

/// A kind of the table that no actor answers: the node does not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no handler is registered for kind {kind}")]
pub struct MissingHandler {
    /// The kind.
    pub kind: Kind,
}
