//! The example `support_agent`, which sends to a file, to an intake and to an Agent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::{env, fs};

use expect_test::expect;
use llmobs_test_support::{CaptureServer, Request, by_start, skeleton};
use serde_json::{Value, json};

use super::cargo;

const REDACT: &str = "How do I redact a prompt?";
const SITE: &str = "What is the default of DD_SITE?";
const API_KEY: &str = "0123456789abcdef0123456789abcdef";

/// Builds the example, since `cargo test --test it` alone does not.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let profile: &[&str] = if cfg!(debug_assertions) { &[] } else { &["--release"] };
        let mut cargo = cargo();
        cargo.args(["build", "--quiet", "--example", "support_agent"]).args(profile);
        assert!(cargo.status().unwrap().success());
        let tests = env::current_exe().unwrap();
        tests.ancestors().nth(2).unwrap().join("examples/support_agent")
    })
}

/// Runs the example with only these variables in its environment.
fn ask(questions: &[&str], variables: &[(&str, &str)]) -> Output {
    let output =
        Command::new(binary()).args(questions).env_clear().envs(variables.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

/// The trace of each question, by the start of its root.
fn traces(events: Vec<Value>) -> Vec<Vec<Value>> {
    let mut traces: Vec<Vec<Value>> = Vec::new();
    for event in by_start(events) {
        match traces.iter_mut().find(|trace| trace[0]["trace_id"] == event["trace_id"]) {
            Some(trace) => trace.push(event),
            None => traces.push(vec![event]),
        }
    }
    traces
}

fn one<'a>(trace: &'a [Value], name: &str) -> &'a Value {
    let mut named = trace.iter().filter(|event| event["name"] == name);
    let found = named.next().unwrap_or_else(|| panic!("no span is called {name}"));
    assert!(named.next().is_none(), "two spans are called {name}");
    found
}

/// The keys of the events of each kind, and of the objects in their `meta`.
fn keys(events: &[Value]) -> BTreeMap<String, BTreeSet<String>> {
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for event in events {
        let kind = event["meta"]["span"]["kind"].as_str().unwrap().to_owned();
        let keys_of_kind = keys.entry(kind).or_default();
        keys_of_kind.extend(event.as_object().unwrap().keys().cloned());
        for (key, value) in event["meta"].as_object().unwrap() {
            keys_of_kind.insert(format!("meta.{key}"));
            if key != "metadata" {
                keys_of_kind.extend(
                    value.as_object().into_iter().flatten().map(|(inner, _)| format!("meta.{key}.{inner}")),
                );
            }
        }
    }
    keys
}

