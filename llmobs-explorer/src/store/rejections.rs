//! The latest requests that the intake refused.

use rusqlite::{Connection, Transaction, named_params};

use super::error::ReadError;
use crate::traces::Rejection;

/// The number of refused requests to keep.
const KEPT: i64 = 50;

/// Reads the refused requests, the latest first.
pub(super) fn rejections(connection: &Connection) -> Result<Vec<Rejection>, ReadError> {
    let mut statement =
        connection.prepare_cached("SELECT at_ms, path, reason FROM rejection ORDER BY id DESC")?;
    let rows = statement.query_map([], |row| {
        Ok(Rejection { at_ms: row.get("at_ms")?, path: row.get("path")?, reason: row.get("reason")? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Adds rejections, and deletes the oldest beyond the limit.
pub(super) fn write(transaction: &Transaction<'_>, rejections: &[Rejection]) -> rusqlite::Result<()> {
    for Rejection { at_ms, path, reason } in rejections {
        transaction
            .prepare_cached("INSERT INTO rejection (at_ms, path, reason) VALUES (:at_ms, :path, :reason)")?
            .execute(named_params! { ":at_ms": at_ms, ":path": path, ":reason": reason })?;
    }
    if !rejections.is_empty() {
        transaction.execute(
            "DELETE FROM rejection WHERE id <= (SELECT max(id) FROM rejection) - :kept",
            named_params! { ":kept": KEPT },
        )?;
    }
    Ok(())
}
