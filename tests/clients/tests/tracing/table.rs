//! The table in `docs/tracing.md`: which contents are tested for each library. `UPDATE_EXPECT=1` writes it.

use std::collections::BTreeSet;
use std::process::Command;
use std::{env, fs};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/tracing.md");
const REPLAYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../llmobs-tracing/tests/replays.rs");

/// A library.
struct Row {
    /// The module of its tests.
    module: &'static str,
    /// Its name in the table.
    name: &'static str,
    /// Notes about data that it does not emit, or only sometimes, by content.
    notes_by_content: &'static [(&'static str, &'static str)],
}

const NO_DOCUMENTS: &str = "The library does not report what is embedded.";
const NO_FIRST_TOKEN: &str = "The library does not report when the first token came.";
const NO_EMBEDDINGS: &str = "The library makes no span for embeddings.";
const NO_TOOL_CALLS: &str = "The library reports that tools run, and not that a model called them.";
const BY_HELPERS: &str = "The program makes the spans of agents, tools and workflows with genai's helpers.";

/// Libraries whose tests are here.
const LIBRARIES: &[Row] = &[
    Row {
        module: "rig",
        name: "rig 0.44",
        notes_by_content: &[
            ("embedding", NO_DOCUMENTS),
            (
                "messages",
                "rig reports the messages of agents that are built with `record_content_telemetry(true)`, and none of models that \
                 are called without an agent.",
            ),
            (
                "tokens",
                "For a stream without an agent, rig reports the tokens when the program calls `finish`.",
            ),
            ("first_token", NO_FIRST_TOKEN),
            ("errors", "rig reports the errors of tools, and none of calls."),
        ],
    },
    Row { module: "rig_http", name: "rig 0.44 with `llmobs::http`", notes_by_content: &[] },
    Row {
        module: "genai",
        name: "genai 0.7, feature `otel`",
        notes_by_content: &[
            ("agent", BY_HELPERS),
            ("tool", BY_HELPERS),
            ("embedding", NO_DOCUMENTS),
            (
                "messages",
                "genai reports messages if the variable `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` is `true`, and the \
                 answer of a stream if `ChatOptions::with_capture_content(true)` is set, too.",
            ),
            (
                "tokens",
                "For a stream, genai reports the tokens if `ChatOptions::with_capture_usage(true)` is set.",
            ),
            ("errors", "genai reports the type of an error, and no text."),
        ],
    },
    Row {
        module: "agent_framework",
        name: "agent-framework 0.14",
        notes_by_content: &[
            (
                "agent",
                "agent-framework makes no span for an agent that streams its answer. An attribute of llmobs does.",
            ),
            ("llm", "The program wraps its client in `ObservableChatClient`."),
            ("embedding", NO_EMBEDDINGS),
            (
                "messages",
                "agent-framework reports messages if `ObservabilityConfig::enable_sensitive_data` is set.",
            ),
            ("first_token", NO_FIRST_TOKEN),
            (
                "errors",
                "agent-framework reports the type of an error, and the text where it reports messages.",
            ),
        ],
    },
];

const NO_NAME_OF_FIRST_TOKEN: &str = "The convention has no attribute for when the first token came.";
const SWIFTIDE_EVENTS: &str = "swiftide reports inputs, outputs and tokens in events of the level `DEBUG`.";
const LANGCHAIN_CONTENT: &str = "langchain-rust reports no messages, arguments and results.";
const GOOSE_CONTENT: &str = "goose reports the inputs and outputs of agents and tools if the variable \
                             `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` is `true`.";
const GOOSE_OBSERVED: &str =
    "goose reports the messages and cached tokens of a call where its own observation layer is in use.";
const CODEX_LEVEL: &str = "codex makes spans for tools, and for calls with their tokens, at the level `TRACE`. At `INFO`, it makes spans \
                           for requests, and reports the tokens of a turn.";

