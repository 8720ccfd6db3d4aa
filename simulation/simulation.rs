//! What is to be simulated: a cluster, its clients, and what goes wrong.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use cartwheel::config::Config;
use cartwheel_actors::extension::Extension;
use futures::future::LocalBoxFuture;
use toml::Table;

use crate::clients::{AUDITOR, ClientResult, Cluster};
use crate::cluster::{Configure, is_of_node};
use crate::faults::{Fault, Mix, Planned};
use crate::report::Report;
use crate::run::run;

/// The longest that a run may be unless told otherwise.
const AT_MOST: Duration = Duration::from_secs(90);

/// How far all hosts go in one step unless told otherwise.
const STEP: Duration = Duration::from_millis(2);

/// The longest step: what ends is noticed at its end, and the judge grants an answer no more than
/// two of them behind its time.
const STEP_MAX: Duration = Duration::from_millis(8);

/// So many seconds of simulated time.
pub const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// So many milliseconds of simulated time.
pub const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The code of a client, begun when the cluster begins, and again when the client was killed.
pub(crate) type ClientCode = Box<dyn Fn(Cluster) -> LocalBoxFuture<'static, ClientResult>>;

/// A run that has not begun: a cluster, its clients, and what goes wrong.
///
/// All of it is decided by the seed. When every client is done and every fault is over, all is
/// healed; then every key that a client asked for is read from all its owners and through every
/// node, and the history is judged.
///
/// ```
/// use cartwheel_simulation::{Fault, Simulation, links, secs};
///
/// let report = Simulation::from_seed(7)
///     .client("alice", |cluster| async move {
///         let carts = cluster.client().await.bucket();
///         let cart = carts.get("cart").await?;
///         cluster.until(secs(2)).await;
///         carts.put("cart", "milk").context(cart.context).await?;
///         Ok(())
///     })
///     .at(secs(1), Fault::partition(&[1], &[2, 3]))
///     .at(secs(3), Fault::Mend(links(&[1], &[2, 3])))
///     .run();
/// report.assert_clean();
/// ```
#[must_use = "nothing is simulated until it is run"]
pub struct Simulation {
    pub(crate) name: String,
    pub(crate) seed: u64,
    pub(crate) nodes: u64,
    pub(crate) shards: u16,
    pub(crate) extensions: Vec<(Extension, Table)>,
    pub(crate) extensions_write_after: Option<Duration>,
    pub(crate) configure: Configure,
    pub(crate) clients: Vec<(String, ClientCode)>,
    pub(crate) planned: Vec<Planned>,
    pub(crate) mix: Mix,
    pub(crate) at_most: Duration,
    pub(crate) step: Duration,
}

impl Simulation {
    /// Three nodes of two shards each, without clients, of which nothing fails.
    pub fn from_seed(seed: u64) -> Self {
        Self {
            name: "simulation".to_owned(),
            seed,
            nodes: 3,
            shards: 2,
            extensions: Vec::new(),
            extensions_write_after: None,
            configure: Rc::new(|_| {}),
            clients: Vec::new(),
            planned: Vec::new(),
            mix: Mix::empty(),
            at_most: AT_MOST,
            step: STEP,
        }
    }

    /// What it is called in reports and in the names of their files: two runs of one name and one seed
    /// write the same files.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// How many nodes there are, at least one; each key has up to three owners among them.
    pub fn nodes(mut self, nodes: u64) -> Self {
        self.nodes = nodes.max(1);
        self
    }

    /// How many shards each node has.
    pub fn shards(mut self, shards: u16) -> Self {
        self.shards = shards.max(1);
        self
    }

    /// An extension on every node, with what stands in its section of the configuration, in TOML;
    /// they start in the order in which they are given.
    #[track_caller]
    pub fn extension(mut self, extension: Extension, settings: &str) -> Self {
        let settings = settings.parse::<Table>().unwrap_or_else(|error| {
            let name = extension.name();
            panic!("the settings of extension {name} are no TOML: {error}")
        });
        self.extensions.push((extension, settings));
        self
    }

    /// The extensions write and delete keys of `default` too, which nothing records: they may
    /// replace what a client has put, but no sooner than this after it was asked. Until then it
    /// must be shown, and once it is gone it must not come back; what no client has put is not
    /// judged at all. Without this a value that an extension deletes counts as lost, and one that
    /// it puts as invented. What it does in other buckets is its author's to look at.
    pub fn extensions_write_after(mut self, time: Duration) -> Self {
        self.extensions_write_after = Some(time);
        self
    }

    /// Changes the configuration of every node, each time it starts.
    pub fn configure(mut self, change: impl Fn(&mut Config) + 'static) -> Self {
        self.configure = Rc::new(change);
        self
    }

    /// A client on a host of its own, written as any other: its name is also the host's, for
    /// [`Fault::Cut`] and its like. Panics where a host of that name is there already: another
    /// client's, or one of the simulation's own. When the client dies ([`Fault::KillClient`]) its code begins
    /// anew, as somebody of another name who knows nothing: what it has captured is cloned for each life.
    #[track_caller]
    pub fn client<F>(
        mut self,
        name: impl Into<String>,
        code: impl FnOnce(Cluster) -> F + Clone + 'static,
    ) -> Self
    where
        F: Future<Output = ClientResult> + 'static,
    {
        let code: ClientCode = Box::new(move |cluster| Box::pin(code.clone()(cluster)));
        let name = name.into();
        self.refuse_taken(&name);
        self.clients.push((name, code));
        self
    }

    #[track_caller]
    fn refuse_taken(&self, name: &str) {
        let own = name == AUDITOR || is_of_node(name);
        assert!(
            !own,
            "a client can't be named {name}: the simulation has a host of that name"
        );
        let taken = self.clients.iter().any(|(other, _)| other == name);
        assert!(
            !taken,
            "two clients are named {name}: give each a name of its own"
        );
    }

    /// Something goes wrong, or right again, at a time since the run began.
    pub fn at(mut self, time: Duration, fault: Fault) -> Self {
        self.planned.push((time, fault));
        self
    }

    /// What goes wrong by itself, as the seed decides.
    pub fn faults(mut self, mix: Mix) -> Self {
        self.mix = mix;
        self
    }

    /// How long it may be, in simulated time, before it counts as stuck: 90 s unless told
    /// otherwise, of which the last look needs up to 20 s.
    pub fn at_most(mut self, time: Duration) -> Self {
        self.at_most = time;
        self
    }

    /// How far all hosts go in one step, from 1 to 8 ms: 2 ms unless told otherwise. Messages arrive
    /// between two steps, timers whenever they are due. Over long steps more arrives at once and a
    /// run costs less: each step of each host has its price.
    pub fn step(mut self, step: Duration) -> Self {
        self.step = step.clamp(millis(1), STEP_MAX);
        self
    }

    /// Runs it, on this thread.
    pub fn run(self) -> Report {
        run(self)
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    fn named(names: &'static [&'static str]) -> bool {
        let named = catch_unwind(|| {
            let simulation = Simulation::from_seed(1);
            let named = |simulation: Simulation, name: &&'static str| {
                simulation.client(*name, |_| async { Ok(()) })
            };
            drop(names.iter().fold(simulation, named));
        });
        named.is_ok()
    }

    #[test]
    fn no_two_hosts_have_one_name() {
        assert!(named(&["alice", "bob", "nodes"]));
        for taken in [
            &["alice", "alice"][..],
            &["auditor"],
            &["node-1"],
            &["twin-of-node-1"],
        ] {
            assert!(!named(taken), "{taken:?}");
        }
    }
}
