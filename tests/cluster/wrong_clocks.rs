//! A node whose clock is off must not decide who wrote last.

use cartwheel::bucket::Bucket;
use cartwheel::message::client::RequestError;
use cartwheel::version::ConflictRule;

use crate::cluster::{Cluster, with_clocks};

async fn create_lww_bucket(cluster: &Cluster) {
    let bucket = Bucket {
        name: "sessions".to_owned(),
        conflict: ConflictRule::Lww,
        ..Bucket::default_bucket(3)
    };
    let client = cluster.client(&[1]).await;
    client.create_bucket(bucket).await.unwrap();
}

#[test]
fn a_node_whose_clock_is_off_refuses_last_writer_wins_writes_and_serves_all_else() {
    with_clocks(&[10_000, 0, 0], |cluster| async move {
        create_lww_bucket(&cluster).await;
        let wrong = cluster.client(&[0]).await;
        let error = wrong.bucket("sessions").put("key", "value").send().await;
        let error = error.unwrap_err();
        let Some(RequestError::ClockOff {
            offset_ms,
            limit_ms,
        }) = error.refusal()
        else {
            panic!("{error:?}")
        };
        assert!((9_000..=10_001).contains(offset_ms), "{offset_ms}");
        assert_eq!(*limit_ms, 500);
        wrong
            .bucket("default")
            .put("key", "v")
            .send()
            .await
            .unwrap();
        let right = cluster.client(&[1]).await.bucket("sessions");
        right.put("key", "value").send().await.unwrap();
        let object = wrong.bucket("sessions").get("key").send().await.unwrap();
        assert_eq!(object.value().unwrap(), b"value".as_slice());
    });
}

#[test]
fn a_clock_within_the_limit_stamps() {
    with_clocks(&[300, 0, 0], |cluster| async move {
        create_lww_bucket(&cluster).await;
        let bucket = cluster.client(&[0]).await.bucket("sessions");
        bucket.put("key", "value").send().await.unwrap();
    });
}
