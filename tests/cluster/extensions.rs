//! Other people's actors on a running cluster.

use std::time::Duration;

use actix::{Actor, Context, Handler, Supervised};
use bytes::Bytes;
use cartwheel::limits::EXTENSION_REQUESTS_MAX;
use cartwheel::message::client::{ExtensionState, ExtensionStatus, PeerStatus, RequestError};
use cartwheel::message::replica::BucketsQuery;
use cartwheel::message::{Kind, Message};
use cartwheel::node::NodeId;
use cartwheel_actors::bridge::Peers;
use cartwheel_actors::extension::{
    Extension, Inspect, NoSettings, NodeHandle, Question, Reach, State,
};
use futures::FutureExt;
use serde::{Deserialize, Serialize};

use crate::cluster::{refusal, with_extensions};

/// Counts how often it was greeted, and is easily offended.
struct Greeter {
    node: NodeHandle,
    settings: Settings,
    greeted: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    greeting: String,
}

impl Greeter {
    fn new(node: NodeHandle, settings: Settings) -> Self {
        let greeted = 0;
        Self {
            node,
            settings,
            greeted,
        }
    }
}

impl Actor for Greeter {
    type Context = Context<Self>;
}

impl Supervised for Greeter {
    fn restarting(&mut self, _: &mut Self::Context) {
        *self = Self::new(self.node.clone(), self.settings.clone());
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Greet {
    name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Greeted {
    text: String,
    by: NodeId,
    times: u64,
}

impl Message for Greet {
    const KIND: Kind = Kind(0x8000);
    type Reply = Greeted;
}

impl Handler<Question<Greet>> for Greeter {
    type Result = Result<Greeted, RequestError>;

    fn handle(&mut self, Question(greet): Question<Greet>, _: &mut Self::Context) -> Self::Result {
        assert_ne!(greet.name, "nobody", "a test asked for a panic");
        self.greeted += 1;
        Ok(Greeted {
            text: format!("{} {}", self.settings.greeting, greet.name),
            by: self.node.id(),
            times: self.greeted,
        })
    }
}

impl Handler<Inspect> for Greeter {
    type Result = State;

    fn handle(&mut self, _: Inspect, _: &mut Self::Context) -> State {
        let greeting = &self.settings.greeting;
        assert!(greeting != "silence", "{ASKED}");
        State::new()
            .with("greeted", self.greeted)
            .with("greeting", greeting)
    }
}

/// Asks all nodes on behalf of whoever asks it.
struct Crier(Peers, NodeId);

impl Actor for Crier {
    type Context = Context<Self>;
}

impl Supervised for Crier {}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct GreetAll(String);

impl Message for GreetAll {
    const KIND: Kind = Kind(0x8001);
    type Reply = Vec<Greeted>;
}

impl Handler<Question<GreetAll>> for Crier {
    type Result = actix::ResponseFuture<Result<Vec<Greeted>, RequestError>>;

    fn handle(&mut self, question: Question<GreetAll>, _: &mut Self::Context) -> Self::Result {
        let (peers, own, name) = (self.0.clone(), self.1, question.0.0);
        Box::pin(async move {
            let mut greeted = Vec::new();
            for node in std::iter::once(own).chain(peers.nodes()) {
                let greet = Greet { name: name.clone() };
                let answer = peers.call(node, greet).await;
                greeted.extend(answer);
            }
            Ok(greeted)
        })
    }
}

fn greeter(reach: Reach) -> Extension {
    Extension::new("greeter", Greeter::new)
        .answers::<Greet>(reach)
        .shows_state()
        .build()
}

fn crier() -> Extension {
    let make = |node: NodeHandle, _: NoSettings| Crier(node.peers().clone(), node.id());
    Extension::new("crier", make)
        .answers::<GreetAll>(Reach::Clients)
        .asks::<Greet>()
        .build()
}

/// What those panics say.
const ASKED: &str = "a test asked for a panic";

const SETTINGS: &str = "[extensions.greeter]\ngreeting = \"hello\"\n";

fn greet(name: &str) -> Greet {
    let name = name.to_owned();
    Greet { name }
}

#[test]
fn a_message_is_answered_by_the_own_node_by_others_and_to_clients() {
    let extensions = [greeter(Reach::Everyone), crier()];
    with_extensions(3, &extensions, SETTINGS, |cluster| async move {
        let client = cluster.client(&[1]).await;
        let own = client.ask(&greet("you")).await.unwrap();
        let expected = Greeted {
            text: "hello you".to_owned(),
            by: NodeId(2),
            times: 1,
        };
        assert_eq!(own, expected);
        // Links come up in their own time.
        let all = loop {
            let all = client.ask(&GreetAll("all".to_owned())).await.unwrap();
            if all.len() == 3 {
                break all;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let by: Vec<u64> = all.iter().map(|greeted| greeted.by.0).collect();
        assert_eq!(by, [2, 1, 3]);
        assert!(all.iter().all(|greeted| greeted.text == "hello all"));
    });
}

#[test]
fn a_message_for_nodes_is_unknown_to_clients_and_one_for_clients_to_nodes() {
    let extensions = [greeter(Reach::Nodes)];
    with_extensions(1, &extensions, SETTINGS, |cluster| async move {
        let refused = cluster.client(&[0]).await.ask(&greet("you")).await;
        let unknown = RequestError::UnknownKind { kind: 0x8000 };
        assert_eq!(refused.unwrap_err().refusal(), Some(&unknown));
    });
    let extensions = [greeter(Reach::Clients), crier()];
    with_extensions(3, &extensions, SETTINGS, |cluster| async move {
        cluster.client(&[0]).await.ask(&greet("you")).await.unwrap();
        let client = cluster.client(&[0]).await;
        let are_up = |peer: &PeerStatus| peer.links_up == peer.links;
        while !client.status().await.unwrap().peers.iter().all(are_up) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let all = client.ask(&GreetAll("all".to_owned())).await.unwrap();
        assert_eq!(
            all.len(),
            1,
            "only its own node's greeter answers the crier"
        );
    });
}

#[test]
fn an_actor_that_panics_starts_again_and_its_asker_hears_of_it() {
    let extensions = [greeter(Reach::Everyone)];
    with_extensions(1, &extensions, SETTINGS, |cluster| async move {
        let client = cluster.client(&[0]).await;
        assert_eq!(client.ask(&greet("one")).await.unwrap().times, 1);
        assert_eq!(client.ask(&greet("two")).await.unwrap().times, 2);
        let lost = client.ask(&greet("nobody")).await.unwrap_err();
        let expected = RequestError::QuestionLost {
            node: NodeId(1),
            extension: "greeter".to_owned(),
        };
        assert_eq!(lost.refusal(), Some(&expected));
        let times = client.ask(&greet("three")).await.unwrap().times;
        assert_eq!(times, 1, "its state was built anew");
        let status = &client.status().await.unwrap().extensions[0];
        assert_eq!(status.restarts, 1);
        let restarts = cluster.nodes[0].supervision.restarts();
        assert_eq!(restarts, 0, "the node has nothing to do with it");
    });
}

#[test]
fn a_node_refuses_to_start_with_extensions_that_do_not_go_together() {
    let refused =
        |extensions: &[Extension], settings: &str| refusal(extensions, settings).to_string();
    let twice = refused(&[greeter(Reach::Nodes), greeter(Reach::Nodes)], SETTINGS);
    assert_eq!(twice, "two extensions have the name \"greeter\"");
    let same_kind = Extension::new("other", Greeter::new).answers::<Greet>(Reach::Nodes);
    let settings = "[extensions]\ngreeter.greeting = \"hello\"\nother.greeting = \"hi\"\n";
    let collision = refused(&[greeter(Reach::Nodes), same_kind.build()], settings);
    assert!(
        collision.starts_with("kind 0x8000 stands for two messages:"),
        "{collision}"
    );
    let nobody = refused(&[crier()], "");
    assert!(
        nobody.ends_with("Greet, kind 0x8000, which no extension answers here"),
        "{nobody}"
    );
}

#[test]
fn a_node_refuses_to_start_with_settings_of_no_extension_or_such_that_it_does_not_take() {
    let unknown = refusal(&[], SETTINGS).to_string();
    assert_eq!(
        unknown,
        "unknown setting \"[extensions.greeter]\": there is none"
    );
    let greeter = [greeter(Reach::Nodes)];
    let missing = refusal(&greeter, "").to_string();
    assert_eq!(missing, "[extensions.greeter]: missing field `greeting`");
    let more = format!("{SETTINGS}volume = 11\n");
    let more = refusal(&greeter, &more).to_string();
    assert!(
        more.starts_with("[extensions.greeter]: unknown field `volume`"),
        "{more}"
    );
}

#[test]
fn the_status_of_a_node_has_the_state_of_each_extension() {
    let extensions = [greeter(Reach::Everyone), crier()];
    with_extensions(1, &extensions, SETTINGS, |cluster| async move {
        let client = cluster.client(&[0]).await;
        client.ask(&greet("you")).await.unwrap();
        let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let state = vec![own("greeted", "1"), own("greeting", "hello")];
        let expected = [
            extension_status("greeter", ExtensionState::Shown(state)),
            extension_status("crier", ExtensionState::Shown(Vec::new())),
        ];
        assert_eq!(client.status().await.unwrap().extensions, expected);
    });
}

#[test]
fn an_extension_that_fails_over_its_state_spoils_nothing_but_its_own_line_of_the_status() {
    let settings = "[extensions.greeter]\ngreeting = \"silence\"\n";
    with_extensions(
        1,
        &[greeter(Reach::Nodes)],
        settings,
        |cluster| async move {
            let status = cluster.client(&[0]).await.status().await.unwrap();
            let state = ExtensionState::Resting {
                delay_ms: 100,
                cause: "it panicked: ".to_owned() + ASKED,
            };
            assert_eq!(status.extensions, [extension_status("greeter", state)]);
        },
    );
}

fn extension_status(name: &str, state: ExtensionState) -> ExtensionStatus {
    let (name, restarts) = (name.to_owned(), 0);
    ExtensionStatus {
        name,
        restarts,
        state,
    }
}

/// Does to a key what it is told, as a client of its own node would.
struct Keeper(NodeHandle);

impl Actor for Keeper {
    type Context = Context<Self>;
}

impl Supervised for Keeper {}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Keep {
    /// Writes a value, replaces it, and says what is there.
    Replace(String),
    /// Deletes what is there, and says what is left.
    Remove(String),
    /// Lists all keys.
    List,
    /// Reads so many keys at once, and counts the refusals.
    Many(usize),
    /// Reads so many keys and stops waiting at once; what one more comes to, then and later.
    Abandon(usize),
    /// The same with pages of a listing.
    AbandonLists(usize),
    /// Asks its node what nodes ask each other, and says what comes of it.
    Meddle,
}

impl Message for Keep {
    const KIND: Kind = Kind(0x8002);
    type Reply = Vec<String>;
}

impl Handler<Question<Keep>> for Keeper {
    type Result = actix::ResponseFuture<Result<Vec<String>, RequestError>>;

    fn handle(&mut self, Question(keep): Question<Keep>, _: &mut Self::Context) -> Self::Result {
        Box::pin(kept(self.0.clone(), keep))
    }
}

async fn kept(node: NodeHandle, keep: Keep) -> Result<Vec<String>, RequestError> {
    let data = node.data();
    let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    match keep {
        Keep::Replace(key) => {
            let key = Bytes::from(key);
            let (one, two) = (Bytes::from("one"), Bytes::from("two"));
            let put = data.put("default", key.clone(), one, Bytes::new()).await?;
            data.put("default", key.clone(), two, put.context).await?;
            let got = data.get("default", key).await?;
            Ok(got.values.iter().map(|found| text(&found.value)).collect())
        }
        Keep::Remove(key) => {
            let key = Bytes::from(key);
            let got = data.get("default", key.clone()).await?;
            data.delete("default", key.clone(), got.context).await?;
            let got = data.get("default", key).await?;
            Ok(got.values.iter().map(|found| text(&found.value)).collect())
        }
        Keep::List => {
            let (mut keys, mut cursor) = (Vec::new(), Some(Bytes::new()));
            while let Some(from) = cursor {
                let page = data.list("default", from, 100).await?;
                keys.extend(page.keys.iter().map(text));
                cursor = Some(page.next).filter(|next| !next.is_empty());
            }
            Ok(keys)
        }
        Keep::Many(count) => {
            let reads = (0..count).map(|at| data.get("nowhere", Bytes::from(format!("{at}"))));
            let read = futures::future::join_all(reads).await;
            let errors = read.into_iter().filter_map(Result::err);
            Ok(errors.map(|error| error.to_string()).collect())
        }
        Keep::Abandon(count) => {
            let read = || data.get("default", Bytes::from_static(b"key"));
            Ok(abandoned(count, 0, read).await)
        }
        Keep::AbandonLists(count) => {
            let page = || data.list("default", Bytes::new(), 1);
            // Each has begun by then, and none is over.
            Ok(abandoned(count, 1, page).await)
        }
        Keep::Meddle => {
            let asked = node.peers().call(node.id(), BucketsQuery).await;
            Ok(vec![asked.unwrap_err().to_string()])
        }
    }
}

/// Between the questions that are dropped and the one that is refused for them runs nothing, or
/// what they have spawned gets so many turns.
async fn abandoned<T, F>(count: usize, turns: usize, ask: impl Fn() -> F) -> Vec<String>
where
    F: Future<Output = Result<T, RequestError>>,
{
    let told = |outcome: Result<T, RequestError>| match outcome {
        Ok(_) => "answered".to_owned(),
        Err(error) => error.to_string(),
    };
    for _ in 0..count {
        assert!(ask().now_or_never().is_none());
    }
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
    let then = told(ask().await);
    tokio::time::sleep(Duration::from_millis(500)).await;
    vec![then, told(ask().await)]
}

fn keeper() -> Extension {
    let make = |node: NodeHandle, _: NoSettings| Keeper(node);
    Extension::new("keeper", make)
        .answers::<Keep>(Reach::Clients)
        .build()
}

#[test]
fn an_extension_reads_writes_deletes_and_lists_as_a_client_does() {
    with_extensions(3, &[keeper()], "", |cluster| async move {
        let client = cluster.client(&[0]).await;
        let key = || "cart".to_owned();
        assert_eq!(client.ask(&Keep::Replace(key())).await.unwrap(), ["two"]);
        let bucket = client.bucket("default");
        let seen = bucket.get("cart").send().await.unwrap();
        assert_eq!(seen.value().unwrap(), b"two".as_slice());
        assert_eq!(client.ask(&Keep::List).await.unwrap(), ["cart"]);
        let left = client.ask(&Keep::Remove(key())).await.unwrap();
        assert_eq!(left, Vec::<String>::new());
    });
}

#[test]
fn an_extension_gets_the_errors_of_a_client_and_no_more_room_than_its_own() {
    with_extensions(1, &[keeper()], "", |cluster| async move {
        let client = cluster.client(&[0]).await;
        let errors = client.ask(&Keep::Many(EXTENSION_REQUESTS_MAX + 3));
        let errors = errors.await.unwrap();
        let of = |start: &str| {
            errors
                .iter()
                .filter(|error| error.starts_with(start))
                .count()
        };
        assert_eq!(of("there is no bucket"), EXTENSION_REQUESTS_MAX);
        assert_eq!(of("overloaded"), 3);
    });
}

#[test]
fn an_extension_does_not_ask_what_nodes_ask_each_other() {
    with_extensions(1, &[keeper()], "", |cluster| async move {
        let client = cluster.client(&[0]).await;
        let refused = client.ask(&Keep::Meddle).await.unwrap();
        let own = format!("kind {} is the nodes' own", BucketsQuery::KIND);
        assert_eq!(refused, [own + ", and no extension asks it"]);
    });
}

#[test]
fn what_an_extension_no_longer_waits_for_keeps_its_room_until_it_is_over() {
    with_extensions(1, &[keeper()], "", |cluster| async move {
        let client = cluster.client(&[0]).await;
        let full = EXTENSION_REQUESTS_MAX;
        for (keep, first) in [
            (Keep::Abandon(full), "overloaded: try again in 50 ms"),
            (Keep::Abandon(full - 1), "answered"),
            (Keep::AbandonLists(full), "overloaded: try again in 50 ms"),
            (Keep::AbandonLists(full - 1), "answered"),
        ] {
            assert_eq!(client.ask(&keep).await.unwrap(), [first, "answered"]);
        }
    });
}
