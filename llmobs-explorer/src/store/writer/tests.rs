use std::time::Duration;

use super::*;
use crate::span::Span;
use crate::store::schema::Location;
use crate::store::testing;

fn writer() -> Writer {
    testing::writer(&Location::Memory, Duration::MAX)
}

fn batch(id: &str) -> Batch {
    let event =
        format!("{{\"id\":\"{id}\",\"text\":\"{}\"}}", blake3::hash(id.as_bytes()).to_hex().repeat(20));
    let span = Span { trace_id: id.to_owned(), span_id: id.to_owned(), event, ..Span::default() };
    Batch { spans: vec![span], ..Batch::default() }
}

/// Runs the writer until all jobs are done, and returns whether each batch was stored.
fn run(writer: Writer, batches: Vec<Batch>) -> Vec<Result<(), StoreError>> {
    let (jobs, received) = mpsc::channel(batches.len());
    let answers: Vec<_> = batches
        .into_iter()
        .map(|batch| {
            let (reply, answer) = oneshot::channel();
            jobs.try_send(Job::Write(Box::new(batch), reply)).unwrap();
            answer
        })
        .collect();
    drop(jobs);
    writer.run(received);
    answers.into_iter().map(|answer| answer.blocking_recv().unwrap()).collect()
}

fn traces(connection: &Connection) -> String {
    let sql = "SELECT coalesce(group_concat(trace_id, ' ' ORDER BY id), '') AS traces FROM trace";
    connection.query_row(sql, [], |row| row.get("traces")).unwrap()
}

/// A second connection to the same database, which outlives the writer.
fn reader(writer: &Writer) -> Connection {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_URI | rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
    Connection::open_with_flags(&writer.path, flags).unwrap()
}

#[test]
fn batches_that_wait_are_committed_together() {
    let writer = writer();
    let (reader, changed) = (reader(&writer), writer.changed.subscribe());
    let answers = run(writer, ["a", "b", "c"].map(batch).into());
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!((traces(&reader).as_str(), *changed.borrow()), ("a b c", 1));
}

#[test]
fn a_batch_that_cannot_be_stored_fails_alone() {
    let writer = writer();
    let reader = reader(&writer);
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON trace WHEN new.trace_id = 'b'
        BEGIN SELECT raise(ABORT, 'no b'); END";
    writer.connection.execute_batch(refuse).unwrap();
    let answers: Vec<_> = run(writer, ["a", "b", "c"].map(batch).into())
        .into_iter()
        .map(|answer| answer.map_err(|error| crate::report::Report(&error).to_string()))
        .collect();
    assert_eq!(answers, [Ok(()), Err("the store failed: no b".to_owned()), Ok(())]);
    assert_eq!(traces(&reader), "a c");
}

#[test]
fn on_a_full_disk_nothing_is_lost_and_a_retry_may_succeed() {
    let mut writer = writer();
    let pages = |connection: &Connection| -> i64 {
        connection.pragma_query_value(None, "page_count", |row| row.get("page_count")).unwrap()
    };
    let most = pages(&writer.connection) + 8;
    writer.connection.pragma_update(None, "max_page_count", most).unwrap();
    let write = |writer: &mut Writer, id: usize| match writer.write(&mut [batch(&id.to_string())]) {
        Ok(()) => Ok(()),
        Err(Failure::Begin(error) | Failure::Write(error)) => {
            Err(StoreError::classified(error, &writer.path))
        }
    };
    let (stored, error) =
        (0..).find_map(|id| write(&mut writer, id).err().map(|error| (id, error))).expect("there is an end");
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    let ids = |to: usize| (0..to).map(|id| id.to_string()).collect::<Vec<_>>().join(" ");
    assert_eq!((stored > 0, traces(&writer.connection)), (true, ids(stored)));
    writer.connection.pragma_update(None, "max_page_count", most + 100).unwrap();
    write(&mut writer, stored).unwrap();
    assert_eq!(traces(&writer.connection), ids(stored + 1));
}
