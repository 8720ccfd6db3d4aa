//! The client in the simulated network: broken links, simulated time, one seed, one run.

use std::cell::RefCell;
use std::io;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Duration;

use cartwheel_client::{Client, Connect, Entropy, Streams};
use futures::future::BoxFuture;
use turmoil::net::{TcpListener, TcpStream};

use crate::script::{Session, found, key_of, welcome};

const PORT: u16 = 7400;

struct SimulatedConnect;

impl Connect for SimulatedConnect {
    fn connect(&self, endpoint: &str) -> BoxFuture<'static, io::Result<Streams>> {
        let endpoint = endpoint.to_owned();
        Box::pin(async move {
            let (read, write) = TcpStream::connect(endpoint).await?.into_split();
            Ok(Streams {
                read: Box::new(read),
                write: Box::new(write),
            })
        })
    }
}

struct Counting(u64);

impl Entropy for Counting {
    fn next_u64(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

/// A node that answers each read with its key.
async fn node() -> turmoil::Result {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            let mut session = Session::new(stream);
            session.welcome(&welcome()).await;
            while let Some(question) = session.next_or_end().await {
                session.answer(&question, &found(key_of(&question))).await;
            }
        });
    }
}

/// One run: thirty reads, while one of two nodes is cut off and comes back.
fn run(seed: u64) -> Vec<String> {
    let trace = Rc::new(RefCell::new(Vec::new()));
    let mut builder = turmoil::Builder::new();
    let mut sim = builder
        .rng_seed(seed)
        .simulation_duration(Duration::from_secs(60))
        .build();
    sim.host("one", node);
    sim.host("other", node);
    let log = trace.clone();
    sim.client("client", async move {
        let client = Client::builder()
            .endpoints([format!("one:{PORT}"), format!("other:{PORT}")])
            .connect(SimulatedConnect)
            .entropy(Counting(seed))
            .build()
            .await?;
        for key in 0..30 {
            match key {
                10 => turmoil::partition("client", "one"),
                20 => turmoil::repair("client", "one"),
                _ => {}
            }
            let object = client.bucket("default").get(format!("key {key}")).await?;
            let line = format!("{:?} {:?}", turmoil::elapsed(), object.value());
            log.borrow_mut().push(line);
        }
        Ok(())
    });
    sim.run().unwrap();
    drop(sim);
    trace.take()
}

#[test]
fn reads_survive_a_partition_and_the_same_seed_gives_the_same_run() {
    let trace = run(7);
    assert_eq!(trace.len(), 30);
    assert_eq!(trace, run(7));
    assert_ne!(trace, run(8));
}
