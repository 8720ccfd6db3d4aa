//! Whether there is a standard input.

use std::os::unix::fs::MetadataExt;

use nix::fcntl::{FcntlArg, OFlag, fcntl};

/// Whether the program was started without one, as by `<&-` of a shell.
///
/// Before `main`, the runtime opens /dev/null for reading and writing in its place, so that no
/// file is taken for it. An input that is empty on purpose is open for reading alone.
pub fn was_closed() -> bool {
    let flags = fcntl(std::io::stdin(), FcntlArg::F_GETFL).map(OFlag::from_bits_truncate);
    let for_both = flags.is_ok_and(|flags| flags & OFlag::O_ACCMODE == OFlag::O_RDWR);
    for_both && is_null()
}

fn is_null() -> bool {
    let device = |path: &str| Some(std::fs::metadata(path).ok()?.rdev());
    let null = device("/dev/null");
    null.is_some() && device("/dev/stdin") == null
}
