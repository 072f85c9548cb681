//! Quotations in the pages of `docs` other than Rust: Python, lines of the log, and lines of examples. The doc tests run the Rust.

/// The blocks of a language on a page.
fn blocks(page: &'static str, language: &str) -> Vec<&'static str> {
    let begin = format!("\n```{language}\n");
    page.split(&begin).skip(1).map(|block| block.split_once("\n```\n").unwrap().0).collect()
}

/// The Python half of `python.md` runs with ddtrace.
///
/// The interpreter is that of `LLMOBS_DDTRACE_PYTHON`, or else `python3`. Without ddtrace the test is skipped, unless
/// `LLMOBS_REQUIRE_DDTRACE=1`.
mod python {
    use std::env;
    use std::ffi::OsString;
    use std::io::{self, Write as _};
    use std::process::{Command, Stdio};

    use llmobs_test_support::{CaptureServer, by_start, skeleton};
    use serde_json::Value;

    use super::blocks;

    const PAGE: &str = include_str!("../../docs/python.md");
    const VERSION: &str = "4.16.0";
    const EVALUATIONS: &str = "/api/intake/llm-obs/v2/eval-metric";

    /// Python with ddtrace, if there is one.
    fn python() -> Option<OsString> {
        let python = env::var_os("LLMOBS_DDTRACE_PYTHON").unwrap_or_else(|| "python3".into());
        let ask = format!("import ddtrace; assert ddtrace.__version__ == '{VERSION}'");
        let status = Command::new(&python).args(["-c", &ask]).stderr(Stdio::null()).status();
        if status.is_ok_and(|status| status.success()) {
            return Some(python);
        }
        let line =
            format!("skipped: this test needs ddtrace; install it with: pip install ddtrace=={VERSION}");
        assert!(env::var_os("LLMOBS_REQUIRE_DDTRACE").is_none_or(|value| value != "1"), "{line}");
        // Not through `eprintln!`, whose output is only shown for failed tests.
        io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
        None
    }

    #[test]
    fn the_python_half_sends_the_same_as_the_rust_half() {
        let Some(python) = python() else { return };
        let server = CaptureServer::start();
        let mut command = Command::new(python);
        command.env_clear().current_dir(env!("CARGO_TARGET_TMPDIR"));
        command.envs(["PATH", "HOME", "TMPDIR"].iter().filter_map(|name| Some((name, env::var_os(name)?))));
        for switch in ["APM_TRACING", "INSTRUMENTATION_TELEMETRY", "REMOTE_CONFIGURATION"] {
            command.env(format!("DD_{switch}_ENABLED"), "false");
        }
        let output = command
            .args(["-c", &blocks(PAGE, "python").join("\n")])
            .env("DD_LLMOBS_AGENTLESS_ENABLED", "1")
            .env("DD_API_KEY", "none")
            .env("DD_LLMOBS_OVERRIDE_ORIGIN", server.url())
            .env("DD_TRACE_AGENT_URL", server.url())
            .output()
            .unwrap();
        let printed = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        assert_eq!((output.status.success(), printed), (true, [String::new(), String::new()]));

        let (evaluations, spans): (Vec<_>, Vec<_>) =
            server.posts().into_iter().partition(|post| post.path == EVALUATIONS);
        let events = by_start(spans.iter().flat_map(llmobs_test_support::Request::events).collect());
        let answer = "workflow answer\n  retrieval search\n  llm complete\n";
        let rest = "llm ask\nworkflow judged\ntask log in\nworkflow client\n  task server\n";
        assert_eq!(skeleton(&events), format!("{answer}task parse\n{answer}{rest}"));
        let meta = |name: &str| &events.iter().find(|event| event["name"] == name).unwrap()["meta"];
        assert_eq!(meta("search")["output"]["documents"][0]["name"], "timetable");
        let prompt = "The last ferry leaves at 20:10. When is the last ferry?";
        assert_eq!(meta("complete")["input"]["messages"][0]["content"], prompt);
        assert_eq!(meta("parse")["output"]["value"], "3 rows");
        assert_eq!(meta("ask")["input"]["prompt"]["id"], "faq");
        assert_eq!(meta("log in")["input"]["value"], "it is [password]");
        let tenants = events
            .iter()
            .filter(|event| event["tags"].as_array().unwrap().contains(&"tenant:acme".into()))
            .count();
        assert_eq!(tenants, 3);

        let metrics = evaluations.iter().flat_map(|post| {
            let body: Value = serde_json::from_slice(&post.body).unwrap();
            body["data"]["attributes"]["metrics"].as_array().unwrap().clone()
        });
        let labels: Vec<Value> = metrics.map(|metric| metric["label"].clone()).collect();
        assert_eq!(labels, ["faithfulness", "tone", "helpful", "comment"]);
    }
}

/// Each line of the log in `troubleshooting.md` is logged by a program, which runs as a separate process.
mod log_lines {
    use std::env;
    use std::io::Write as _;
    use std::net::TcpListener;
    use std::time::Duration;

    use llmobs_test_support::CaptureServer;

    use super::blocks;
    use crate::support::process;

    const PAGE: &str = include_str!("../../docs/troubleshooting.md");
    const PROGRAM: &str = "LLMOBS_TEST_PAGES";
    const AGENT: &str = "http://localhost:8126";
    const INTAKE: &str = "https://llmobs-intake.datadoghq.com";

    /// It is a test so that it can be run by its name, and does nothing without the variable.
    #[test]
    fn program() {
        let Ok(mistake) = env::var(PROGRAM) else { return };
        // Without the time, which env_logger writes if another package of the build turns on that feature.
        env_logger::Builder::new()
            .filter_level(log::LevelFilter::Info)
            .format(|line, record| {
                writeln!(line, "[{:<5} {}] {}", record.level(), record.target(), record.args())
            })
            .init();
        match &*mistake {
            "the guard is dropped at once" => {
                let _ = llmobs::init();
            }
            "llmobs is initialized twice" => {
                let _llmobs = llmobs::init();
                let _second = llmobs::init();
            }
            "annotations have no span" => {
                let _llmobs = llmobs::init();
                llmobs::annotate(|note| {
                    note.tag("too", "early");
                });
                let span = llmobs::task("step").start();
                let context = span.context();
                span.finish();
                context.annotate(|note| {
                    note.tag("too", "late");
                });
            }
            _ => {
                let _llmobs = llmobs::init();
                llmobs::workflow("answer").start().enter(|| llmobs::task("step").start().finish());
                llmobs::flush(Duration::from_millis(200));
            }
        }
    }

    /// The log of the program with these variables.
    fn logged(mistake: &str, variables: &[(&str, &str)]) -> String {
        let output = process("pages::log_lines::program")
            .env_clear()
            .env(PROGRAM, mistake)
            .env("DD_LLMOBS_ML_APP", "support-bot")
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }

    /// The log of the program with this Agent, whose address is replaced by the default one.
    fn with_agent(mistake: &str, url: &str) -> String {
        logged(mistake, &[("DD_TRACE_AGENT_URL", url)]).replace(url, AGENT)
    }

    /// The log of the program with this intake, whose address is replaced by that of Datadog's.
    fn with_intake(mistake: &str, url: &str) -> String {
        let agentless = [
            ("DD_LLMOBS_AGENTLESS_ENABLED", "true"),
            ("DD_API_KEY", "none"),
            ("DD_LLMOBS_OVERRIDE_ORIGIN", url),
        ];
        logged(mistake, &agentless).replace(url, INTAKE)
    }

    #[test]
    fn the_lines_are_logged_by_programs() {
        let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let console = [("LLMOBS_EXPORTER", "console")];
        let logs = [
            with_agent("the guard is dropped at once", &format!("http://{unused}")),
            logged("there is no key", &[("DD_LLMOBS_AGENTLESS_ENABLED", "true")]),
            logged("llmobs is initialized twice", &console),
            logged("annotations have no span", &console),
            with_agent("", &CaptureServer::start().agent_with(&["/evp_proxy/v2/"]).url()),
            with_agent("there is no Agent", &format!("http://{unused}")),
            with_agent("the Agent is old", &CaptureServer::start().agent_with(&["/v0.4/traces"]).url()),
            with_intake("", &CaptureServer::start().url()),
            with_intake("the key is wrong", &CaptureServer::start().statuses(&[403]).url()),
        ];
        let lines: Vec<&str> = blocks(PAGE, "text").into_iter().flat_map(str::lines).collect();
        assert_eq!(lines.len(), 11);
        for line in lines {
            assert!(logs.iter().any(|log| log.lines().any(|logged| logged == line)), "{line}\n{logs:#?}");
        }
    }
}

/// Quotations from programs that need crates that the doc tests do not have.
mod examples {
    use super::blocks;

    const PAGE: &str = include_str!("../../docs/applications.md");
    const TRACER: [&str; 2] =
        [include_str!("../../docs/opentelemetry.md"), include_str!("../opentelemetry/examples/linked.rs")];
    const READMES: [&str; 2] =
        [include_str!("../../examples/http/README.md"), include_str!("../../examples/tracing/README.md")];

    #[test]
    fn the_program_with_a_tracer_is_that_of_the_example() {
        let [page, program] = TRACER;
        assert!(program.contains(blocks(page, "rust,ignore")[0]), "{program}");
    }

    /// Other tests compare the READMEs with the programs.
    #[test]
    fn the_lines_are_those_of_the_examples() {
        let blocks: Vec<&str> = [blocks(PAGE, "diff"), blocks(PAGE, "text")].concat();
        assert_eq!(blocks.len(), 11);
        for block in blocks {
            assert!(READMES.iter().any(|readme| readme.contains(block)), "{block}");
        }
    }
}
