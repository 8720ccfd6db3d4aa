//! A node whose extension stands still for good: it serves, and ends when it is told to.

use std::process::{ExitCode, Stdio};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use actix::{Actor, Context, Handler, Supervised};
use cartwheel::message::client::{ExtensionState, RequestError};
use cartwheel::message::{Kind, Message};
use cartwheel_actors::extension::{Extension, NoSettings, NodeHandle, Question, Reach};
use cartwheel_client::Client;
use serde::{Deserialize, Serialize};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::cluster::directory;
use crate::ports;

struct Blocker;

impl Actor for Blocker {
    type Context = Context<Self>;
}

impl Supervised for Blocker {}

#[derive(Debug, Serialize, Deserialize)]
struct Block;

impl Message for Block {
    const KIND: Kind = Kind(0x8030);
    type Reply = ();
}

impl Handler<Question<Block>> for Blocker {
    type Result = Result<(), RequestError>;

    fn handle(&mut self, _: Question<Block>, _: &mut Self::Context) -> Self::Result {
        let never = Mutex::new(());
        let locked = never.lock().unwrap();
        let _locked = Condvar::new().wait_while(locked, |()| true);
        Ok(())
    }
}

fn blocker() -> Extension {
    Extension::new("blocker", |_: NodeHandle, _: NoSettings| Blocker)
        .answers::<Block>(Reach::Clients)
        .build()
}

/// Where another test says that this process is to be a node, and which.
const CONFIG: &str = "NODE_WITH_A_BLOCKER";

/// How long the store waits for whoever uses it, and twice as much for a slow machine.
const END_WAIT: Duration = Duration::from_secs(15);

/// The process that the test below starts: as a test it does nothing.
#[test]
fn node_with_a_blocker() {
    if let Ok(config) = std::env::var(CONFIG) {
        let words = ["cartwheel", "serve", "--config", &config].map(Into::into);
        let code = cartwheel_cli::run_with(words, vec![blocker()]);
        assert_eq!(code, ExitCode::SUCCESS);
    }
}

fn start(config: &str) -> Child {
    let mut node = Command::new(std::env::current_exe().unwrap());
    node.args(["--exact", "blocked_extension::node_with_a_blocker"]);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARTWHEEL_") {
            node.env_remove(name);
        }
    }
    node.env(CONFIG, config).kill_on_drop(true);
    node.stdin(Stdio::null()).stdout(Stdio::null());
    node.spawn().unwrap()
}

/// A client that sends each request once, and waits for the node to serve.
async fn client(port: u16) -> Client {
    loop {
        let client = Client::builder().endpoints([format!("127.0.0.1:{port}")]);
        let client = client.retries(0).timeout(Duration::from_secs(5));
        match client.build().await {
            Ok(client) if client.status().await.is_ok() => return client,
            _ => sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn terminate(node: &mut Child) {
    let id = node.id().unwrap().to_string();
    let told = Command::new("kill").args(["-TERM", &id]).status().await;
    assert!(told.unwrap().success());
    let ended = timeout(END_WAIT, node.wait()).await;
    let ended = ended.expect("it ends in time").unwrap();
    assert!(ended.success(), "{ended:?}");
}

#[tokio::test]
async fn a_node_whose_extension_blocks_serves_ends_when_it_is_told_to_and_keeps_its_data() {
    let (data, port) = (directory(), ports::block(1));
    let config = data.path().join("node.toml").display().to_string();
    let (id, records) = (format!("{port:032x}"), data.path().join("data"));
    let settings = format!(
        "[node]\nid = 1\ndata_dir = {records:?}\n[cluster]\nid = \"{id}\"\nsecret = \"{id}\"\nmembers = [{{ id = 1, client = \"127.0.0.1:{port}\", bridge = \"127.0.0.1:{}\" }}]\n",
        port + 1
    );
    std::fs::write(&config, settings).unwrap();
    let mut node = start(&config);
    let blocked = client(port).await;
    let asked = timeout(Duration::from_millis(500), blocked.ask(&Block)).await;
    assert!(asked.is_err(), "it blocks");
    // A new connection, which goes through the door.
    let other = client(port).await;
    let carts = other.bucket("default");
    carts.put("cart", "milk").send().await.unwrap();
    let status = other.status().await.unwrap();
    assert_eq!(status.extensions[0].state, ExtensionState::Silent);
    terminate(&mut node).await;
    let mut node = start(&config);
    let again = client(port).await;
    let cart = again.bucket("default").get("cart").send().await.unwrap();
    assert_eq!(cart.value().unwrap(), b"milk".as_slice());
    terminate(&mut node).await;
}
