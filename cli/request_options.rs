//! What a request may say beside its key.

use cartwheel::limits::N_MAX;
use cartwheel_client::{Context, Delete, Get, Put};
use clap::Args;

use crate::tokens::ContextToken;

/// What a read may say.
#[derive(Clone, Debug, Default, Args)]
pub struct ReadOptions {
    #[command(flatten)]
    seen: Seen,
    #[command(flatten)]
    numbers: ReadNumbers,
    /// Of writes: taken, so that a script can give every command the same words
    #[arg(short, hide = true, value_parser = quorum_number())]
    w: Option<u8>,
}

/// What a write may say.
#[derive(Clone, Debug, Default, Args)]
pub struct WriteOptions {
    #[command(flatten)]
    seen: Seen,
    #[command(flatten)]
    numbers: WriteNumbers,
    /// Of reads: taken, so that a script can give every command the same words
    #[arg(short, hide = true, value_parser = quorum_number())]
    r: Option<u8>,
}

/// What a command may say that both reads and writes.
#[derive(Clone, Debug, Default, Args)]
pub struct RequestOptions {
    #[command(flatten)]
    seen: Seen,
    #[command(flatten)]
    of_reads: ReadNumbers,
    #[command(flatten)]
    of_writes: WriteNumbers,
}

/// What was seen before.
#[derive(Clone, Debug, Default, Args)]
struct Seen {
    /// What was seen of the key, as a read or write answered it
    #[arg(long, value_name = "TOKEN")]
    context: Option<ContextToken>,
}

/// Numbers that override the bucket's for one read.
#[derive(Clone, Debug, Default, Args)]
struct ReadNumbers {
    /// How many owners must answer a read
    #[arg(short, value_name = "NUMBER", value_parser = quorum_number())]
    r: Option<u8>,
    /// How many answers to a read must come from owners
    #[arg(long, value_name = "NUMBER", value_parser = quorum_number())]
    pr: Option<u8>,
}

/// Numbers that override the bucket's for one write.
#[derive(Clone, Debug, Default, Args)]
struct WriteNumbers {
    /// How many owners must acknowledge a write
    #[arg(short, value_name = "NUMBER", value_parser = quorum_number())]
    w: Option<u8>,
    /// How many acknowledgements of a write must come from owners
    #[arg(long, value_name = "NUMBER", value_parser = quorum_number())]
    pw: Option<u8>,
    /// How many acknowledgements of a write must be synced to disk
    #[arg(long, value_name = "NUMBER", value_parser = quorum_number())]
    dw: Option<u8>,
}

fn quorum_number() -> clap::builder::RangedI64ValueParser<u8> {
    clap::value_parser!(u8).range(1..=i64::from(N_MAX))
}

/// Gives a request of the client library the numbers that were said.
macro_rules! with_numbers {
    ($request:expr, $numbers:expr, $($number:ident),*) => {{
        let mut request = $request;
        $(if let Some(number) = $numbers.$number {
            request = request.$number(number);
        })*
        request
    }};
}

impl ReadOptions {
    /// A read with these options.
    pub fn read(&self, request: Get) -> Get {
        with_numbers!(request, self.numbers, r, pr).context(self.seen.context())
    }
}

impl WriteOptions {
    /// A put with these options.
    pub fn put(&self, request: Put) -> Put {
        with_numbers!(request, self.numbers, w, pw, dw).context(self.seen.context())
    }
}

impl RequestOptions {
    /// The context that was given, if one was.
    pub fn context(&self) -> Option<Context> {
        self.seen.context.clone().map(|token| token.0)
    }

    /// A read with these options.
    pub fn read(&self, request: Get) -> Get {
        with_numbers!(request, self.of_reads, r, pr).context(self.seen.context())
    }

    /// A put with these options.
    pub fn put(&self, request: Put) -> Put {
        with_numbers!(request, self.of_writes, w, pw, dw).context(self.seen.context())
    }

    /// A delete with these options, but the context it was made with.
    pub fn delete(&self, request: Delete) -> Delete {
        with_numbers!(request, self.of_writes, w, pw, dw)
    }
}

impl Seen {
    /// The context, empty if none was given.
    fn context(&self) -> Context {
        self.context.clone().unwrap_or_default().0
    }
}