#[test]
fn two_questions_are_two_traces_in_one_session() {
    let path = env::temp_dir().join(format!("llmobs-example-{}.jsonl", std::process::id()));
    let output = ask(&[REDACT, SITE], &[("LLMOBS_EXPORTER", &format!("file:{}", path.display()))]);
    let lines = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();

    let wrappers: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events = wrappers.into_iter().map(|mut wrapper| {
        let event = wrapper["spans"][0].take();
        let version = env!("CARGO_PKG_VERSION");
        let expected = json!({ "_dd.stage": "raw", "_dd.tracer_version": version, "event_type": "span", "spans": [null] });
        assert_eq!(wrapper, expected);
        event
    });
    let traces = traces(events.collect());
    let trees: Vec<String> = traces.iter().map(|trace| skeleton(trace)).collect();
    let expected = expect![[r#"
        agent run
          workflow answer
            task read_passages
            embedding embed
            retrieval search_passages
            llm write_answer
        ---
        agent run
          workflow answer
            task read_passages
            embedding embed
            retrieval search_passages
            tool look_up_settings
            llm write_answer
    "#]];
    expected.assert_eq(&trees.join("---\n"));

    let everything = traces.concat();
    let expected = expect![[r#"
        agent: _dd duration meta meta.input meta.input.value meta.metadata meta.output meta.output.value meta.span meta.span.kind metrics name parent_id session_id span_id start_ns status tags trace_id
        embedding: _dd duration meta meta.agent_attribution meta.agent_attribution.pagent_name meta.agent_attribution.pagent_span_id meta.input meta.input.documents meta.metadata meta.model_name meta.model_provider meta.output meta.output.value meta.span meta.span.kind metrics name parent_id session_id span_id start_ns status tags trace_id
        llm: _dd duration meta meta.agent_attribution meta.agent_attribution.pagent_name meta.agent_attribution.pagent_span_id meta.input meta.input.messages meta.metadata meta.model_name meta.model_provider meta.output meta.output.messages meta.span meta.span.kind metrics name parent_id session_id span_id start_ns status tags trace_id
        retrieval: _dd duration meta meta.agent_attribution meta.agent_attribution.pagent_name meta.agent_attribution.pagent_span_id meta.input meta.input.value meta.metadata meta.output meta.output.documents meta.span meta.span.kind metrics name parent_id session_id span_id start_ns status tags trace_id
        task: _dd duration meta meta.agent_attribution meta.agent_attribution.pagent_name meta.agent_attribution.pagent_span_id meta.input meta.input.value meta.metadata meta.output meta.output.value meta.span meta.span.kind metrics name parent_id session_id span_id start_ns status tags trace_id
        tool: _dd duration meta meta.agent_attribution meta.agent_attribution.pagent_name meta.agent_attribution.pagent_span_id meta.input meta.input.value meta.metadata meta.output meta.output.value meta.span meta.span.kind metrics name parent_id session_id span_id start_ns status tags trace_id
        workflow: _dd duration meta meta.agent_attribution meta.agent_attribution.pagent_name meta.agent_attribution.pagent_span_id meta.input meta.input.value meta.metadata meta.output meta.output.value meta.span meta.span.kind metrics name parent_id session_id span_id start_ns status tags trace_id
    "#]];
    let rows = keys(&everything);
    let rows = rows.iter().map(|(kind, keys)| {
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        format!("{kind}: {}\n", keys.join(" "))
    });
    expected.assert_eq(&rows.collect::<String>());

    let sessions: BTreeSet<&str> =
        everything.iter().map(|event| event["session_id"].as_str().unwrap()).collect();
    assert_eq!(sessions.len(), 1);
    assert!(
        everything
            .iter()
            .all(|event| { event["tags"].as_array().unwrap().contains(&json!("ml_app:support-agent")) })
    );

    // Different questions find different passages, and the answers come from the passages.
    let passages = traces.iter().map(|trace| &one(trace, "search_passages")["meta"]["output"]["documents"]);
    let [redact, site] = passages.collect::<Vec<_>>().try_into().unwrap();
    assert_ne!(redact, site);
    for documents in [redact, site] {
        let complete = |document: &Value| {
            document["score"].as_f64().unwrap() > 0.0
                && ["text", "name", "id"].iter().all(|key| !document[key].as_str().unwrap().is_empty())
        };
        assert!(documents.as_array().unwrap().iter().all(complete), "{documents:#}");
    }
    let answers = traces.iter().map(|trace| trace[0]["meta"]["output"]["value"].as_str().unwrap());
    let [redact, site] = answers.collect::<Vec<_>>().try_into().unwrap();
    assert!(redact.contains("skip(prompt)"), "{redact}");
    assert!(site.contains("datadoghq.com") && !site.contains("skip(prompt)"), "{site}");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains(redact) && printed.contains(site), "{printed}");
    let vectors = one(&traces[0], "embed");
    let texts = vectors["meta"]["input"]["documents"].as_array().unwrap().len();
    assert_eq!(vectors["meta"]["output"]["value"], format!("[{texts} embedding(s) returned with size 256]"));
}

/// The path and headers of the requests of a run, and the tree of its spans. A slow run sends several requests.
fn request(server: &CaptureServer) -> Value {
    let posts = server.posts();
    let post = posts.first().unwrap();
    assert!(posts.iter().all(|other| other.path == post.path));
    let own = ["content-type", "dd-api-key", "x-datadog-evp-subdomain"];
    let headers: BTreeMap<&str, &String> =
        own.into_iter().filter_map(|name| Some((name, post.headers.get(name)?))).collect();
    for wrapper in posts.iter().flat_map(Request::wrappers) {
        let keys: Vec<&String> = wrapper.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["_dd.stage", "_dd.tracer_version", "event_type", "spans"]);
        assert_eq!(wrapper["spans"].as_array().unwrap().len(), 1);
    }
    json!({ "path": post.path, "headers": headers, "tree": skeleton(&by_start(server.events())) })
}

const TREE: &str = "agent run\n  workflow answer\n    task read_passages\n    embedding embed\n    \
                    retrieval search_passages\n    llm write_answer\n";

#[test]
fn with_a_key_the_trace_goes_to_the_intake() {
    let server = CaptureServer::start();
    let variables = [
        ("DD_LLMOBS_AGENTLESS_ENABLED", "true"),
        ("DD_API_KEY", API_KEY),
        ("DD_LLMOBS_OVERRIDE_ORIGIN", &server.url()),
    ];
    let output = ask(&[REDACT], &variables);
    let expected = json!({
        "path": "/api/v2/llmobs",
        "headers": { "content-type": "application/json", "dd-api-key": API_KEY },
        "tree": TREE,
    });
    assert_eq!(request(&server), expected);
    // Prompts are printed only on request.
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn with_an_agent_the_trace_goes_through_its_proxy() {
    let server = CaptureServer::start().agent_with(&["/evp_proxy/v2/"]);
    ask(&[REDACT], &[("DD_TRACE_AGENT_URL", &server.url())]);
    let expected = json!({
        "path": "/evp_proxy/v2/api/v2/llmobs",
        "headers": { "content-type": "application/json", "x-datadog-evp-subdomain": "llmobs-intake" },
        "tree": TREE,
    });
    assert_eq!(request(&server), expected);
    assert_eq!(server.requests()[0].path, "/info");
}

#[test]
fn without_configuration_the_trace_is_printed_and_nothing_is_sent() {
    // The port of an Agent alone does not select the Agent.
    let server = CaptureServer::start().agent_with(&["/evp_proxy/v2/"]);
    let port = server.url().rsplit_once(':').unwrap().1.to_owned();
    let output = ask(&[SITE], &[("DD_TRACE_AGENT_PORT", &port)]);
    let trace = String::from_utf8(output.stderr).unwrap();
    // Times and texts vary. The first lines of the spans do not.
    let spans = trace.lines().filter(|line| line.starts_with("agent") || line.contains("─ "));
    let spans: Vec<&str> =
        spans.map(|line| line.split("  ").find(|part| part.contains(' ')).unwrap().trim()).collect();
    let expected = [
        "agent run",
        "└─ workflow answer",
        "├─ task read_passages",
        "├─ embedding embed",
        "├─ retrieval search_passages",
        "├─ tool look_up_settings",
        "└─ llm write_answer",
    ];
    assert_eq!(spans, expected, "{trace}");
    assert!(!trace.contains('\x1b'), "colour is for terminals");
    assert!(trace.contains("in  What is the default of DD_SITE?"), "{trace}");
    assert_eq!(server.requests().len(), 0);
}

/// Asks one question with a model server that gives this answer. Returns the request to that server and the span of the call.
fn ask_model(answer: String, variables: &[(&str, &str)]) -> (Value, Value) {
    let model = CaptureServer::start().statuses(&[200]).answer(answer);
    let server = CaptureServer::start();
    let own = [
        ("OPENAI_BASE_URL", model.url()),
        ("OPENAI_API_KEY", "sk-test".to_owned()),
        ("OPENAI_MODEL", "test-model".to_owned()),
        ("DD_LLMOBS_AGENTLESS_ENABLED", "true".to_owned()),
        ("DD_API_KEY", API_KEY.to_owned()),
        ("DD_LLMOBS_OVERRIDE_ORIGIN", server.url()),
    ];
    let own = own.each_ref().map(|(name, value)| (*name, value.as_str()));
    let output = ask(&[REDACT], &[&own, variables].concat());
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("Skip it [1]."));

    let [sent] = model.posts().try_into().unwrap();
    assert_eq!(
        (sent.path.as_str(), sent.headers["authorization"].as_str()),
        ("/chat/completions", "Bearer sk-test")
    );
    (serde_json::from_slice(&sent.body).unwrap(), one(&server.events(), "write_answer").clone())
}

#[test]
fn whole_answers_are_recorded_without_manual_annotations() {
    let answer = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "model": "test-model-2026-01-01",
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": "Skip it [1]." }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 321, "completion_tokens": 7, "total_tokens": 328 },
    });
    let (sent, llm) = ask_model(answer.to_string(), &[]);
    assert_eq!(llm["meta"]["input"]["messages"], sent["messages"]);
    assert_eq!(
        llm["meta"]["output"]["messages"],
        json!([{ "role": "assistant", "content": "Skip it [1]." }])
    );
    assert_eq!(llm["meta"]["model_name"], "test-model-2026-01-01");
    assert_eq!(llm["meta"]["model_provider"], "openai");
    assert_eq!(
        llm["meta"]["metadata"],
        json!({ "temperature": 0.2, "stream": false, "finish_reason": "stop", "response_id": "chatcmpl-1" })
    );
    assert_eq!(llm["metrics"], json!({ "input_tokens": 321, "output_tokens": 7, "total_tokens": 328 }));
}

