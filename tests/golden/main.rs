//! Golden bytes: every form that is stored or sent, in text files beside this one, so that a
//! change of format shows in the difference.

mod examples;
mod hex_file;
mod messages;
mod protocol;
mod stored;
