//! The lives of a client: its code begins anew when its process was killed.

use std::cell::Cell;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;

use super::cluster::Cluster;
use crate::panics;
use crate::simulation::ClientCode;

/// The lives of a client on one host, each under a name of its own: who begins anew draws other
/// random numbers.
pub(crate) struct Lives {
    cluster: Cluster,
    code: ClientCode,
    begun: Cell<u64>,
}

impl Lives {
    pub(crate) fn new(cluster: Cluster, code: ClientCode) -> Self {
        let begun = Cell::new(0);
        Self {
            cluster,
            code,
            begun,
        }
    }

    /// The next life. An error or a panic ends it, and fails the run; the run goes on, so that all
    /// else is judged too.
    pub(crate) fn next(&self) -> impl Future<Output = turmoil::Result> + use<> {
        let cluster = self.named();
        let life = (self.code)(cluster.clone());
        async move {
            match AssertUnwindSafe(life).catch_unwind().await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => cluster.fail(format!("it ended with: {error}")),
                Err(_) => {
                    let panic = panics::caught().unwrap_or_else(|| "panicked".to_owned());
                    cluster.fail(format!("it {panic}"));
                }
            }
            cluster.progress.client_is_done();
            Ok(())
        }
    }

    fn named(&self) -> Cluster {
        self.begun.set(self.begun.get() + 1);
        match self.begun.get() {
            1 => self.cluster.clone(),
            life => self
                .cluster
                .named(format!("{} life {life}", self.cluster.name())),
        }
    }
}
