//! Writing without a pause, and knowing what was acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use cartwheel_client::{Bucket, Client};
use futures::stream::{self, StreamExt};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// How many writes are under way at once.
const WRITERS: usize = 16;

/// How long a number of acknowledgements may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Writes new keys until it is told to stop.
pub struct Writing {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicUsize>,
    tasks: Vec<JoinHandle<Vec<String>>>,
}

impl Writing {
    /// Begins to write into the default bucket, which is a synced one; so many owners have to
    /// acknowledge.
    pub fn start(client: &Client, w: u8) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let tasks = (0..WRITERS).map(|writer| {
            let bucket = client.bucket("default");
            let (stop, acknowledged) = (stop.clone(), acknowledged.clone());
            tokio::spawn(write(writer, bucket, w, stop, acknowledged))
        });
        let tasks = tasks.collect();
        Self {
            stop,
            acknowledged,
            tasks,
        }
    }

    /// Waits for so many more acknowledgements.
    pub async fn acknowledged_more(&self, count: usize) {
        let wanted = self.acknowledged.load(Ordering::Relaxed) + count;
        let reached = async {
            while self.acknowledged.load(Ordering::Relaxed) < wanted {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(PATIENCE, reached).await.expect("writes go on");
    }

    /// Ends it, and gives every key whose write was acknowledged.
    pub async fn stop(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        let mut keys = Vec::new();
        for task in self.tasks {
            keys.extend(
                timeout(PATIENCE, task)
                    .await
                    .expect("a write ends")
                    .unwrap(),
            );
        }
        keys
    }
}

async fn write(
    writer: usize,
    bucket: Bucket,
    w: u8,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicUsize>,
) -> Vec<String> {
    let mut keys = Vec::new();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let key = format!("writer-{writer}-{number}");
        // A write that fails is one that nobody was promised.
        let put = bucket.put(&key, value_of(&key)).w(w);
        if put.send().await.is_ok() {
            acknowledged.fetch_add(1, Ordering::Relaxed);
            keys.push(key);
        }
    }
    keys
}

/// The value that belongs to a key: half a kilobyte that no other key has.
pub fn value_of(key: &str) -> String {
    format!("{key} ").repeat(512 / (key.len() + 1))
}

/// Checks that every key has its value, and no other, as this client sees it with so many
/// owners answering.
pub async fn assert_all_found(client: &Client, r: u8, keys: &[String]) {
    let bucket = client.bucket("default");
    let wrong = stream::iter(keys)
        .map(|key| {
            let read = bucket.get(key).r(r).send();
            async move { (key, read.await) }
        })
        .buffer_unordered(WRITERS)
        .filter_map(async |(key, object)| {
            let object = object.unwrap_or_else(|error| panic!("{key}: {error}"));
            let found = object.value().is_some_and(|value| *value == value_of(key));
            (!found).then(|| format!("{key}: {:?}", object.values))
        });
    let wrong: Vec<String> = wrong.collect().await;
    assert!(
        wrong.is_empty(),
        "{} of {} acknowledged writes are not found, the first: {:?}",
        wrong.len(),
        keys.len(),
        wrong.first()
    );
}
