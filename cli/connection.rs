//! From the arguments to a client: one thread, one connection an endpoint.

use std::future::Future;
use std::io;
use std::time::Duration;

use cartwheel_client::Client;

use crate::arguments::Target;
use crate::endpoint::Endpoint;
use crate::failure::Failure;

/// What a client calls itself in the logs of the nodes.
const NAME: &str = concat!("cartwheel command line ", env!("CARGO_PKG_VERSION"));

impl Target {
    /// How long a request may take.
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms.into())
    }

    /// A client of all endpoints.
    pub async fn connect(&self) -> Result<Client, Failure> {
        self.connect_to(&self.endpoints).await
    }

    /// A client of these endpoints, patient as this target says.
    pub async fn connect_to(&self, endpoints: &[Endpoint]) -> Result<Client, Failure> {
        let builder = Client::builder()
            .endpoints(endpoints.iter().map(Endpoint::as_str))
            .timeout(self.timeout())
            .connect_timeout(self.timeout())
            .name(NAME);
        Ok(builder.build().await?)
    }
}

/// Runs a command that waits for others.
pub fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().map_err(cannot_start)?;
    runtime.block_on(command)
}

fn cannot_start(cause: io::Error) -> Failure {
    Failure::Runtime { cause }
}
