//! The rules of the house that no compiler checks, each with the sentence why.

mod biased_select;
mod core_dependencies;
mod dependency_reasons;
mod exceptions;
mod extending;
mod file_length;
mod lints;
mod no_rocksdb;
mod shown_code;
mod workspace;
