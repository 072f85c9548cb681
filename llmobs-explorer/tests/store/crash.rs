//! Acknowledged spans survive the end of the process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tempfile::TempDir;

use crate::served::{Served, events_body, span};

#[test]
fn acknowledged_spans_survive_sigkill() {
    let folder = TempDir::new().unwrap();
    let store = folder.path().join("traces.db");
    let mut served = Served::at(&store, &[]);
    let stop = AtomicBool::new(false);
    let port = served.port;
    let send = |writer: usize| {
        let mut acknowledged = Vec::new();
        for number in 0.. {
            let id = format!("{writer}-{number}");
            let mut event = span("T", &id);
            event["meta"]["input"] = serde_json::json!({ "value": id.repeat(500) });
            let body = events_body([&event]);
            let head = format!(
                "POST /api/v2/llmobs HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            if stop.load(Ordering::Relaxed) {
                break;
            }
            match crate::served::try_exchange(port, &[head.as_bytes(), &body].concat()) {
                Some(reply) if reply.status == 202 => acknowledged.push((id, event.to_string())),
                _ => break,
            }
        }
        acknowledged
    };
    let acknowledged: Vec<_> = thread::scope(|scope| {
        let writers: Vec<_> = (0..4).map(|writer| scope.spawn(move || send(writer))).collect();
        // Some spans are stored, and more are on their way.
        crate::served::until(|| (served.rows("span") > 40).then_some(()));
        served.kill();
        stop.store(true, Ordering::Relaxed);
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    assert!(acknowledged.len() > 30, "{}", acknowledged.len());

    let mut again = Served::at(&store, &[]);
    for (id, event) in &acknowledged {
        assert_eq!(again.event("T", id).as_ref(), Some(event), "{id} is lost");
    }
    let sums: (i64, i64) = again
        .database()
        .query_row("SELECT spans, (SELECT count(*) FROM span) AS stored FROM trace", [], |row| {
            Ok((row.get("spans")?, row.get("stored")?))
        })
        .unwrap();
    assert_eq!(sums.0, sums.1);
    assert!(again.runs() && !again.output().contains("damaged"));
}
