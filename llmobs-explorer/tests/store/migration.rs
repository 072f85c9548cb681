//! A store of an earlier version is migrated, and pages show its data as before.
//!
//! A program of each version wrote its `traces.db.zst` after it had received `requests.json`.

use std::fs;

use tempfile::TempDir;

use crate::served::{Served, events_body, percent, span};

/// The stores are older than the default retention.
const KEEP: [&str; 2] = ["--keep-days", "36500"];

const VERSIONS: [&[u8]; 2] =
    [include_bytes!("version_1/traces.db.zst"), include_bytes!("version_2/traces.db.zst")];

fn migrated(file: &[u8]) -> (Served, TempDir) {
    let folder = TempDir::new().unwrap();
    let store = folder.path().join("traces.db");
    fs::write(&store, zstd::decode_all(file).unwrap()).unwrap();
    (Served::at(&store, &KEEP), folder)
}

/// A page, without the port.
fn page(served: &Served, path: &str) -> String {
    let reply = served.get(path);
    assert_eq!(reply.status, 200, "{path}");
    reply.text().replace(&served.port.to_string(), "PORT")
}

/// The schema of a store, without comments and without the tables of words, which have different numbers.
fn schema(served: &Served) -> Vec<(String, Option<String>)> {
    let store = rusqlite::Connection::open(&served.store).unwrap();
    let sql = "SELECT name, sql FROM sqlite_schema WHERE name NOT GLOB 'words_*' ORDER BY name";
    let mut statement = store.prepare(sql).unwrap();
    let without_comments = |sql: String| {
        sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect::<Vec<_>>().join("\n")
    };
    let rows = statement
        .query_map([], |row| {
            Ok((row.get("name")?, row.get::<_, Option<String>>("sql")?.map(without_comments)))
        })
        .unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_store_of_version_1_shows_the_same_as_a_new_one() {
    shows_the_same_as_a_new_one(VERSIONS[0]);
}

#[test]
fn a_store_of_version_2_shows_the_same_as_a_new_one() {
    shows_the_same_as_a_new_one(VERSIONS[1]);
}

fn shows_the_same_as_a_new_one(file: &[u8]) {
    let (migrated, _folder) = migrated(file);
    let fresh = Served::with(&KEEP);
    let requests: Vec<(String, String)> = serde_json::from_str(include_str!("requests.json")).unwrap();
    for (path, body) in &requests {
        assert_eq!(fresh.post(path, body.as_bytes()).status, 202);
    }
    let queries = [
        "*",
        "zanzibar",
        "\"blue truck\"",
        "天気はどうですか",
        "team:green",
        "user_id:u-7",
        "@session_id:s-1",
        "@meta.metadata.temperature:>0.1",
        "@metrics.input_tokens:>100",
        "@metrics.reasoning_output_tokens:7",
        "@evaluation.faithful.value:0.5",
        "@evaluation.by_tag.value:3",
        "@child.@name:order_status",
        "status:error",
        "@trace.total_tokens:>100",
        "@collection_errors:otel_warning",
        "@_dd.apm_trace_id:77",
        "@span_id:9",
    ];
    let mut paths: Vec<String> = ["/sessions", "/sessions/s-1", "/evaluations"].map(str::to_owned).into();
    paths.extend(["/traces?sort=tokens", "/traces?sort=duration&order=asc"].map(str::to_owned));
    for query in queries {
        for view in ["traces", "spans"] {
            paths.push(format!(
                "/traces?view={view}&column=tag.team&column=metrics.total_tokens&q={}",
                percent(query)
            ));
        }
    }
    for (trace, spans) in [("T1", 4), ("T2", 2)] {
        paths.push(format!("/traces/{trace}"));
        for id in 1..=spans {
            paths.push(format!("/traces/{trace}/spans/{id}"));
            paths.push(format!("/traces/{trace}/spans/{id}/event.json"));
        }
    }
    paths.push("/traces/T3/spans/9/event.json".to_owned());
    for path in paths {
        assert_eq!(page(&migrated, &path), page(&fresh, &path), "{path}");
    }
    assert_eq!(schema(&migrated), schema(&fresh));
    let added = [
        "span_zone",
        "trace_zone",
        "trace_zone WHERE most_tokens > 100",
        "missing_parent",
        "activity WHERE heads = 1",
        "activity WHERE heads > 0",
    ];
    assert_eq!(added.map(|table| migrated.rows(table)), added.map(|table| fresh.rows(table)));
    assert!(page(&migrated, "/traces?view=spans&q=zanzibar").contains("/traces/T1"));

    // The store accepts new spans, and replaces an old span that is sent again.
    let mut again = span("T3", "9");
    again["name"] = "again".into();
    assert_eq!(migrated.post("/api/v2/llmobs", &events_body([&again, &span("T4", "1")])).status, 202);
    assert_eq!(migrated.event("T3", "9"), Some(again.to_string()));
    assert_eq!((migrated.rows("span"), migrated.rows("trace")), (8, 4));
}

#[test]
fn old_traces_in_a_store_of_version_1_are_deleted() {
    let (mut served, folder) = migrated(VERSIONS[0]);
    assert_eq!(served.rows("span"), 7);
    served.kill();
    let store = folder.path().join("traces.db");
    let database = rusqlite::Connection::open(&store).unwrap();
    database.execute("UPDATE segment SET begun_ms = 0", []).unwrap();
    drop(database);
    let served = Served::at(&store, &[]);
    crate::served::until(|| (served.rows("span") == 0 && served.rows("segment") == 1).then_some(()));
    let tables = [
        "trace",
        "facets",
        "session",
        "attribute",
        "block",
        "span_piece",
        "sqlite_schema WHERE name = 'words_1'",
    ];
    assert_eq!(tables.map(|table| served.rows(table)), [0; 7]);
}
