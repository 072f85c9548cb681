//! Events as lines of a file.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use once_cell::unsync::OnceCell;

use super::{Intake, Refused, Transport, body, wrap};
use crate::error::Error;
use crate::report::DropReason;

/// Appends one line of JSON for each span, the wrapper object of the wire format, and one for each evaluation, the body of a
/// request with it alone.
#[derive(Debug)]
pub(crate) struct File {
    path: PathBuf,
    /// Emptied when writing fails, to be opened anew for the next batch.
    file: OnceCell<fs::File>,
}

impl File {
    /// Opens the file, so that a path that cannot be written to is found out at once.
    pub(crate) fn create(path: PathBuf) -> Result<Self, Error> {
        let file = OnceCell::new();
        match file.get_or_try_init(|| open(&path)) {
            Ok(_) => Ok(Self { path, file }),
            Err(error) => Err(Error::File(path, error)),
        }
    }

    fn append(&self, lines: &str) -> io::Result<()> {
        let mut file = self.file.get_or_try_init(|| open(&self.path))?;
        file.write_all(lines.as_bytes())
    }
}

/// Prompts are private: a new file is readable by its owner alone.
fn open(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

impl Transport for File {
    fn send(&mut self, intake: Intake, events: &[String]) -> Result<(), Refused> {
        let mut lines = String::new();
        for event in events {
            lines.push_str(&match intake {
                Intake::Spans => wrap(event),
                Intake::Evaluations => body(intake, std::slice::from_ref(event)),
            });
            lines.push('\n');
        }
        self.append(&lines).map_err(|error| {
            self.file.take();
            let message = format!("cannot write to {}: {error}", self.path.display());
            Refused { retry: false, reason: DropReason::Unavailable, message }
        })
    }
}
