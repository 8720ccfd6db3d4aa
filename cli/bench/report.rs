//! What a run came to.

use std::collections::BTreeMap;
use std::time::Duration;

use cartwheel::bucket::Bucket as Policy;
use serde::Serialize;

use super::recorder::Recorder;
use super::workload::Workload;
use crate::output;

/// A run and its figures.
#[derive(Debug, Serialize)]
pub struct Report {
    pub workload: &'static str,
    pub bucket: String,
    pub n: u8,
    pub r: u8,
    pub w: u8,
    pub nodes: usize,
    pub value_size: usize,
    pub keys: u64,
    pub connections: u32,
    pub depth: u32,
    /// Operations a second that were asked for, in an open loop.
    pub rate: Option<f64>,
    /// The skew of the keys, if any.
    pub zipf: Option<f64>,
    pub seconds: f64,
    pub operations: u64,
    pub operations_per_second: f64,
    pub p50_ms: f64,
    pub p90_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    pub p9999_ms: f64,
    pub max_ms: f64,
    pub errors: u64,
    pub errors_by_kind: BTreeMap<String, u64>,
    pub client_cpu_us_per_op: f64,
    /// Nothing if a node went away or was started anew during the run.
    pub server_cpu_us_per_op: Option<f64>,
    pub durability: &'static str,
    pub file_system: String,
}

/// What was measured beside the operations.
pub struct Measured {
    pub elapsed: Duration,
    pub nodes: usize,
    pub client_cpu_us: u64,
    pub server_cpu_us: Option<u64>,
    pub file_systems: Vec<String>,
}

impl Report {
    /// The report of a run.
    pub fn new(
        workload: &Workload,
        policy: &Policy,
        recorder: &Recorder,
        measured: Measured,
    ) -> Self {
        let operations = recorder.operations();
        let errors_by_kind = recorder.errors_by_kind().clone();
        let seconds = measured.elapsed.as_secs_f64();
        Self {
            workload: workload.kind.name(),
            bucket: workload.bucket.clone(),
            n: policy.n,
            r: policy.r,
            w: policy.w,
            nodes: measured.nodes,
            value_size: workload.values.len(),
            keys: workload.keys,
            connections: workload.connections,
            depth: workload.depth,
            rate: workload.rate,
            zipf: workload.zipf,
            seconds: rounded(seconds),
            operations,
            operations_per_second: rounded(to_float(operations) / seconds),
            p50_ms: recorder.percentile_ms(50.0),
            p90_ms: recorder.percentile_ms(90.0),
            p99_ms: recorder.percentile_ms(99.0),
            p999_ms: recorder.percentile_ms(99.9),
            p9999_ms: recorder.percentile_ms(99.99),
            max_ms: recorder.max_ms(),
            errors: errors_by_kind.values().sum(),
            errors_by_kind,
            client_cpu_us_per_op: per(measured.client_cpu_us, operations),
            server_cpu_us_per_op: measured.server_cpu_us.map(|spent| per(spent, operations)),
            durability: output::durability(policy.durability),
            file_system: measured.file_systems.join(", "),
        }
    }

    /// The figures for people.
    pub fn as_text(&self) -> String {
        let mut table = output::table(&["figure", "value"]);
        table.add_row([
            "operations/s",
            &format!("{:.0}", self.operations_per_second),
        ]);
        for (name, latency) in [
            ("p50 ms", self.p50_ms),
            ("p90 ms", self.p90_ms),
            ("p99 ms", self.p99_ms),
            ("p99.9 ms", self.p999_ms),
            ("p99.99 ms", self.p9999_ms),
            ("max ms", self.max_ms),
        ] {
            table.add_row([name, &format!("{latency:.3}")]);
        }
        table.add_row(["client cpu µs/op", &self.client_cpu_us_per_op.to_string()]);
        let server = match self.server_cpu_us_per_op {
            Some(server) => server.to_string(),
            None => "unknown: a node went away".to_owned(),
        };
        table.add_row(["server cpu µs/op", &server]);
        table.add_row(["errors", &self.errors.to_string()]);
        for (kind, count) in &self.errors_by_kind {
            table.add_row([format!("  {kind}"), count.to_string()]);
        }
        format!("{}\n{table}", self.title())
    }

