//! The tables in `docs/providers.md`: the contents that are read from each protocol, according to the fixtures. `UPDATE_EXPECT=1`
//! writes them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_raw_string_hashes,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue, and expect-test writes its own strings"
)]

#[path = "table/contents.rs"]
mod contents;
mod support;

use std::collections::BTreeMap;
use std::path::Path;

use contents::{Content, Reading};
use llmobs_providers::json::Json;
use llmobs_providers::protocol::HOSTS;
use llmobs_providers::{
    Attributes, McpResult, Protocol, Request, Response, ToolCall, ToolDefinition, provider_of_host,
};
use serde_json::{Map, Value, json};
use support::{LIMIT, files_below, fixtures};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/providers.md");

/// How well a content is read. The best reading of all fixtures counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    /// No fixture has it.
    #[default]
    NotSeen,
    /// A fixture has it, but it was not read.
    Lost,
    /// A note marks it. The flag is whether a provider's recording had it.
    Named(bool),
    Shown(bool),
}

impl Cell {
    fn text(self) -> &'static str {
        match self {
            Self::NotSeen => "not seen",
            Self::Lost => "lost",
            Self::Named(false) => "named ○",
            Self::Named(true) => "named ●",
            Self::Shown(false) => "shown ○",
            Self::Shown(true) => "shown ●",
        }
    }
}

/// The cells of each protocol, convention and library, in the order of the contents.
type Rows = BTreeMap<String, [Cell; Content::ALL.len()]>;

/// Adds the reading of one fixture. `labels` are the contents that its author has labelled.
fn add(rows: &mut Rows, reading: &Reading<'_>, labels: &[&str], is_recorded: bool) {
    let cells = rows.entry(reading.row.to_owned()).or_default();
    for (cell, content) in cells.iter_mut().zip(Content::ALL) {
        let found = if reading.shows(content) {
            Cell::Shown(is_recorded)
        } else if reading.names(content) {
            Cell::Named(is_recorded)
        } else if labels.contains(&content.name()) {
            Cell::Lost
        } else {
            Cell::NotSeen
        };
        *cell = found.max(*cell);
    }
}

fn load(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn files(folder: &str) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder);
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    files_below(&folder).iter().map(|path| (name(path), load(path))).collect()
}

