//! Helpers that the modules share.

use std::env;
use std::process::Command;

use expect_test::Expect;
use llmobs::testing::Collector;
use serde_json::Value;

/// The environment variable with the name of the test that runs in a separate process.
const TEST: &str = "LLMOBS_TEST";

/// Runs the rest of a test in a separate process. A process has one logger and one default client.
macro_rules! own_process {
    () => {
        fn here() {}
        if !$crate::support::is_own_process(std::any::type_name_of_val(&here)) {
            return;
        }
    };
}

/// Returns whether this is the process of the test that contains `function`. Otherwise, runs that process to its end.
pub(crate) fn is_own_process(function: &str) -> bool {
    let (_crate, path) = function.split_once("::").unwrap();
    let (test, _function) = path.rsplit_once("::").unwrap();
    if env::var_os(TEST).is_some_and(|name| name == test) {
        return true;
    }
    let output = process(test).env(TEST, test).output().unwrap();
    let [out, log] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success() && out.contains("test result: ok. 1 passed"), "{out}\n{log}");
    false
}

/// A process that runs one test.
pub(crate) fn process(test: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]);
    command
}

/// Runs `program` and compares the tree of its spans.
pub(crate) fn check(program: impl FnOnce(), tree: &Expect) {
    let collector = Collector::new();
    collector.enter(program);
    tree.assert_eq(&collector.tree());
}

/// The spans of `program`, as wire events.
pub(crate) fn events(program: impl FnOnce()) -> Vec<Value> {
    let collector = Collector::new();
    collector.enter(program);
    collector.events()
}

/// The `meta` of the only span with this name.
pub(crate) fn meta(collector: &Collector, name: &str) -> Value {
    collector.event(&collector.span(name))["meta"].clone()
}

/// The first span of `program`, as a wire event.
pub(crate) fn first_event(program: impl FnOnce()) -> Value {
    events(program).swap_remove(0)
}

/// A span without input and output.
#[llmobs::task]
pub(crate) fn step() {}
