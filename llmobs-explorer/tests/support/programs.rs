//! Programs with other SDKs: where to find them and how to run them.
//!
//! | program | found by | required if |
//! |---|---|---|
//! | Python with ddtrace | `LLMOBS_DDTRACE_PYTHON`, else `python3` | `LLMOBS_REQUIRE_DDTRACE=1` |
//! | Node with dd-trace | `LLMOBS_DDTRACE_NODE`, the folder of its packages | `LLMOBS_REQUIRE_DDTRACE=1` |
//! | Python with OpenTelemetry | `LLMOBS_OTEL_PYTHON`, else `python3` | `LLMOBS_REQUIRE_OTEL=1` |
//! | a program with rig, built | `LLMOBS_OTEL_RIG` | `LLMOBS_REQUIRE_OTEL=1` |
//!
//! A test is skipped if its program is missing.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::{env, fs, io};

use serde_json::Value;

/// The version of ddtrace.
pub(crate) const DDTRACE: &str = "4.16.0";
/// The version of dd-trace.
pub(crate) const DDTRACE_NODE: &str = "5.132.0";

/// Python with ddtrace.
pub(crate) fn ddtrace_python() -> Option<&'static OsString> {
    static FOUND: OnceLock<Option<OsString>> = OnceLock::new();
    let imports = format!("import ddtrace; assert ddtrace.__version__ == '{DDTRACE}'");
    let found = FOUND.get_or_init(|| python("LLMOBS_DDTRACE_PYTHON", &imports));
    required(found.as_ref(), "LLMOBS_REQUIRE_DDTRACE", &format!("pip install ddtrace=={DDTRACE}"))
}

/// The folder with dd-trace.
pub(crate) fn ddtrace_node() -> Option<PathBuf> {
    let folder = env::var_os("LLMOBS_DDTRACE_NODE").map(PathBuf::from);
    let found = folder.filter(|folder| {
        let package = fs::read_to_string(folder.join("node_modules/dd-trace/package.json"));
        let package: Value = serde_json::from_str(&package.unwrap_or_default()).unwrap_or_default();
        package["version"] == DDTRACE_NODE
    });
    required(found, "LLMOBS_REQUIRE_DDTRACE", &format!("npm install dd-trace@{DDTRACE_NODE}"))
}

/// Python with OpenTelemetry, OpenInference and OpenLLMetry.
pub(crate) fn otel_python() -> Option<&'static OsString> {
    static FOUND: OnceLock<Option<OsString>> = OnceLock::new();
    let imports = "import openinference.instrumentation.openai, opentelemetry.instrumentation.openai\n\
        import opentelemetry.exporter.otlp.proto.grpc, opentelemetry.exporter.otlp.proto.http, openai";
    let found = FOUND.get_or_init(|| python("LLMOBS_OTEL_PYTHON", imports));
    required(found.as_ref(), "LLMOBS_REQUIRE_OTEL", "pip install -r tests/opentelemetry/requirements.txt")
}

/// The example with rig.
pub(crate) fn otel_rig() -> Option<OsString> {
    let found = env::var_os("LLMOBS_OTEL_RIG").filter(|path| fs::exists(path).is_ok_and(|exists| exists));
    required(
        found,
        "LLMOBS_REQUIRE_OTEL",
        "cargo build --manifest-path examples/tracing/Cargo.toml -p rig-otlp-example",
    )
}

/// The interpreter that a variable names, if the imports succeed.
fn python(variable: &str, imports: &str) -> Option<OsString> {
    let python = env::var_os(variable).unwrap_or_else(|| "python3".into());
    let status = Command::new(&python).args(["-c", imports]).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success()).then_some(python)
}

/// Returns the program. If it is missing, prints that the test is skipped, or fails if the variable requires the program.
fn required<T>(found: Option<T>, variable: &str, command: &str) -> Option<T> {
    if found.is_none() {
        let line = format!("skipped: a program is missing; install it with: {command}");
        assert!(env::var_os(variable).is_none_or(|value| value != "1"), "{line}");
        // The test harness shows the output of `eprintln!` only for failed tests.
        io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
    }
    found
}

/// A program without the variables of this environment that set where it sends spans.
pub(crate) fn without_settings(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().stdin(Stdio::null()).current_dir(env!("CARGO_TARGET_TMPDIR"));
    command.envs(["PATH", "HOME", "TMPDIR"].into_iter().filter_map(|name| Some((name, env::var_os(name)?))));
    command
}

/// Runs a program to its end, and returns its standard output and standard error.
pub(crate) fn run(command: &mut Command) -> (String, String) {
    let output = command.output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success(), "{command:?} {out}{err}");
    (out, err)
}

/// Runs a program that prints nothing.
pub(crate) fn run_silently(command: &mut Command) {
    assert_eq!(run(command), (String::new(), String::new()));
}

/// The text of the main part of a page, without markup.
pub(crate) fn text_of(page: &str) -> String {
    let main = page.split_once("<main").unwrap().1.split_once("</main>").unwrap().0;
    let texts: String =
        main.split('<').filter_map(|part| Some([part.split_once('>')?.1, " "])).flatten().collect();
    texts.split_whitespace().collect::<Vec<_>>().join(" ")
}