fn labels(file: &Value) -> Vec<&str> {
    file["contents"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn to_value(read: impl serde::Serialize) -> Value {
    serde_json::to_value(read).unwrap()
}

/// Adds exchanges with providers.
fn add_exchanges(rows: &mut Rows) {
    for fixture in fixtures() {
        let (request, response) = (fixture.read_request(), fixture.read(&fixture.answer));
        let labels = labels(&fixture.file);
        let row = fixture.endpoint().protocol.name();
        let reading = Reading::new(row, &request, &response, &labels);
        add(rows, &reading, &labels, fixture.file["from_recording"] == true);
    }
}

/// Adds attributes of spans, by the convention of their names.
fn add_attributes(rows: &mut Rows) {
    for (name, file) in files("forms") {
        let attributes = file["attributes"].to_string();
        let read = Attributes::read(&Json::read(&attributes).unwrap(), LIMIT).expect(&name);
        let (request, response) = (to_value(&read.request), to_value(&read.response));
        let labels = labels(&file);
        let reading = Reading::new(read.convention.name(), &request, &response, &labels);
        add(rows, &reading, &labels, file["from_recording"] == true);
    }
}

/// Adds values of Rust libraries, by the library. They have no labels.
fn add_values(rows: &mut Rows) {
    for (name, file) in files("forms_rust") {
        let text = file["value"].to_string();
        let json = Json::read(&text).unwrap();
        let (mut request, mut response) = (json!({}), json!({}));
        for side in file["expect"].as_object().unwrap().keys() {
            match side.as_str() {
                "request" => request = to_value(Request::read(&json, None, LIMIT)),
                "response" => response = to_value(Response::read(&json, None, LIMIT)),
                "call" => {
                    request = json!({ "messages": [{ "tool_calls": [ToolCall::read_mcp(&json)] }] });
                }
                "result" => {
                    let result = McpResult::read(&json, LIMIT).unwrap().result;
                    response = json!({ "messages": [{ "tool_results": [result] }] });
                }
                "is_error" => {
                    let is_error = McpResult::read(&json, LIMIT).unwrap().is_error;
                    response["error"] = if is_error { json!({}) } else { Value::Null };
                }
                "tools" => request = json!({ "tools": ToolDefinition::read_all(&file["value"]) }),
                other => panic!("{name}: {other} is not known"),
            }
        }
        let row = name.split('_').next().unwrap();
        add(rows, &Reading::new(row, &request, &response, &[]), &[], false);
    }
}

/// Adds recordings, by the outlines that `tests/recordings.rs` compares.
fn add_recordings(rows: &mut Rows) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for file in files_below(&folder).iter().filter(|file| file.ends_with("recordings.json")) {
        let outlines: Map<String, Value> = serde_json::from_value(load(file)).unwrap();
        for (name, outline) in outlines {
            let (request, response) = contents::of_outline(&outline);
            let labels: &[&str] = if name.contains("refusal") { &["refusal"] } else { &[] };
            let row = outline["request"]["protocol"].as_str().unwrap();
            add(rows, &Reading::new(row, &request, &response, labels), &[], true);
        }
    }
}

fn table() -> String {
    let mut rows = Rows::new();
    add_exchanges(&mut rows);
    add_attributes(&mut rows);
    add_values(&mut rows);
    add_recordings(&mut rows);

    let protocols = Protocol::ALL.iter().map(|protocol| protocol.name());
    let others = ["mcp", "otel", "openinference", "openllmetry"];
    let names: Vec<_> = protocols.chain(others).collect();
    assert_eq!(rows.keys().filter(|row| !names.contains(&row.as_str())).collect::<Vec<_>>(), [""; 0]);

    let mut text = "| |".to_owned();
    text.extend(Content::ALL.map(|content| format!(" {} |", content.name().replace('_', " "))));
    text += &format!("\n|---|{}\n", "---|".repeat(Content::ALL.len()));
    for name in names {
        let cells = rows.get(name).unwrap_or_else(|| panic!("no fixture is of {name}"));
        text += &format!("| `{name}` |");
        text.extend(cells.map(|cell| format!(" {} |", cell.text())));
        text.push('\n');
    }
    text
}

/// The hosts of each provider.
fn hosts() -> String {
    let mut providers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (host, provider) in HOSTS {
        assert_eq!(provider_of_host(host), Some(*provider), "{host}");
        providers.entry(provider).or_default().push(host);
    }
    let mut text = "| provider | hosts |\n|---|---|\n".to_owned();
    for (provider, hosts) in providers {
        text += &format!("| `{provider}` | `{}` |\n", hosts.join("`, `"));
    }
    text
}

/// Replaces the text between the comments of a part of the page.
fn replace_part(page: &str, part: &str, text: &str) -> String {
    let (begin, end) = (format!("<!-- {part} -->\n"), format!("<!-- end of {part} -->\n"));
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("the page has no {begin}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("the page has no {end}"));
    format!("{before}{begin}\n{text}\n{end}{after}")
}

#[test]
fn the_page_is_up_to_date() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let page = replace_part(&replace_part(&page, "table", &table()), "hosts", &hosts());
    expect_test::expect_file![PAGE].assert_eq(&page);
}

/// Each content of a fixture is read, or at least named.
#[test]
fn no_content_of_a_fixture_is_lost() {
    assert!(!table().contains(Cell::Lost.text()), "{}", table());
}

#[test]
fn labels_of_fixtures_are_known() {
    // Not read, as the page documents.
    let others = ["logprobs"];
    let files = files("").into_iter().filter(|(_, file)| file["contents"].is_array());
    for (name, file) in files {
        for label in labels(&file) {
            let is_known = Content::ALL.iter().any(|content| content.name() == label);
            assert!(is_known || others.contains(&label), "{name}: {label}");
        }
    }
}
