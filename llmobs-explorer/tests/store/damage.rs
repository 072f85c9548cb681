//! Store files with damaged parts.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::served::{Served, events_body, span};

const PAGE: u64 = 8192;

/// Creates a store with some traces, without a log beside its file.
fn filled(folder: &TempDir) -> PathBuf {
    let store = folder.path().join("traces.db");
    let mut served = Served::at(&store, &[]);
    for number in 0..40 {
        let mut event = span(&format!("T{number}"), "1");
        event["meta"]["input"] = serde_json::json!({ "value": format!("question {number} ").repeat(200) });
        assert_eq!(served.post("/api/v2/llmobs", &events_body([&event])).status, 202);
    }
    served.kill();
    Connection::open(&store).unwrap().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    store
}

fn overwrite(store: &Path, from: u64, bytes: usize) {
    OpenOptions::new().write(true).open(store).unwrap().write_all_at(&vec![0xa5; bytes], from).unwrap();
}

#[test]
fn a_store_that_cannot_be_opened_is_set_aside() {
    for (what, overwrite) in [
        ("the tables", (|store| overwrite(store, 100, 900)) as fn(&Path)),
        ("the end", |store| OpenOptions::new().write(true).open(store).unwrap().set_len(3 * PAGE).unwrap()),
    ] {
        let folder = TempDir::new().unwrap();
        let store = filled(&folder);
        overwrite(&store);
        let before = fs::read(&store).unwrap();
        let mut served = Served::at(&store, &[]);
        let aside = folder.path().join("traces.db.damaged-0");
        let expected =
            format!("llmobs: the store was damaged: moved it to {} and created a new one", aside.display());
        assert_eq!(served.line("llmobs: the store was damaged"), expected, "{what}");
        assert!(fs::read(&aside).unwrap() == before, "{what}: the file was changed");
        assert_eq!(served.post("/api/v2/llmobs", &events_body([&span("T", "1")])).status, 202);
        assert_eq!(served.rows("span"), 1);
    }
}

#[test]
fn damage_found_later_is_reported_with_a_remedy() {
    let folder = TempDir::new().unwrap();
    let store = filled(&folder);
    let roots: Vec<u32> = {
        let database = Connection::open(&store).unwrap();
        let mut statement =
            database.prepare("SELECT rootpage FROM sqlite_schema WHERE rootpage > 1").unwrap();
        statement.query_map([], |row| row.get("rootpage")).unwrap().collect::<Result<_, _>>().unwrap()
    };
    for page in roots {
        overwrite(&store, u64::from(page - 1) * PAGE, 8192);
    }
    let mut served = Served::at(&store, &[]);
    let remedy = "stop llmobs, move the file away, and start llmobs again";
    let reply = served.post("/api/v2/llmobs", &events_body([&span("T0", "2")]));
    assert_eq!(reply.status, 500);
    assert!(reply.reason().contains(remedy), "{}", reply.reason());
    assert!(reply.reason().contains(&store.display().to_string()), "{}", reply.reason());
    let mut reports = 0;
    for path in [
        "/",
        "/traces",
        "/traces?q=question",
        "/traces/T0",
        "/traces/T0/spans/1/event.json",
        "/sessions",
        "/evaluations",
        "/setup",
        "/api/ended?after=0",
    ] {
        let reply = served.get(path);
        assert!([200, 303, 404, 500].contains(&reply.status), "{path}: {}", reply.status);
        reports += usize::from(reply.status == 500 && reply.text().contains(remedy));
    }
    assert!(reports > 0, "no page reports the damage");
    assert!(served.runs());
    assert_eq!(served.get("/info").status, 200);
}

#[test]
fn damage_in_any_page_does_not_end_the_explorer() {
    let folder = TempDir::new().unwrap();
    let store = filled(&folder);
    let whole = fs::read(&store).unwrap();
    let pages = whole.len() as u64 / PAGE;
    for page in (1..pages).step_by(usize::try_from(pages / 12).unwrap().max(1)) {
        fs::write(&store, &whole).unwrap();
        overwrite(&store, page * PAGE + 8, 2000);
        let mut served = Served::at(&store, &[]);
        for path in
            ["/traces", "/traces?q=question", "/traces/T7", "/traces/T7/spans/1/event.json", "/evaluations"]
        {
            assert!(served.get(path).status > 0, "page {page}: {path}");
        }
        let status = served.post("/api/v2/llmobs", &events_body([&span("T7", "2")])).status;
        assert!([202, 500].contains(&status), "page {page}: {status}");
        assert!(served.runs(), "page {page}: {}", served.output());
        drop(served);
        for suffix in ["-wal", "-shm"] {
            drop(fs::remove_file(format!("{}{suffix}", store.display())));
        }
    }
}
