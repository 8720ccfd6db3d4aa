//! Which file system a path is on: a figure about a disk says nothing without it.

use std::fs;
use std::path::{Path, PathBuf};

/// The file system under a path, `ext4` or `tmpfs` for example; `unknown` where the system
/// does not say.
pub fn file_system_of(path: &Path) -> String {
    let path = fs::canonicalize(path);
    let mounts = fs::read_to_string("/proc/self/mountinfo");
    let found = path.ok().zip(mounts.ok());
    found
        .and_then(|(path, mounts)| file_system_in(&mounts, &path))
        .unwrap_or_else(|| "unknown".to_owned())
}

/// The longest mount point above the path, and the last of those mounted on one place.
fn file_system_in(mounts: &str, path: &Path) -> Option<String> {
    let above = mounts.lines().filter_map(mount);
    let above = above.filter(|(point, _)| path.starts_with(point));
    let nearest = above.max_by_key(|(point, _)| point.components().count());
    nearest.map(|(_, file_system)| file_system)
}

/// `36 35 98:0 /root /mount/point options … - ext4 /dev/sda1 options`
fn mount(line: &str) -> Option<(PathBuf, String)> {
    let (place, what) = line.split_once(" - ")?;
    let point = place.split(' ').nth(4)?;
    let file_system = what.split(' ').next()?;
    Some((PathBuf::from(unescaped(point)), file_system.to_owned()))
}

/// The kernel writes blanks and the like as a backslash and three octal digits.
fn unescaped(text: &str) -> String {
    let escapes = [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ];
    let replace = |text: String, (code, character): &(&str, &str)| text.replace(code, character);
    escapes.iter().fold(text.to_owned(), replace)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:21 / /proc rw - proc proc rw
30 22 0:30 / /data rw shared:9 master:2 - xfs /dev/sdb rw
31 30 0:31 / /data/fast\\040disk rw - tmpfs tmpfs rw
32 30 0:32 / /data rw - btrfs /dev/sdc rw
not a mount at all
";

    fn on(path: &str) -> String {
        file_system_in(MOUNTS, Path::new(path)).unwrap()
    }

    #[test]
    fn the_nearest_mount_point_counts() {
        assert_eq!(on("/home/someone"), "ext4");
        assert_eq!(on("/data/fast disk/store"), "tmpfs");
        assert_eq!(
            on("/database"),
            "ext4",
            "a longer name is not a place below"
        );
    }

    #[test]
    fn of_two_mounts_on_one_place_the_later_counts() {
        assert_eq!(on("/data/store"), "btrfs");
    }

    #[test]
    fn a_path_that_does_not_exist_is_on_no_file_system() {
        assert_eq!(file_system_of(Path::new("/no/such/path")), "unknown");
    }

    #[test]
    fn proc_is_on_proc() {
        assert_eq!(file_system_of(Path::new("/proc/self")), "proc");
    }
}
