//! Events as lines of a file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use once_cell::unsync::OnceCell;

use super::{Failure, FailureKind, Framing, Payload, Transport, evaluations_body};
use crate::base::error::Error;
use crate::deliver::report::DropReason;

/// Appends one line of JSON for each span, the wrapper object of the wire format, and one for each evaluation, the body of a request with
/// that evaluation alone. After a failed write, the line that it began stays, and may be empty.
#[derive(Debug)]
pub(crate) struct File {
    path: PathBuf,
    /// Empty after writing failed: the next batch opens the file again.
    opened: OnceCell<fs::File>,
    /// Whether writing failed, so that the last line may be incomplete.
    torn: bool,
}

impl File {
    /// Opens the file at once, so that a path that cannot be written is an error of `init`.
    pub(crate) fn create(path: PathBuf) -> Result<Self, Error> {
        let opened = OnceCell::new();
        match opened.get_or_try_init(|| open(&path)) {
            Ok(_) => Ok(Self { path, opened, torn: false }),
            Err(source) => Err(Error::File { path, source }),
        }
    }

    fn append(&mut self, lines: &str) -> io::Result<()> {
        let file = self.opened.get_or_try_init(|| open(&self.path))?;
        write(file, &mut self.torn, lines)
    }
}

/// Writes from the beginning of a line, even if the last one is incomplete.
fn write(mut file: impl io::Write, torn: &mut bool, lines: &str) -> io::Result<()> {
    if *torn {
        file.write_all(b"\n")?;
    }
    *torn = true;
    file.write_all(lines.as_bytes())?;
    *torn = false;
    Ok(())
}

/// Prompts are private: only the owner of a new file can read it.
fn open(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

impl Transport for File {
    fn framing(&self) -> Option<Framing> {
        Some(Framing::Lines)
    }

    fn send(&mut self, payload: Payload<'_>) -> Result<(), Failure> {
        let appended = match payload {
            Payload::Events(lines) => self.append(lines),
            Payload::Evaluations(metrics) => {
                let line = |metric| evaluations_body(std::slice::from_ref(metric)) + "\n";
                self.append(&metrics.iter().map(line).collect::<String>())
            }
            Payload::Spans(_) => Ok(()),
        };
        appended.map_err(|error| {
            self.opened.take();
            let message = format!("cannot write to {}: {error}", self.path.display());
            Failure::new(FailureKind::Permanent(DropReason::Unavailable), message)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::write;

    /// A writer with space for this many bytes.
    struct Disk(Vec<u8>, usize);

    impl io::Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let fits = bytes.len().min(self.1 - self.0.len());
            self.0.extend(&bytes[..fits]);
            if fits == 0 && !bytes.is_empty() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(fits) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_unfinished_line_is_ended_before_the_next() {
        let (mut disk, mut torn) = (Disk(Vec::new(), 14), false);
        for (room, line, done) in [
            (14, "{\"a\":1}\n", true),
            (14, "{\"b\":2}\n", false),
            (14, "{\"c\":3}\n", false),
            (99, "{\"d\":4}\n", true),
            (99, "{\"e\":5}\n", true),
        ] {
            disk.1 = room;
            assert_eq!(write(&mut disk, &mut torn, line).is_ok(), done, "{line}");
        }
        let expected = "{\"a\":1}\n{\"b\":2\n{\"d\":4}\n{\"e\":5}\n";
        assert_eq!(String::from_utf8(disk.0).unwrap(), expected);
    }
}