#[test]
fn streamed_answers_also_have_the_time_to_the_first_token() {
    let chunk = |delta: Value, finish: Value| {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
        let chunk = json!({
            "id": "chatcmpl-2", "object": "chat.completion.chunk", "model": "test-model-2026-01-01", "choices": [choice],
        });
        format!("data: {chunk}\n\n")
    };
    let usage = json!({ "choices": [], "usage": { "prompt_tokens": 321, "completion_tokens": 7, "total_tokens": 328 } });
    let answer = [
        chunk(json!({ "role": "assistant", "content": "" }), Value::Null),
        chunk(json!({ "content": "Skip " }), Value::Null),
        chunk(json!({ "content": "it [1]." }), Value::Null),
        chunk(json!({}), json!("stop")),
        format!("data: {usage}\n\ndata: [DONE]\n\n"),
    ];
    let (sent, mut llm) = ask_model(answer.concat(), &[("OPENAI_STREAM", "true")]);
    assert_eq!(sent["stream"], true);
    assert_eq!(
        llm["meta"]["output"]["messages"],
        json!([{ "role": "assistant", "content": "Skip it [1]." }])
    );
    assert_eq!(llm["meta"]["model_name"], "test-model-2026-01-01");
    assert_eq!(llm["meta"]["metadata"]["stream"], true);
    assert!(llm["metrics"]["time_to_first_token"].take().is_number());
    assert_eq!(
        llm["metrics"],
        json!({ "input_tokens": 321, "output_tokens": 7, "total_tokens": 328, "time_to_first_token": null })
    );
}
