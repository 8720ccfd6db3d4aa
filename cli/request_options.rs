//! What a request may say beside its key.

use cartwheel::limits::N_MAX;
use clap::Args;

use crate::tokens::ContextToken;

/// Numbers that override the bucket's for one request, and what was seen before.
#[derive(Clone, Debug, Default, Args)]
pub struct RequestOptions {
    /// What was seen of the key, as a read or write answered it
    #[arg(long, value_name = "TOKEN")]
    pub context: Option<ContextToken>,
    /// How many owners must answer a read
    #[arg(short, value_name = "NUMBER", value_parser = quorum_number())]
    pub r: Option<u8>,
    /// How many owners must acknowledge a write
    #[arg(short, value_name = "NUMBER", value_parser = quorum_number())]
    pub w: Option<u8>,
    /// How many answers to a read must come from owners
    #[arg(long, value_name = "NUMBER", value_parser = quorum_number())]
    pub pr: Option<u8>,
    /// How many acknowledgements of a write must come from owners
    #[arg(long, value_name = "NUMBER", value_parser = quorum_number())]
    pub pw: Option<u8>,
    /// How many acknowledgements of a write must be synced to disk
    #[arg(long, value_name = "NUMBER", value_parser = quorum_number())]
    pub dw: Option<u8>,
}

fn quorum_number() -> clap::builder::RangedI64ValueParser<u8> {
    clap::value_parser!(u8).range(1..=i64::from(N_MAX))
}

/// Gives a request of the client library the numbers that were said.
macro_rules! with_numbers {
    ($request:expr, $options:expr, $($number:ident),*) => {{
        let mut request = $request;
        $(if let Some(number) = $options.$number {
            request = request.$number(number);
        })*
        request
    }};
}

impl RequestOptions {
    /// The context, empty if none was given.
    pub fn context(&self) -> cartwheel_client::Context {
        self.context.clone().unwrap_or_default().0
    }

    /// A read with these options.
    pub fn read(&self, request: cartwheel_client::Get) -> cartwheel_client::Get {
        with_numbers!(request, self, r, pr).context(self.context())
    }

    /// A put with these options.
    pub fn put(&self, request: cartwheel_client::Put) -> cartwheel_client::Put {
        with_numbers!(request, self, w, pw, dw).context(self.context())
    }

    /// A delete with these options, but the context it was made with.
    pub fn delete(&self, request: cartwheel_client::Delete) -> cartwheel_client::Delete {
        with_numbers!(request, self, w, pw, dw)
    }
}
