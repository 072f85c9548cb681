use std::sync::atomic::Ordering;
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

/// Runs the writer until all jobs are done. Returns the result of each batch.
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

/// A second connection to the same database. It outlives the writer.
fn reader(writer: &Writer) -> Connection {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_URI | rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
    Connection::open_with_flags(&writer.path, flags).unwrap()
}

#[test]
fn waiting_batches_are_committed_together() {
    let writer = writer();
    let (reader, changed) = (reader(&writer), writer.changed.subscribe());
    let answers = run(writer, ["a", "b", "c"].map(batch).into());
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!((traces(&reader).as_str(), *changed.borrow()), ("a b c", 1));
}

#[test]
fn an_invalid_batch_fails_alone() {
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
        Err(Failure::Begin(error) | Failure::Write(error)) => Err(error.classified(&writer.path)),
    };
    let (stored, error) =
        (0..).find_map(|id| write(&mut writer, id).err().map(|error| (id, error))).expect("there is an end");
    assert!(matches!(error, StoreError::Full(_)), "{error}");
    let ids = |to: usize| (0..to).map(|id| id.to_string()).collect::<Vec<_>>().join(" ");
    assert_eq!((stored > 0, traces(&writer.connection)), (true, ids(stored)));
    writer.connection.pragma_update(None, "max_page_count", most + 100).unwrap();
    write(&mut writer, stored).unwrap();
    assert_eq!(traces(&writer.connection), ids(stored + 1));
}

#[test]
fn at_the_size_limit_new_spans_replace_the_oldest() {
    let mut writer = testing::writer(&Location::Memory, Duration::MAX);
    writer.retention.bytes = 2 << 20;
    let (mut largest, mut written) = (0, 0);
    for number in 0..=250_u8 {
        let spans = (0..20)
            .map(|span| Span {
                trace_id: number.to_string(),
                span_id: span.to_string(),
                name: format!("step {}", number / 10),
                event: (0..20).map(|part| blake3::hash(&[number, span, part]).to_hex().to_string()).collect(),
                short_texts: format!("word{number}"),
                ..Span::default()
            })
            .collect::<Vec<_>>();
        written += spans.len();
        writer.write(&mut [Batch { spans, ..Batch::default() }]).unwrap();
        // Unlimited time.
        writer.make_room(Duration::MAX).unwrap();
        let pages: i64 = writer
            .connection
            .query_row(
                "SELECT page_count - freelist_count AS used FROM pragma_page_count, pragma_freelist_count",
                [],
                |row| row.get("used"),
            )
            .unwrap();
        largest = largest.max(pages * 8192);
    }
    let count = |sql: &str| -> i64 {
        writer
            .connection
            .query_row(&format!("SELECT count(*) AS count FROM {sql}"), [], |row| row.get("count"))
            .unwrap()
    };
    let spans = count("span");
    assert!(largest <= 2 << 20, "{largest}");
    assert!(spans > 500 && usize::try_from(spans).unwrap() < written, "{spans}");
    // The counts match the remaining rows, and a word finds the last span.
    assert_eq!(spans, count("span s JOIN facets f ON f.id = s.facets JOIN block b ON b.id = s.event >> 16"));
    let sums = "(SELECT f.spans FROM facets f JOIN span s ON s.facets = f.id GROUP BY f.id HAVING count(*) <> f.spans)";
    assert_eq!((count(sums), count("facets WHERE spans < 0")), (0, 0));
    assert_eq!(testing::wrong_counts(&writer.connection), 0);
    let words: i64 = writer
        .connection
        .query_row("SELECT max(words) AS words FROM segment", [], |row| row.get("words"))
        .unwrap();
    assert_eq!(count(&format!("words_{words} WHERE words_{words} MATCH 'word250'")), 20);
    assert_eq!(
        count("sqlite_schema WHERE name GLOB 'words_*' AND name NOT GLOB 'words_*_*'"),
        count("segment")
    );
}

#[test]
fn spans_of_a_trace_that_is_partly_deleted_are_stored() {
    let mut writer = testing::writer(&Location::Memory, Duration::MAX);
    writer.retention.bytes = 1 << 16;
    let spans = |ids: std::ops::Range<u16>| {
        let span = |id: u16| Span {
            trace_id: "long".to_owned(),
            span_id: id.to_string(),
            parent_id: (id > 0).then(|| "0".to_owned()),
            kind: "agent".to_owned(),
            start_ns: id.into(),
            event: blake3::hash(&id.to_be_bytes()).to_hex().repeat(20),
            ..Span::default()
        };
        Batch { spans: ids.map(span).collect(), ..Batch::default() }
    };
    writer.write(&mut [spans(0..2_500)]).unwrap();
    // The trace is in the oldest segment.
    writer.write(&mut [batch("next")]).unwrap();
    assert!(writer.delete(now_ms()).unwrap());
    let count = |writer: &Writer, rows: &str| -> i64 {
        let sql = format!("SELECT count(*) AS count FROM span s JOIN trace t ON t.id = s.trace WHERE {rows}");
        writer.connection.query_row(&sql, [], |row| row.get("count")).unwrap()
    };
    let (all, heads) = ("t.trace_id = 'long'", "t.trace_id = 'long' AND s.head = 1 AND t.head = s.id");
    assert_eq!((count(&writer, all), count(&writer, heads)), (2_000, 0));
    // The next span becomes visible in the list, with the rest of the trace.
    writer.write(&mut [spans(2_500..2_501)]).unwrap();
    assert_eq!((count(&writer, all), count(&writer, heads)), (2_001, 1));
    assert_eq!(count(&writer, "t.spans = 2001 AND s.head = 1"), 1);
    assert_eq!(testing::wrong_counts(&writer.connection), 0);
}

/// The number of steps of SQLite's virtual machine, in tens, to delete the first 500 of some traces, each with its own session and name.
fn steps_to_delete(traces: u16) -> u64 {
    let mut writer = testing::writer(&Location::Memory, Duration::MAX);
    writer.retention.bytes = 1 << 16;
    let mut write = |range: std::ops::Range<u16>| {
        let spans = range.map(|id| Span {
            trace_id: id.to_string(),
            span_id: id.to_string(),
            name: id.to_string(),
            session_id: Some(id.to_string()),
            event: blake3::hash(&id.to_be_bytes()).to_hex().repeat(10),
            ..Span::default()
        });
        writer.write(&mut [Batch { spans: spans.collect(), ..Batch::default() }]).unwrap();
    };
    write(0..500);
    write(500..traces);
    let steps = testing::count_steps(&writer.connection);
    while segment::all(&writer.connection).unwrap().len() > 1 {
        assert!(writer.delete(now_ms()).unwrap());
    }
    steps.load(Ordering::Relaxed)
}

#[test]
fn the_cost_of_a_deletion_hardly_depends_on_the_rest_of_the_store() {
    let (few, many) = (steps_to_delete(1_000), steps_to_delete(4_000));
    assert!(many < 2 * few, "{few}0 steps beside 500 traces, {many}0 beside 3,500");
}
