//! Who has the data of a local cluster: one `cartwheel dev` at a time.
//!
//! A second one would give the running nodes' files its own ports, and write into their logs.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::Path;

use super::ClusterFileError;

/// Locked while the cluster runs, and holds the process id of whoever did it. It stays behind:
/// a file that is removed could be locked by one process and made anew by another.
const FILE: &str = "dev.lock";

/// The data of a local cluster, until this is dropped or the process ends, in whatever way.
pub struct DataLock {
    _file: File,
}

impl DataLock {
    /// Refuses data that another process has, and leaves no trace where there is none yet.
    pub fn look(data: &Path) -> Result<(), ClusterFileError> {
        let path = data.join(FILE);
        match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => lock(file, data).map(drop),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(cause) => Err(ClusterFileError::Io { path, cause }),
        }
    }

    /// Takes the data, which need not be there yet.
    pub fn take(data: &Path) -> Result<Self, ClusterFileError> {
        let path = data.join(FILE);
        let failed = |cause| ClusterFileError::Io {
            path: path.clone(),
            cause,
        };
        let mut file = lock(open(&path).map_err(failed)?, data)?;
        sign(&mut file).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(data) = path.parent() {
        fs::create_dir_all(data)?;
    }
    let mut options = OpenOptions::new();
    // What stands in it belongs to whoever has the lock.
    options.read(true).write(true).create(true).truncate(false);
    options.open(path)
}

fn lock(mut file: File, data: &Path) -> Result<File, ClusterFileError> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ClusterFileError::InUse {
            data: data.to_owned(),
            process_id: signature(&mut file),
        }),
        Err(TryLockError::Error(cause)) => {
            let path = data.join(FILE);
            Err(ClusterFileError::Io { path, cause })
        }
    }
}

fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.write_all(std::process::id().to_string().as_bytes())
}

/// The process id that stands in the file. One that has only just taken it may not have signed.
fn signature(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.read_to_string(&mut text);
    match read.is_ok() && text.parse::<u32>().is_ok() {
        true => text,
        false => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_had_once_and_whoever_has_it_is_named() {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("new");
        DataLock::look(&data).unwrap();
        assert!(!data.exists(), "a look leaves nothing behind");
        let held = DataLock::take(&data).unwrap();
        let own = format!("by process {}", std::process::id());
        for refused in [DataLock::look(&data), DataLock::take(&data).map(drop)] {
            let refusal = refused.unwrap_err().to_string();
            assert!(refusal.contains(&own), "{refusal}");
            assert!(refusal.contains(data.to_str().unwrap()), "{refusal}");
        }
        drop(held);
        DataLock::look(&data).unwrap();
        DataLock::take(&data).unwrap();
    }

    #[test]
    fn a_file_in_the_place_of_the_data_is_an_error_of_its_path() {
        let place = tempfile::NamedTempFile::new().unwrap();
        let error = DataLock::look(place.path()).unwrap_err().to_string();
        assert!(error.contains("dev.lock"), "{error}");
    }
}
