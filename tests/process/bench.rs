//! `bench` measures, and its figures have the names that scripts look for.

use serde_json::Value;

use crate::cluster::Cluster;
use crate::command::run;

const SMALL: [&str; 8] = [
    "--seconds",
    "1",
    "--keys",
    "200",
    "--connections",
    "4",
    "--depth",
    "2",
];

#[tokio::test]
async fn every_workload_runs_without_errors_and_says_what_it_cost() {
    let cluster = Cluster::start().await;
    let endpoints = cluster.endpoints();
    let bench = async |words: &[&str]| {
        let on = ["bench", "-o", "json", "--endpoint", &endpoints];
        run(&[&on[..], &SMALL, words].concat()).await.json()
    };
    for workload in ["put", "get", "mixed"] {
        let report = bench(&["--workload", workload]).await;
        assert_eq!(report["errors"], 0, "{report}");
        assert_eq!(report["durability"], "synced");
        assert_ne!(report["file_system"], "");
        assert_figures(&report);
    }
    for workload in ["put", "mixed"] {
        let report = bench(&["--workload", workload, "--zipf", "0.99"]).await;
        assert_eq!(
            (&report["errors"], &report["zipf"]),
            (&0.into(), &0.99.into())
        );
    }
    keys_stay_out_of_other_buckets(&endpoints).await;
    let report = bench(&["--workload", "get", "--rate", "100"]).await;
    assert_figures(&report);
    let rate = report["operations_per_second"].as_f64().unwrap();
    assert!((50.0..=110.0).contains(&rate), "{report}");
}

async fn keys_stay_out_of_other_buckets(endpoints: &str) {
    let count = async |bucket: &str| {
        let list = ["list", bucket, "--endpoint", endpoints];
        run(&list).await.ok().lines().count()
    };
    assert_eq!(count("default").await, 0);
    assert_eq!(count("cartwheel-bench").await, 5 * 200, "five runs");
}

fn assert_figures(report: &Value) {
    for name in [
        "operations_per_second",
        "p50_ms",
        "p99_ms",
        "p999_ms",
        "p9999_ms",
        "client_cpu_us_per_op",
        "server_cpu_us_per_op",
    ] {
        assert!(
            report[name].as_f64().is_some_and(|figure| figure > 0.0),
            "{name}: {report}"
        );
    }
    assert!(report["errors_by_kind"].is_object(), "{report}");
}
