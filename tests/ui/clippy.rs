//! Clippy and rustc say about instrumented code what they say about it without attributes, and suggest the same.
//!
//! The functions in the folder `corpus` each break a lint. They are compiled three times, as crates of their own:
//! plain, with an attribute in the place of each `#[span]`, and with one attribute on each whole file.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use serde_json::Value;

const ATTRIBUTE: &str = "#[llmobs::task]";
const ATTRIBUTE_OF_BLOCK: &str = "#[llmobs::instrument]";

/// Lints that an attribute silences, and why it cannot keep them.
const LOST: [(&str, &str); 11] = [
    ("clippy::boxed_local", "the closure that the body becomes takes the arguments"),
    ("clippy::manual_async_fn", "the body is no longer one `async` block"),
    ("clippy::needless_lifetimes", "the type of what the closure returns names the lifetime"),
    ("clippy::needless_pass_by_value", "the closure that the body becomes takes the arguments"),
    ("clippy::needless_question_mark", "the user's block is the arm of a match"),
    ("clippy::not_unsafe_ptr_arg_deref", "the body has the arguments by new bindings"),
    ("clippy::only_used_in_recursion", "the body has the arguments by new bindings"),
    ("clippy::ptr_arg", "the body has the arguments by new bindings"),
    ("clippy::unnecessary_wraps", "what the function returns is a variable"),
    ("clippy::unused_async", "the expansion awaits the body"),
    ("unconditional_recursion", "rustc does not look into the closure that the body becomes"),
];

/// Lints that fire where they do not without an attribute, and why that cannot be helped.
const GAINED: [(&str, &str); 2] = [
    (
        "clippy::must_use_candidate",
        "clippy does not see in a closure that it has an effect, or calls what may have one",
    ),
    ("clippy::result_large_err", "clippy looks at closures too, also in an `impl` of a trait"),
];

/// A lint, a file and a line.
type Place = (String, String, u64);
/// Where something is to be replaced, by what, and how sure the compiler is.
type Suggestion = (String, [u64; 4], String, String);
/// The suggestions of all messages at one place.
type Findings = BTreeMap<Place, Vec<Vec<Suggestion>>>;

#[test]
fn the_same_lints_fire_on_the_same_lines_and_suggest_the_same() {
    if !is_clippy_installed() {
        // Past what the harness captures, so that it is seen.
        let _ = writeln!(io::stderr(), "skipped: clippy is not installed");
        return;
    }
    let workspace = generate();
    let findings = run_clippy(&workspace);
    let nothing = Findings::new();
    let of = |name: &str| findings.get(name).unwrap_or(&nothing);
    let plain = of("plain");
    let lints: BTreeSet<&String> = plain.keys().map(|(lint, ..)| lint).collect();
    assert!(lints.len() > 140, "the corpus breaks only {} lints: {lints:?}", lints.len());
    for name in ["traced", "block"] {
        let traced = of(name);
        check(name, "lost", &missing(plain, traced), &LOST);
        check(name, "gained", &missing(traced, plain), &GAINED);
        for (place, suggestions) in plain {
            if let Some(others) = traced.get(place).filter(|others| others.len() == suggestions.len()) {
                assert_eq!(others, suggestions, "{name}: other suggestions for {place:?}");
            }
        }
    }
    assert!(of("pass").is_empty(), "lints fire in `pass`: {:?}", of("pass").keys());
}

/// The places where `one` has more to tell than `other`.
fn missing<'a>(one: &'a Findings, other: &Findings) -> BTreeSet<&'a Place> {
    let count = |findings: &Findings, place| findings.get(place).map_or(0, Vec::len);
    one.keys().filter(|place| count(one, *place) > count(other, *place)).collect()
}

fn check(name: &str, what: &str, places: &BTreeSet<&Place>, known: &[(&str, &str)]) {
    let known: BTreeSet<&str> = known.iter().map(|(lint, _)| *lint).collect();
    let seen: BTreeSet<&str> = places.iter().map(|(lint, ..)| lint.as_str()).collect();
    let new: Vec<_> = places.iter().filter(|(lint, ..)| !known.contains(lint.as_str())).collect();
    assert!(new.is_empty(), "{name}: lints were {what}: {new:#?}");
    assert_eq!(seen, known, "{name}: these lints are {what} no more: take them out of the table");
}

fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

fn is_clippy_installed() -> bool {
    let version = cargo().args(["clippy", "--version"]).output();
    version.is_ok_and(|output| output.status.success())
}

