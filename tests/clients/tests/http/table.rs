//! The table in `docs/model_calls.md` with the tested contents of each client. `UPDATE_EXPECT=1` writes it.

use std::collections::BTreeSet;
use std::process::Command;
use std::{env, fs};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/model_calls.md");

/// The test modules of the clients, and their names in the table.
const CLIENTS: [(&str, &str); 10] = [
    ("async_openai_chat", "async-openai, chat completions"),
    ("async_openai_responses", "async-openai, responses"),
    ("reqwest_middleware_openai", "reqwest-middleware, OpenAI"),
    ("reqwest_middleware_anthropic", "reqwest-middleware, Anthropic"),
    ("reqwest_openai", "reqwest as a tower service, OpenAI"),
    ("reqwest_anthropic", "reqwest as a tower service, Anthropic"),
    ("hyper_openai", "hyper as a tower service, OpenAI"),
    ("hyper_anthropic", "hyper as a tower service, Anthropic"),
    ("rig_openai", "rig, OpenAI"),
    ("rig_anthropic", "rig, Anthropic"),
];

const CONTENTS: [&str; 9] = [
    "messages",
    "tool_calls",
    "tokens",
    "cached_tokens",
    "first_token",
    "errors",
    "retries",
    "cancelled",
    "parents",
];

/// The names of all tests in this program.
fn tests() -> BTreeSet<String> {
    let output =
        Command::new(env::current_exe().unwrap()).args(["--list", "--format", "terse"]).output().unwrap();
    let list = String::from_utf8(output.stdout).unwrap();
    list.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect()
}

fn table(tests: &BTreeSet<String>) -> String {
    let heads = CONTENTS.map(|content| content.replace('_', " ")).join(" | ");
    let mut table = format!("| client | {heads} |\n|---|{}\n", "---|".repeat(CONTENTS.len()));
    let mut has_gap = false;
    for (module, client) in CLIENTS {
        table += &format!("| {client} |");
        for content in CONTENTS {
            let is_tested = tests.contains(&format!("{module}::{content}"));
            has_gap |= !is_tested;
            table += if is_tested { " ✓ |" } else { " – |" };
        }
        table += "\n";
    }
    table += "\nEach ✓ is a test of `tests/clients/tests/http`, named like `rig_openai::retries`. It asks a local provider, for a whole answer and \
              for a stream, and compares whole spans.\n";
    if has_gap {
        table += "\n– has no test.\n";
    }
    table
}

#[test]
fn the_table_lists_the_tests_of_each_client() {
    let tests = tests();
    let known = |module: &str, content: &str| {
        CLIENTS.iter().any(|(client, _)| *client == module) && CONTENTS.contains(&content)
    };
    let cells = tests.iter().filter_map(|test| test.split_once("::"));
    let unknown: Vec<_> = cells
        .filter(|(module, content)| {
            let is_cell = CONTENTS.contains(content) || CLIENTS.iter().any(|(client, _)| client == module);
            is_cell && !known(module, content)
        })
        .collect();
    assert_eq!(unknown, [], "in no cell of the table");

    let page = fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once("<!-- clients -->\n").unwrap();
    let (shown, after) = rest.split_once("<!-- /clients -->").unwrap();
    let table = table(&tests);
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(PAGE, format!("{before}<!-- clients -->\n{table}<!-- /clients -->{after}")).unwrap();
    } else {
        assert_eq!(shown, table, "UPDATE_EXPECT=1 writes the table");
    }
}