/// Libraries whose spans are replayed, by tests of llmobs-tracing.
const REPLAYED: &[Row] = &[
    Row {
        module: "otel",
        name: "programs with `gen_ai.*`",
        notes_by_content: &[("embedding", NO_DOCUMENTS)],
    },
    Row {
        module: "openinference",
        name: "programs with OpenInference",
        notes_by_content: &[("first_token", NO_NAME_OF_FIRST_TOKEN)],
    },
    Row {
        module: "openllmetry",
        name: "programs with OpenLLMetry",
        notes_by_content: &[("first_token", NO_NAME_OF_FIRST_TOKEN)],
    },
    Row {
        module: "swiftide",
        name: "swiftide 0.33, feature `langfuse`",
        notes_by_content: &[
            ("agent", SWIFTIDE_EVENTS),
            ("llm", SWIFTIDE_EVENTS),
            ("tool", SWIFTIDE_EVENTS),
            ("embedding", NO_EMBEDDINGS),
            ("messages", SWIFTIDE_EVENTS),
            ("tool_calls", SWIFTIDE_EVENTS),
            ("tokens", SWIFTIDE_EVENTS),
            ("cached_tokens", SWIFTIDE_EVENTS),
            ("first_token", NO_FIRST_TOKEN),
            ("errors", "swiftide reports the error of a tool as the output that the model gets."),
        ],
    },
    Row {
        module: "langchain",
        name: "langchain-rust 7.0",
        notes_by_content: &[
            ("agent", LANGCHAIN_CONTENT),
            ("tool", LANGCHAIN_CONTENT),
            ("embedding", "langchain-rust reports neither what is embedded nor the tokens of it."),
            ("messages", LANGCHAIN_CONTENT),
            ("tool_calls", "langchain-rust reports how many tools a model called, and not which."),
            ("cached_tokens", "langchain-rust reports no cached tokens."),
            ("first_token", NO_FIRST_TOKEN),
        ],
    },
    Row {
        module: "goose",
        name: "goose, August 2026",
        notes_by_content: &[
            ("agent", GOOSE_CONTENT),
            ("tool", GOOSE_CONTENT),
            ("embedding", NO_EMBEDDINGS),
            ("messages", GOOSE_OBSERVED),
            ("tool_calls", NO_TOOL_CALLS),
            ("cached_tokens", GOOSE_OBSERVED),
            (
                "first_token",
                "goose reports the first token to its own observation layer as a time of day, which the span shows in its metadata.",
            ),
            ("errors", "goose reports the type of an error, and no text."),
        ],
    },
    Row {
        module: "codex",
        name: "codex, August 2026",
        notes_by_content: &[
            ("llm", CODEX_LEVEL),
            ("tool", CODEX_LEVEL),
            ("embedding", NO_EMBEDDINGS),
            (
                "messages",
                "codex writes messages, arguments and results only to a log, which the layer does not read.",
            ),
            ("tool_calls", NO_TOOL_CALLS),
            ("tokens", CODEX_LEVEL),
            ("cached_tokens", CODEX_LEVEL),
            (
                "first_token",
                "codex reports when the first token of a turn came, and not of a call, in an event that the layer does not read.",
            ),
            ("errors", "codex reports which tools were cancelled, and no errors."),
        ],
    },
    Row {
        module: "adk",
        name: "adk-rust 2.3",
        notes_by_content: &[
            ("tool", "adk reports the arguments and results of tools in events of the level `DEBUG`."),
            ("embedding", NO_EMBEDDINGS),
            (
                "messages",
                "adk cuts what it reports to 2,048 bytes, unless it has the feature `record-payloads` and \
                 `RunConfig::record_payloads` is set.",
            ),
            ("first_token", NO_FIRST_TOKEN),
            (
                "errors",
                "adk reports the errors that providers put into answers, and none of tools and connections.",
            ),
        ],
    },
];

const CONTENTS: [&str; 11] = [
    "agent",
    "llm",
    "tool",
    "embedding",
    "messages",
    "tool_calls",
    "tokens",
    "cached_tokens",
    "first_token",
    "errors",
    "parents",
];

/// The tests of this program, as it lists them.
fn tests() -> BTreeSet<String> {
    let output =
        Command::new(env::current_exe().unwrap()).args(["--list", "--format", "terse"]).output().unwrap();
    let list = String::from_utf8(output.stdout).unwrap();
    list.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect()
}

/// The tests of the contents of replays: those behind the arrows in the list of the macro.
fn replays() -> BTreeSet<String> {
    let source = fs::read_to_string(REPLAYS).unwrap();
    let (_, list) = source.split_once("\nreplays! {\n").unwrap();
    let (list, _) = list.split_once("\n}").unwrap();
    let libraries = list.split(';').filter_map(|library| {
        let (library, tests) = library.trim().split_once(':')?;
        Some((library, tests.split_once("=>")?.1))
    });
    libraries
        .flat_map(|(library, tests)| tests.split_whitespace().map(move |test| format!("{library}::{test}")))
        .collect()
}

fn table() -> String {
    let heads = CONTENTS.map(|content| content.replace('_', " ")).join(" | ");
    let mut table = format!("| library | {heads} |\n|---|{}\n", "---|".repeat(CONTENTS.len()));
    let mut notes: Vec<&str> = Vec::new();
    for (rows, tests, mark) in [(LIBRARIES, tests(), ""), (REPLAYED, replays(), " (replayed)")] {
        for Row { module, name, notes_by_content } in rows {
            table += &format!("| {name}{mark} |");
            for content in CONTENTS {
                let is_tested = tests.contains(&format!("{module}::{content}"));
                table += if is_tested { " ✓" } else { " –" };
                let note =
                    notes_by_content.iter().find(|(about, _)| *about == content).map(|(_, note)| *note);
                assert!(is_tested || note.is_some(), "{module}::{content} has neither a test nor a note");
                if let Some(note) = note {
                    let known = notes.iter().position(|known| *known == note);
                    let number = known.unwrap_or_else(|| {
                        notes.push(note);
                        notes.len() - 1
                    });
                    table += &format!(" <sup>{}</sup>", number + 1);
                }
                table += " |";
            }
            table += "\n";
        }
    }
    table += "\n";
    for (number, note) in (1..).zip(notes) {
        table += &format!("{number}. {note}\n");
    }
    table += "\nEach ✓ is a test of `tests/clients/tests/tracing`, named like `rig::tokens`. It runs the library against a local provider, for \
              whole answers and for streams, and compares whole spans or trees.\n";
    table += "\nFor a replayed library, the tests create the same spans as its source. Each ✓ is a test of \
              `llmobs-tracing/tests/replays.rs`, named like `swiftide::tokens`. It compares all data of the spans.\n";
    table
}

#[test]
fn the_table_lists_the_tests_of_each_library() {
    for (rows, tests) in [(LIBRARIES, tests()), (REPLAYED, replays())] {
        let is_row = |module: &str| rows.iter().any(|row| row.module == module);
        let unknown = tests.iter().filter(|test| {
            test.split_once("::")
                .is_some_and(|(module, content)| CONTENTS.contains(&content) && !is_row(module))
        });
        assert_eq!(unknown.collect::<Vec<_>>(), [""; 0], "in no row of the table");
    }

    let page = fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once("<!-- libraries -->\n").unwrap();
    let (shown, after) = rest.split_once("<!-- /libraries -->").unwrap();
    let table = table();
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(PAGE, format!("{before}<!-- libraries -->\n{table}<!-- /libraries -->{after}")).unwrap();
    } else {
        assert_eq!(shown, table, "UPDATE_EXPECT=1 writes the table");
    }
}
