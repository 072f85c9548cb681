//! Why the store fails.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// An error of SQLite. It has no source, since its text has all causes.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct SqliteError {
    code: Option<ErrorCode>,
    text: String,
}

impl SqliteError {
    /// The code, if SQLite itself failed.
    pub(super) fn code(&self) -> Option<ErrorCode> {
        self.code
    }
}

impl From<rusqlite::Error> for SqliteError {
    fn from(error: rusqlite::Error) -> Self {
        Self { code: error.sqlite_error_code(), text: error.to_string() }
    }
}

/// Why a write or a query failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The disk is full. Nothing stored is lost, and a retry succeeds once there is room.
    #[error("there is no room for the store: make room on its disk, or name another place by --store")]
    Full(#[source] SqliteError),
    /// Another process holds the database, or the disk fails. Nothing stored is lost, and a retry may succeed.
    #[error("the store cannot be written to now")]
    Unavailable(#[source] SqliteError),
    /// The query was interrupted after the timeout.
    #[error(
        "finding the answer takes too long; ask for less: a shorter time range, or fewer words with * in them"
    )]
    TooLong,
    /// The file is corrupt.
    #[error(
        "the store {} is damaged (stop llmobs, move the file away, and start llmobs again to begin a new one)",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The error of SQLite.
        source: SqliteError,
    },
    /// Any other error of SQLite.
    #[error("the store failed")]
    Sqlite(#[source] SqliteError),
    /// A stored event cannot be read.
    #[error(transparent)]
    Content(#[from] io::Error),
    /// The program is shutting down.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Separates errors that may pass from those that do not.
    pub(super) fn classified(error: impl Into<SqliteError>, path: &Path) -> Self {
        let error = error.into();
        match error.code() {
            Some(ErrorCode::DiskFull) => Self::Full(error),
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::SystemIoFailure
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen,
            ) => Self::Unavailable(error),
            Some(ErrorCode::OperationInterrupted) => Self::TooLong,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { path: path.to_owned(), source: error }
            }
            _ => Self::Sqlite(error),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error.into())
    }
}
