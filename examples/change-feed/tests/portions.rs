//! What is dropped from a feed, and how much of it at once.

use super::*;

#[test]
fn what_is_too_much_is_dropped_in_portions() {
    assert_eq!(first_kept((3, 9), 10), 3);
    assert_eq!(first_kept((3, 14), 10), 4);
    assert_eq!(first_kept((0, 1_000_000), 10), DROPPED_AT_ONCE_MAX);
    assert_eq!(first_kept((5, 5), 0), 5);
}
