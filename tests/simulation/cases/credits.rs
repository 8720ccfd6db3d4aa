//! Credits (rule 11): what a node that answers nothing holds up.

use cartwheel::message::client::RequestError;
use cartwheel_client::{Bucket, BucketPolicy, Error, NodeId};
use cartwheel_simulation::{Cluster, Fault, MachineFault, Simulation, millis, secs};
use futures::future::{join, join_all};

/// The length of a film: eight of them are all that a peer gets at once.
const FILM_LEN: u32 = 8 * 1024 * 1024;

/// How many are written at once: more than those that a peer gets.
const FILMS: u64 = 10;

/// Node 3 stands still, for less than it takes to break its links.
fn with_a_node_that_stands_still(seed: u64, node: u64) -> Simulation {
    Simulation::from_seed(seed)
        .shards(1)
        .at(millis(2_900), Fault::Machine(node, MachineFault::Pause))
        .at(millis(3_700), Fault::Machine(node, MachineFault::RunAgain))
}

/// Ten writes need node 3: those beyond its credits are refused at once, the others wait for it,
/// and who does not need it is served meanwhile.
pub fn of_one_peer(seed: u64) -> Simulation {
    with_a_node_that_stands_still(seed, 3)
        .named("credits of one peer")
        .client("alice", |cluster| async move {
            let bucket = films(&cluster).await?;
            cluster.until(secs(3)).await;
            let puts = (0..FILMS).map(|at| put_a_film(&cluster, format!("film-{at}"), at));
            let (answers, small) = join(join_all(puts), small(&cluster, &bucket)).await;
            small?;
            let refused = answers.iter().filter(|answer| is_overloaded(answer));
            if refused.count() != 2 {
                cluster.fail(format!("two films of ten are too many: {answers:?}"));
            }
            Ok(())
        })
}

/// A small write that does not need the node is answered before that one runs again.
async fn small(cluster: &Cluster, bucket: &Bucket) -> Result<(), Error> {
    cluster.until(millis(3_500)).await;
    bucket.put("poster", "small").w(2).await?;
    if cluster.now() > millis(3_690) {
        cluster.fail("a write waited for a node that it did not need");
    }
    Ok(())
}

/// Ten writes are handed on to node 2, which stands still; what node 1 coordinates for itself is
/// sent to node 2 all the same, and waits there.
pub fn of_each_class(seed: u64) -> Simulation {
    with_a_node_that_stands_still(seed, 2)
        .named("credits of each class")
        .nodes(5)
        .client("alice", |cluster| async move {
            let bucket = films(&cluster).await?;
            let mut handed_on = Vec::new();
            for at in 0..FILMS {
                handed_on.push(key_of(&bucket, 2, &format!("film-{at}")).await?);
            }
            let own = key_of(&bucket, 1, "own").await?;
            cluster.until(secs(3)).await;
            let puts = (0..).zip(handed_on);
            let puts = puts.map(|(at, key)| put_a_film(&cluster, key, at));
            let own = async {
                cluster.until(millis(3_500)).await;
                bucket.put(&own, "small").w(3).await
            };
            let (_, own) = join(join_all(puts), own).await;
            if let Err(error) = own {
                cluster.fail(format!("handed on requests took what others need: {error}"));
            }
            Ok(())
        })
}

/// A bucket for long values, through node 1.
async fn films(cluster: &Cluster) -> Result<Bucket, Error> {
    let policy = BucketPolicy {
        name: "films".to_owned(),
        value_len_max: FILM_LEN,
        ..BucketPolicy::default_bucket(3)
    };
    let client = cluster.client_of([1], 0).await;
    client.unrecorded().create_bucket(policy).await?;
    Ok(client.unrecorded().bucket("films"))
}

/// A key whose owners are a node and the two behind it.
async fn key_of(bucket: &Bucket, first: u64, name: &str) -> Result<String, Error> {
    let mut at = 0;
    loop {
        let key = format!("{name}-{at}");
        let owners = bucket.locate(&key).await?.owners;
        if owners
            .first()
            .is_some_and(|owner| owner.node == NodeId(first))
        {
            return Ok(key);
        }
        at += 1;
    }
}

/// Writes a film to all three owners, a little behind the one before it, over a connection of its
/// own: one holds no more than four.
async fn put_a_film(cluster: &Cluster, key: String, at: u64) -> Result<(), Error> {
    let cluster = cluster.named(format!("{}-{at}", cluster.name()));
    let client = cluster.client_of([1], 0).await;
    cluster.until(secs(3) + millis(20 * at)).await;
    let film = vec![0; FILM_LEN as usize];
    let bucket = client.unrecorded().bucket("films");
    bucket.put(key, film).w(3).await.map(|_| ())
}

fn is_overloaded(answer: &Result<(), Error>) -> bool {
    let refusal = answer.as_ref().err().and_then(Error::refusal);
    matches!(refusal, Some(RequestError::Overloaded { .. }))
}