    fn title(&self) -> String {
        let Self {
            workload,
            value_size,
            keys,
            bucket,
            connections,
            depth,
            ..
        } = self;
        let rate = self.rate.map(|rate| format!(" at {rate}/s"));
        let zipf = self.zipf.map(|theta| format!(" (zipf {theta})"));
        format!(
            "{workload} of {value_size} bytes, {keys} keys{} in the bucket {bucket}, \
             {connections} connections × {depth}{} for {:.1} s; {} nodes, n={} r={} w={}, {} on {}",
            zipf.unwrap_or_default(),
            rate.unwrap_or_default(),
            self.seconds,
            self.nodes,
            self.n,
            self.r,
            self.w,
            self.durability,
            self.file_system,
        )
    }
}

fn per(micros: u64, operations: u64) -> f64 {
    match operations {
        0 => 0.0,
        _ => rounded(to_float(micros) / to_float(operations)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
fn to_float(count: u64) -> f64 {
    count as f64
}

/// To the hundredth: more would be noise.
fn rounded(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::super::workload::{Values, WorkloadKind};
    use super::*;

    fn workload() -> Workload {
        Workload {
            kind: WorkloadKind::Get,
            bucket: "default".to_owned(),
            keys: 10,
            connections: 2,
            depth: 3,
            length: Duration::from_secs(2),
            rate: None,
            zipf: Some(0.99),
            values: Values::new(100),
        }
    }

    #[test]
    fn scripts_find_the_figures_under_their_names() {
        let workload = workload();
        let mut recorder = Recorder::new().unwrap();
        for _ in 0..100 {
            recorder.succeeded(Duration::from_millis(2));
        }
        recorder.failed("NotFound".to_owned());
        let measured = Measured {
            elapsed: Duration::from_secs(2),
            nodes: 3,
            client_cpu_us: 500,
            server_cpu_us: Some(1250),
            file_systems: vec!["ext4".to_owned()],
        };
        let policy = Policy::default_bucket(3);
        let report = Report::new(&workload, &policy, &recorder, measured);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["operations_per_second"], 50.0);
        assert_eq!(json["errors"], 1);
        assert_eq!(json["errors_by_kind"]["NotFound"], 1);
        assert_eq!(json["client_cpu_us_per_op"], 5.0);
        assert_eq!(json["server_cpu_us_per_op"], 12.5);
        assert_eq!(
            (&json["durability"], &json["file_system"]),
            (&"synced".into(), &"ext4".into())
        );
        for name in ["p50_ms", "p99_ms", "p999_ms", "p9999_ms"] {
            let latency = json[name].as_f64().unwrap();
            assert!((1.99..2.01).contains(&latency), "{name}: {latency}");
        }
        assert_eq!(
            (&json["zipf"], &json["bucket"]),
            (&0.99.into(), &"default".into())
        );
        let text = report.as_text();
        assert!(text.contains("server cpu µs/op"), "{text}");
        assert!(
            text.contains("10 keys (zipf 0.99) in the bucket default"),
            "{text}"
        );
    }

    #[test]
    fn a_node_that_went_away_leaves_the_time_of_the_nodes_unknown() {
        let recorder = Recorder::new().unwrap();
        let measured = Measured {
            elapsed: Duration::from_secs(2),
            nodes: 3,
            client_cpu_us: 500,
            server_cpu_us: None,
            file_systems: Vec::new(),
        };
        let policy = Policy::default_bucket(3);
        let report = Report::new(&workload(), &policy, &recorder, measured);
        let json = serde_json::to_value(&report).unwrap();
        assert!(json["server_cpu_us_per_op"].is_null());
        assert!(report.as_text().contains("a node went away"));
    }
}
