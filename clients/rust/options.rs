//! What every request may override: the methods that all builders share.

/// Gives a request builder its timeout and its quorum numbers.
macro_rules! request_options {
    ($builder:ident: $($number:ident: $doc:literal),*) => {
        impl $builder {
            /// How long this request may take, all attempts together.
            pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
                self.timeout = Some(timeout);
                self
            }

            /// Asks for the coordinator's account of the request in the answer.
            pub fn explain(mut self) -> Self {
                self.options.explain = true;
                self
            }

            $(
                #[doc = $doc]
                #[doc = ""]
                #[doc = "Instead of the bucket's number, for this request."]
                    pub fn $number(mut self, $number: u8) -> Self {
                    self.options.$number = $number;
                    self
                }
            )*
        }
    };
}

/// Gives the builder of a read its quorum numbers.
macro_rules! read_options {
    ($builder:ident) => {
        $crate::options::request_options!($builder:
            r: "How many owners must answer.",
            pr: "How many answers must come from owners, and not from fallbacks.");
    };
}

/// Gives the builder of a write its quorum numbers.
macro_rules! write_options {
    ($builder:ident) => {
        $crate::options::request_options!($builder:
            w: "How many owners must acknowledge.",
            pw: "How many acknowledgements must come from owners, and not from fallbacks.",
            dw: "How many acknowledgements must be synced to disk.");
    };
}

/// Lets a request builder be awaited as it is.
macro_rules! awaited {
    ($builder:ident => $output:ty) => {
        impl std::future::IntoFuture for $builder {
            type Output = $output;
            type IntoFuture = futures::future::BoxFuture<'static, $output>;

            fn into_future(self) -> Self::IntoFuture {
                Box::pin(self.send())
            }
        }
    };
}

pub(crate) use {awaited, read_options, request_options, write_options};
