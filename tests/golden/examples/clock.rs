//! What nodes ask each other about their clocks.

use cartwheel::message::clock::{ClockQuery, ClockReading};

use super::{Example, reply, request};

pub fn examples() -> Vec<Example> {
    let wall_ms = 1_800_000_000_000;
    vec![
        request("of a peer", ClockQuery),
        reply::<ClockQuery>("in 2027", ClockReading { wall_ms }),
    ]
}