/// Writes the crates: a separate workspace with the dependency versions of this one.
fn generate() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clippy");
    let names = ["plain", "traced", "block", "pass"];
    let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = {names:?}\n");
    write(&workspace.join("Cargo.toml"), &manifest);
    write(&workspace.join("Cargo.lock"), &read(&here.join("../../Cargo.lock")));
    for name in names {
        write(&workspace.join(name).join("Cargo.toml"), &manifest_of(name, here));
    }
    for (name, text) in files(&here.join("corpus")) {
        let plain = text.replace("#[span]", "");
        let block = format!("{ATTRIBUTE_OF_BLOCK} pub mod block {{ {plain}}}\n");
        let is_root = name == "lib.rs";
        write(&workspace.join("plain/src").join(&name), &plain);
        write(&workspace.join("traced/src").join(&name), &text.replace("#[span]", ATTRIBUTE));
        write(&workspace.join("block/src").join(&name), if is_root { &plain } else { &block });
    }
    for name in ["plain", "traced", "block"] {
        write(&workspace.join(name).join("clippy.toml"), "too-many-lines-threshold = 4\n");
    }
    workspace
}

fn manifest_of(name: &str, here: &Path) -> String {
    let root = here.join("../..");
    let mut manifest = format!(
        "[package]\nname = {name:?}\nedition = \"2024\"\n\
        [dependencies]\n\
        llmobs = {{ path = {root:?}, default-features = false, features = [\"stream\"] }}\n\
        llmobs-ui-tests = {{ path = {here:?} }}\n\
        serde = {{ version = \"1\", default-features = false }}\n"
    );
    if name == "pass" {
        for (file, _) in files(&here.join("pass")) {
            let (path, name) = (here.join("pass").join(&file), file.trim_end_matches(".rs"));
            manifest += &format!("[[bin]]\nname = {name:?}\npath = {path:?}\n");
        }
    }
    manifest
}

/// The Rust files of a folder, by name.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries =
        fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("it can be read").path());
    let is_rust = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    entries.filter(is_rust).map(|path| (name(&path), read(&path))).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Writes what is new, so that nothing is compiled again without need.
fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|before| before == text) {
        return;
    }
    fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("the folder can be made");
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// What clippy finds, by crate.
fn run_clippy(workspace: &Path) -> BTreeMap<String, Findings> {
    let mut command = cargo();
    command.args(["clippy", "--workspace", "--offline", "--message-format=json"]);
    command
        .current_dir(workspace)
        .env("CARGO_TARGET_DIR", workspace.join("target"))
        .env("CARGO_INCREMENTAL", "0");
    // What may be set for the tests must not turn warnings into errors here.
    for variable in
        ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CLIPPY_ARGS", "CLIPPY_CONF_DIR"]
    {
        command.env_remove(variable);
    }
    let output = command.output().expect("cargo runs");
    let (messages, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let messages =
        messages.lines().map(|line| serde_json::from_str::<Value>(line).expect("cargo writes JSON"));
    let messages: Vec<Value> = messages.filter(|message| message["reason"] == "compiler-message").collect();
    let errors = messages.iter().filter(|message| message["message"]["level"] == "error");
    let errors: Vec<&Value> = errors.map(|message| &message["message"]["rendered"]).collect();
    assert!(output.status.success() && errors.is_empty(), "{errors:#?}\n{log}");
    let mut findings: BTreeMap<String, Findings> = BTreeMap::new();
    for message in &messages {
        let of_package = Path::new(message["manifest_path"].as_str().unwrap_or_default()).parent();
        let package = of_package.and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        if let Some(place) = place(&message["message"]) {
            let told = findings.entry(package).or_default().entry(place).or_default();
            told.push(suggestions(&message["message"]));
            told.sort();
        }
    }
    findings
}

fn place(message: &Value) -> Option<Place> {
    let span = message["spans"].as_array()?.iter().find(|span| span["is_primary"] == true)?;
    Some((text(&message["code"]["code"]), file(span), span["line_start"].as_u64()?))
}

/// All that a message proposes to replace, wherever that is.
fn suggestions(message: &Value) -> Vec<Suggestion> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let own = list(&message["spans"]).into_iter().filter(|span| span["suggested_replacement"].is_string());
    let own = own.map(|span| {
        let ends = ["line_start", "column_start", "line_end", "column_end"];
        let ends = ends.map(|end| span[end].as_u64().unwrap_or_default());
        (file(&span), ends, text(&span["suggested_replacement"]), text(&span["suggestion_applicability"]))
    });
    let of_children = list(&message["children"]).into_iter().flat_map(|child| suggestions(&child));
    own.chain(of_children).collect()
}

fn file(span: &Value) -> String {
    Path::new(span["file_name"].as_str().unwrap_or_default())
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
