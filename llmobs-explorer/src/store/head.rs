//! The head of a trace: the span that represents the trace in lists. In most cases, the previous head and the new spans determine the head,
//! and no other spans are read.

use rusqlite::{OptionalExtension as _, Row, Transaction, named_params};

use crate::span::Span;

/// The most ancestors to read to find the topmost one.
const STEPS: usize = 64;

/// The start of a span and its row. Spans are in this order.
type SpanOrder = (i64, i64);

/// The place of a span in the order, and its parent.
fn place(row: &Row<'_>) -> rusqlite::Result<(SpanOrder, Option<String>)> {
    Ok(((row.get("start_ns")?, row.get("id")?), row.get("parent_id")?))
}

/// Returns the head of a trace, from the previous head and the new spans.
pub(super) fn updated(
    transaction: &Transaction<'_>,
    trace: i64,
    so_far: Option<i64>,
    new: &[(i64, &Span)],
) -> rusqlite::Result<i64> {
    let so_far: Option<(SpanOrder, Option<String>)> = so_far
        .map(|head| {
            transaction
                .prepare_cached("SELECT start_ns, id, parent_id FROM span WHERE id = :head")?
                .query_row(named_params! { ":head": head }, place)
        })
        .transpose()?;
    let roots = new.iter().filter(|(_, span)| span.parent_id.is_none());
    let root = roots.map(|(row, span)| (span.start_ns, *row)).min();
    let top = match (so_far, root) {
        (Some((head, None)), root) => return Ok(root.map_or(head, |root| root.min(head)).1),
        (_, Some(root)) => return Ok(root.1),
        (Some((head, Some(parent))), None) => match top(transaction, trace, head, &parent)? {
            None => return search(transaction, trace),
            top => top,
        },
        (None, None) => None,
    };
    let mut earlier: Vec<(SpanOrder, &Span)> =
        new.iter().map(|(row, span)| ((span.start_ns, *row), *span)).collect();
    earlier.retain(|(place, _)| top.is_none_or(|top| *place < top));
    earlier.sort_by_key(|(place, _)| *place);
    for (place, span) in earlier {
        let parent = span.parent_id.as_deref().unwrap_or_default();
        if find(transaction, trace, parent)?.is_none() {
            return Ok(place.1);
        }
    }
    match top {
        Some((_, row)) => Ok(row),
        None => search(transaction, trace),
    }
}

/// Returns the topmost ancestor of the previous head, if it is certain to be the earliest span without a parent.
fn top(
    transaction: &Transaction<'_>,
    trace: i64,
    head: SpanOrder,
    parent: &str,
) -> rusqlite::Result<Option<SpanOrder>> {
    let mut top = head;
    let mut parent = Some(parent.to_owned());
    for _ in 0..STEPS {
        let Some(above) = parent.take() else { return Ok(None) };
        match find(transaction, trace, &above)? {
            // All other spans without a parent began after the old head, and therefore after this one.
            None => return Ok((top == head || top.0 < head.0).then_some(top)),
            Some((place, next)) => (top, parent) = (place, next),
        }
    }
    Ok(None)
}

fn find(
    transaction: &Transaction<'_>,
    trace: i64,
    span_id: &str,
) -> rusqlite::Result<Option<(SpanOrder, Option<String>)>> {
    transaction
        .prepare_cached(
            "SELECT start_ns, id, parent_id FROM span WHERE trace = :trace AND span_id = :span_id",
        )?
        .query_row(named_params! { ":trace": trace, ":span_id": span_id }, place)
        .optional()
}

/// Finds the head of a trace among all of its spans.
pub(super) fn search(transaction: &Transaction<'_>, trace: i64) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached(
            "SELECT id FROM span s WHERE trace = :trace ORDER BY parent_id IS NOT NULL,
                EXISTS (SELECT 1 FROM span p WHERE p.trace = :trace AND p.span_id = s.parent_id), start_ns, id LIMIT 1",
        )?
        .query_row(named_params! { ":trace": trace }, |row| row.get("id"))
}
