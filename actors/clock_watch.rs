//! The actor that asks the peers for their time, and hands what it hears to the coordinators.
//!
//! When it dies it starts again with what it knew at its start, and asks; the coordinators keep
//! what they were told last until then, through restarts of their own.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Supervised};
use cartwheel::clock_offset::{ClockExchange, ClockOffsets};
use cartwheel::message::clock::{ClockQuery, ClockReading};
use cartwheel::message::{Kind, Message};
use cartwheel::node::NodeId;
use cartwheel::time::WallTime;
use futures::future::join_all;

use crate::bridge::{Peers, Router};
use crate::coordinator::CoordinatorAddress;
use crate::shell::Clock;

/// The kinds that are answered here.
pub const KINDS: [Kind; 1] = [ClockQuery::KIND];

/// The time between two rounds: a clock that drifts takes far longer to be off by the limit.
const ROUND: Duration = Duration::from_secs(3);

/// Registers a handler for each of [`KINDS`].
pub fn routes(router: &mut Router, clock: Arc<dyn Clock>) {
    router.route(move |_: ClockQuery| {
        let WallTime(wall_ms) = clock.wall();
        async move { Ok(ClockReading { wall_ms }) }
    });
}

/// Asks the peers for their time.
#[derive(Clone)]
pub struct ClockWatch {
    /// The peers.
    pub peers: Peers,
    /// The own clock.
    pub clock: Arc<dyn Clock>,
    /// Who is told.
    pub coordinators: Vec<CoordinatorAddress>,
    /// What is known of the peers' clocks.
    pub offsets: ClockOffsets,
    /// Whether they made it refuse writes at the last look.
    pub refuses: bool,
}

impl ClockWatch {
    /// Asks every peer once, and tells the coordinators what was heard.
    pub async fn round(&mut self) {
        let asked = self.peers.nodes().map(|peer| self.ask(peer));
        for (peer, exchange) in join_all(asked).await.into_iter().flatten() {
            self.offsets.observe(peer, exchange);
        }
        self.tell();
        let offsets = Arc::new(self.offsets.clone());
        for coordinator in &self.coordinators {
            coordinator.clocks(Arc::clone(&offsets));
        }
    }

    /// Tells the operator when it begins to matter, and when it is over.
    fn tell(&mut self) {
        let checked = self.offsets.check(self.clock.now(), self.clock.wall());
        if checked.is_err() == self.refuses {
            return;
        }
        self.refuses = checked.is_err();
        match checked {
            Err(error) => tracing::warn!(%error, "last-writer-wins writes are refused"),
            Ok(()) => tracing::info!("last-writer-wins writes are taken again"),
        }
    }

    async fn ask(&self, peer: NodeId) -> Option<(NodeId, ClockExchange)> {
        let asked = self.clock.now();
        // A peer that is away is asked again in the next round.
        let ClockReading { wall_ms } = self.peers.call(peer, ClockQuery).await.ok()?;
        let exchange = ClockExchange {
            asked,
            answered: self.clock.now(),
            wall: WallTime(wall_ms),
        };
        Some((peer, exchange))
    }

    async fn keep(mut self) {
        loop {
            tokio::time::sleep(ROUND).await;
            self.round().await;
        }
    }
}

impl Actor for ClockWatch {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        // One future for the whole life of the actor: a panic in it restarts the actor.
        context.spawn(actix::fut::wrap_future(self.clone().keep()));
    }
}

impl Supervised for ClockWatch {
    fn restarting(&mut self, _: &mut Self::Context) {}
}
