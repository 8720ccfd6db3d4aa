//! A message of an extension on its way to the extension's actor.

use cartwheel::message::Message;
use cartwheel::message::client::RequestError;

/// A question for the actor: from this node, another, or a client, all alike.
///
/// Answers of the extension's own, refusals among them, belong into the reply type; the error is
/// for what can happen to every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question<M>(pub M);

impl<M: Message + 'static> actix::Message for Question<M>
where
    M::Reply: 'static,
{
    type Result = Result<M::Reply, RequestError>;
}
