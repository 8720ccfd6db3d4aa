//! `cartwheel bucket create|list`.

use cartwheel::bucket::{Bucket as Policy, BucketDurability};
use cartwheel::limits::N_MAX;
use cartwheel::message::client::RequestError;
use cartwheel::version::ConflictRule;
use cartwheel_client::Client;
use clap::{Args, Subcommand, ValueEnum};

use crate::arguments::Target;
use crate::connection;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::policy::{default_policy, differences, policy};

/// Create a bucket, or list all with their policies
#[derive(Debug, Args)]
pub struct Bucket {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Create a bucket; every member must be up
    Create(Create),
    /// List the buckets
    List,
}

/// The policy; what is not said is as in the bucket `default`
#[derive(Debug, Args)]
struct Create {
    /// The name: up to 64 letters, digits, `-`, `_` or `.`
    name: String,
    /// How many owners keep each record, at most as many as there are members; for ever
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..=i64::from(N_MAX)))]
    n: Option<u8>,
    /// How many must answer a read; more than half of n unless told otherwise
    #[arg(short, long, value_name = "NUMBER")]
    r: Option<u8>,
    /// How many must acknowledge a write; more than half of n unless told otherwise
    #[arg(short, long, value_name = "NUMBER")]
    w: Option<u8>,
    /// How many answers to a read must come from owners
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pr: u8,
    /// How many acknowledgements of a write must come from owners
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pw: u8,
    /// How many acknowledgements of a write must be synced to disk
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    dw: u8,
    /// What becomes of concurrent values; for ever
    #[arg(long, value_enum, default_value_t = Conflict::Siblings)]
    conflict: Conflict,
    /// What an acknowledgement promises; for ever
    #[arg(long, value_enum, default_value_t = Durability::Synced)]
    durability: Durability,
    /// The longest key, in bytes
    #[arg(long, value_name = "BYTES")]
    key_len_max: Option<u32>,
    /// The largest value, in bytes
    #[arg(long, value_name = "BYTES")]
    value_len_max: Option<u32>,
    /// The most siblings a put may leave
    #[arg(long, value_name = "NUMBER")]
    siblings_max: Option<u32>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Conflict {
    /// All are kept until a client resolves them
    Siblings,
    /// The last writer wins; the others are counted and gone
    Lww,
    /// As siblings, and a put without a context on an existing key is refused
    Refuse,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Durability {
    /// w owners have synced the write to disk
    Synced,
    /// w owners have handed it to their kernels
    Buffered,
}

impl Bucket {
    pub fn run(self, target: &Target, format: Option<Format>) -> Result<(), Failure> {
        let policies = connection::block_on(async {
            let client = target.connect().await?;
            match self.action {
                Action::Create(create) => {
                    let policy = create.policy(&client).await?;
                    Ok(vec![create_bucket(&client, policy).await?])
                }
                Action::List => Ok(client.buckets().await?),
            }
        })?;
        output::show(format, &policies, |policies| as_text(policies))
    }
}

impl Create {
    async fn policy(self, client: &Client) -> Result<Policy, Failure> {
        let default = match self.n {
            Some(n) => Policy::default_bucket(n),
            None => default_policy(client, &self.name).await?,
        };
        Ok(Policy {
            name: self.name,
            r: self.r.unwrap_or(default.r),
            w: self.w.unwrap_or(default.w),
            pr: self.pr,
            pw: self.pw,
            dw: self.dw,
            conflict: self.conflict.into(),
            durability: self.durability.into(),
            key_len_max: self.key_len_max.unwrap_or(default.key_len_max),
            value_len_max: self.value_len_max.unwrap_or(default.value_len_max),
            siblings_max: self.siblings_max.unwrap_or(default.siblings_max),
            ..default
        })
    }
}

/// Creates the bucket, or says what the one of that name has otherwise.
async fn create_bucket(client: &Client, wanted: Policy) -> Result<Policy, Failure> {
    let error = match client.create_bucket(wanted.clone()).await {
        Ok(created) => return Ok(created),
        Err(error) => error,
    };
    if !matches!(error.refusal(), Some(RequestError::BucketExists { .. })) {
        return Err(error.into());
    }
    // One that is not in use yet is in no list.
    let there = policy(client, &wanted.name).await.map_err(|_| error)?;
    Err(Failure::BucketDiffers {
        differences: differences(&there, &wanted),
        name: wanted.name,
    })
}

impl From<Conflict> for ConflictRule {
    fn from(conflict: Conflict) -> Self {
        match conflict {
            Conflict::Siblings => Self::Siblings,
            Conflict::Lww => Self::Lww,
            Conflict::Refuse => Self::Refuse,
        }
    }
}

impl From<Durability> for BucketDurability {
    fn from(durability: Durability) -> Self {
        match durability {
            Durability::Synced => Self::Synced,
            Durability::Buffered => Self::Buffered,
        }
    }
}

const HEADINGS: [&str; 11] = [
    "bucket",
    "n",
    "r",
    "w",
    "pr",
    "pw",
    "dw",
    "conflict",
    "durability",
    "key ≤",
    "value ≤",
];

fn as_text(policies: &[Policy]) -> String {
    let mut table = output::table(&HEADINGS);
    for policy in policies {
        let numbers = [
            policy.n, policy.r, policy.w, policy.pr, policy.pw, policy.dw,
        ];
        let mut row = vec![policy.name.clone()];
        row.extend(numbers.iter().map(ToString::to_string));
        row.push(output::conflict(policy.conflict));
        row.push(output::durability(policy.durability).to_owned());
        row.push(policy.key_len_max.to_string());
        row.push(policy.value_len_max.to_string());
        table.add_row(row);
    }
    table.to_string()
}
