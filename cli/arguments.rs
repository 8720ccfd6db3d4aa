//! The words of the command line. Each command's own are in its file.

use clap::{Args, Parser};

use crate::commands::Command;
use crate::endpoint::Endpoint;
use crate::output::Format;

/// A leaderless, always-writable, replicated key-value store.
///
/// Exit codes: 0 done; 1 not found; 2 wrong usage or configuration; 3 refused or failed, for a
/// reason that a node has answered ("quorum unreachable" too) or that this program has met; 4 no
/// node could be reached, or the time was over before the answer.
#[derive(Debug, Parser)]
#[command(name = "cartwheel", version, max_term_width = 100)]
pub struct Arguments {
    /// How to print: a table for people, or one line of JSON for scripts
    #[arg(short, long, global = true, value_name = "FORMAT")]
    pub output: Option<Format>,
    #[command(subcommand)]
    pub command: Command,
}

// No comment for the help: the command's own is shown.
#[derive(Debug, Args)]
pub struct OnCluster<C: Args> {
    #[command(flatten)]
    pub target: Target,
    #[command(flatten)]
    pub command: C,
}

/// Which cluster a command talks to, and how long it waits.
#[derive(Clone, Debug, Args)]
pub struct Target {
    /// Client addresses of the cluster, as HOST:PORT; if one does not answer, the next is tried
    #[arg(
        long = "endpoint",
        global = true,
        env = "CARTWHEEL_ENDPOINTS",
        value_name = "ADDRESS",
        value_delimiter = ',',
        default_value = "127.0.0.1:7400,127.0.0.1:7410,127.0.0.1:7420"
    )]
    pub endpoints: Vec<Endpoint>,
    /// Milliseconds until a request is given up, its retries included
    #[arg(
        long = "timeout",
        global = true,
        value_name = "MS",
        default_value_t = 5000,
        value_parser = clap::value_parser!(u32).range(1..=60_000)
    )]
    pub timeout_ms: u32,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_words_of_the_command_line_fit_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_endpoint_of_a_list_is_taken() {
        let words = ["cartwheel", "status", "--endpoint", "a:1,b:2"];
        let arguments = Arguments::try_parse_from(words).unwrap();
        let Command::Status(OnCluster { target, .. }) = arguments.command else {
            panic!("{arguments:?}");
        };
        let endpoints: Vec<_> = target.endpoints.iter().map(Endpoint::as_str).collect();
        assert_eq!(endpoints, ["a:1", "b:2"]);
    }

    #[test]
    fn the_words_that_scripts_rely_on_are_taken() {
        for line in [
            "put b k v --endpoint h:1 --context AQ== -r 1 -w 2",
            "get b k --endpoint h:1,i:2 --context AQ== -r 1 -w 2 -o json",
            "delete b k --endpoint h:1 --context AQ== -r 1 -w 2",
            "put b k -5",
            "put b k",
            "import b /tmp",
            "export b /tmp -o table",
            "explain b k",
            "ring b k",
            "ring",
            "status -o json",
            "bucket list",
            "bucket list --endpoint h:1 --timeout 7",
            "bucket --endpoint h:1 list",
            "bucket create b --n 3 --durability buffered",
            "check-config f",
        ] {
            let words = ["cartwheel"].into_iter().chain(line.split(' '));
            let parsed = Arguments::try_parse_from(words);
            assert!(parsed.is_ok(), "{line}: {:?}", parsed.err());
        }
    }

    #[test]
    fn wrong_usage_is_refused() {
        for line in [
            "put b",
            "get b k -r 0",
            "get b k -r 16",
            "get b k --context *",
            "ring b",
            "get b k --endpoint nowhere",
            "get b k --endpoint http://127.0.0.1:7400",
            "get b k --pw 1",
            "put b k v --pr 1",
            "get b k --timeout 0",
            "put b k v --file f",
            "check-config f --endpoint h:1",
            "completions bash --timeout 7",
            "serve --endpoint h:1",
            "dev --timeout 7",
        ] {
            let words = ["cartwheel"].into_iter().chain(line.split(' '));
            assert!(Arguments::try_parse_from(words).is_err(), "{line}");
        }
    }
}
