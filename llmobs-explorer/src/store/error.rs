//! Errors of SQLite, and their conversion to errors of the store.

use std::io;
use std::path::Path;

use rusqlite::ErrorCode;

use crate::traces::{EngineError, StoreError};

/// An error of SQLite. It has no source, because its text contains all causes.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct SqliteError {
    code: Option<ErrorCode>,
    text: String,
}

impl SqliteError {
    /// The code, if SQLite returned one.
    pub(super) fn code(&self) -> Option<ErrorCode> {
        self.code
    }

    /// Distinguishes temporary errors from permanent ones.
    pub(super) fn classified(self, path: &Path) -> StoreError {
        let (code, error) = (self.code, EngineError(self.text));
        match code {
            Some(ErrorCode::DiskFull) => StoreError::Full(error),
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::SystemIoFailure
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen,
            ) => StoreError::Unavailable(error),
            Some(ErrorCode::OperationInterrupted) => StoreError::TooLong,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                StoreError::Damaged { path: path.to_owned(), source: error }
            }
            _ => StoreError::Failed(error),
        }
    }
}

impl From<rusqlite::Error> for SqliteError {
    fn from(error: rusqlite::Error) -> Self {
        Self { code: error.sqlite_error_code(), text: error.to_string() }
    }
}

/// The error of a query.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// A stored event cannot be read.
    #[error(transparent)]
    Content(#[from] io::Error),
}

impl ReadError {
    pub(super) fn classified(self, path: &Path) -> StoreError {
        match self {
            Self::Sqlite(error) => SqliteError::from(error).classified(path),
            Self::Content(error) => StoreError::Content(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Report;
    use crate::store::OpenError;

    #[test]
    fn the_cause_is_reported_once() {
        // The source of this error repeats its text in other words.
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        let locked = || rusqlite::Error::SqliteFailure(code, Some("database is locked".to_owned()));
        let error = OpenError::Sqlite { path: "x".into(), source: locked().into() };
        assert_eq!(Report(&error).to_string(), "cannot open the store x: database is locked");
        let error = ReadError::from(locked()).classified(Path::new("x"));
        assert_eq!(Report(&error).to_string(), "cannot write to the store now: database is locked");
    }
}
