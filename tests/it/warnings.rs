//! Each mistake of a program is logged once, and the rest of the data is kept.

use std::sync::Mutex;
use std::time::UNIX_EPOCH;

use llmobs::content::{Content, Document, Message, ToolDefinition};
use llmobs::eval::Evaluation;
use llmobs::manifest::{AgentManifest, AgentTool};
use llmobs::prompt::Prompt;
use llmobs::testing::Collector;
use llmobs::{Config, SpanRef};
use serde_json::json;

static MESSAGES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        if record.target() == "llmobs" {
            MESSAGES.lock().unwrap().push(format!("{} {}", record.level(), record.args()));
        }
    }

    fn flush(&self) {}
}

struct Panicking;

impl std::fmt::Display for Panicking {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::panic::resume_unwind(Box::new("in Display"))
    }
}

/// Annotates while it is captured, where spans are not recorded.
struct Meddling;

impl std::fmt::Display for Meddling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        llmobs::annotate(|note| {
            note.tag("meddling", 1);
        });
        f.write_str("shown")
    }
}

#[llmobs::agent(version = "1", tags(own = 1, late = ret.len()), metadata(kept = 1))]
fn instrumented(text: &str) -> String {
    text.to_owned()
}

/// How each warning begins, sorted.
const STARTS: &[&str] = &[
    "WARN 1 tool definition(s) without a name were left out",
    "WARN Datadog may not accept the name of the application in `ml_app` of an evaluation or a feedback, which has",
    "WARN Datadog may not accept the name of the application in the option `ml_app` of a span, which has upper-case",
    "WARN _dd.p.llmobs_sid was left out of the headers of a request: it is too long, or has commas",
    "WARN a processor put messages on a span that does not show them, and they are shown as text",
    "WARN a request has tags or an origin that are not passed on",
    "WARN a sound or image in a message is not shown as it was given: give a `llmobs::content::MediaPart`",
    "WARN a span was finished at a time before its start",
    "WARN a tag was left out: its Display panicked",
    "WARN a tool call in a message has no name: give a `llmobs::content::ToolCall`",
    "WARN a tool of an agent was left out: it has no name",
    "WARN a tool result in a message has no field \"result\" and is shown as a whole",
    "WARN an annotation was lost: its span had finished",
    "WARN an annotation was lost: no span is current",
    "WARN the annotation of an embedding or retrieval span is not a document",
    "WARN the annotation of an llm span is not a message",
    "WARN the cost tag \"gone\" was left out: after the processor, the span has no such tag",
    "WARN the cost tag \"nowhere\" was left out: the span has no such tag yet",
    "WARN the field \"name\" of a document was left out: it is not a text",
    "WARN the header x-datadog-trace-id of a request is ignored",
    "WARN the intent of a span is not shown: annotate a tool span with it, not one of the kind agent",
    "WARN the metadata key \"_dd\" is reserved for Datadog",
    "WARN the metric \"nan\" is not a finite number and was left out",
    "WARN the model of a span is not shown: annotate an llm or embedding span with it, not one of the kind task",
    "WARN the model setting \"mood\" was left out: Datadog shows frequency_penalty",
    "WARN the name of the metric \"a.b\" has dots, which became underscores",
    "WARN the parameters of the tool \"t\" of an agent were left out: give an object",
    "WARN the processor panicked: the span is sent without input",
    "WARN the schema of the tool \"t\" was left out: give an object",
    "WARN the score of a document was left out: it is not a finite number",
    "WARN the score of a document was left out: it is not a number",
    "WARN the span of a function ended before the future that it returned has run, because its signature does not show one: \
     give the attribute the option `future`, or `skip_output` if this is intended; the type is core::pin::Pin<alloc::boxed",
    #[cfg(feature = "stream")]
    "WARN the span of a function ended before the stream that it returned has run",
    "WARN the tool definitions of a span are not shown",
    "WARN the version or manifest of an agent is not shown",
];

/// Annotates spans with invalid parts of content.
fn mistaken_parts() {
    llmobs::retrieval("found").start().annotate(|note| {
        let document = json!({ "text": "t", "name": ["secret"], "score": "secret" });
        note.output([document, Document::new("t").score(f64::NAN).into()]);
    });
    llmobs::llm("parts").start().annotate(|note| {
        note.output(json!({
            "tool_calls": [{ "arguments": { "secret": 1 } }],
            "tool_results": [{ "secret": 1 }],
            "image_parts": [{ "content": "secret" }],
        }));
    });
    llmobs::agent("a").start().annotate(|note| {
        let tools = [AgentTool::new(""), AgentTool::new("t").parameters("secret")];
        note.agent(tools.into_iter().fold(AgentManifest::new(), AgentManifest::tool));
    });
}

/// Writes and reads headers with invalid values.
fn mistaken_headers() {
    let headers = [("x-datadog-trace-id", "secret")];
    let _same = llmobs::extract(headers.as_slice());
    let mut headers: Vec<(String, String)> = Vec::new();
    llmobs::task("far").session_id("secret дом").start().inject(&mut headers);
    headers.push(("x-datadog-origin".to_owned(), "secret, origin".to_owned()));
    let _far = llmobs::extract(&headers);
    // Datadog's SDKs write this if there is no LLM span. It is not a mistake.
    let none = ("x-datadog-tags", "_dd.p.llmobs_parent_id=undefined");
    let _request =
        llmobs::extract([("x-datadog-trace-id", "1"), ("x-datadog-parent-id", "2"), none].as_slice());
}

type Later<T> = std::pin::Pin<Box<T>>;

#[llmobs::task]
fn hidden() -> Result<Later<dyn Future<Output = u8>>, String> {
    Ok(Box::pin(std::future::ready(1)))
}

#[llmobs::task(future)]
fn told() -> Later<dyn Future<Output = u8>> {
    Box::pin(std::future::ready(1))
}

#[llmobs::task(skip_output)]
fn meant() -> std::future::Ready<u8> {
    std::future::ready(1)
}

#[cfg(feature = "stream")]
#[llmobs::task]
async fn hidden_stream() -> Later<dyn futures_util::Stream<Item = u8>> {
    Box::pin(futures_util::stream::iter([1]))
}

#[test]
fn each_mistake_is_logged_once_and_other_data_is_kept() {
    own_process!();
    // A warning without a logger does not count as logged.
    Collector::new().enter(|| {
        llmobs::task("unheard").start().annotate(|note| {
            note.metadata("_dd", 1);
        });
    });
    log::set_logger(&Logger).unwrap();
    log::set_max_level(log::LevelFilter::Warn);
    let config = Config::from_env().processor(|mut span| match &*span.name {
        "panics" => std::panic::resume_unwind(Box::new("in the processor")),
        "misplaced" => {
            span.input = Some(Content::Messages(vec![Message::user("secret")]));
            span.cost_tags.push("gone".to_owned());
            Some(span)
        }
        _ => Some(span),
    });
    let collector = Collector::with_config(&config);
    llmobs::annotate(|note| {
        note.tag("where nothing is recorded", 1);
    });
    collector.enter(|| {
        instrumented("whole");
        llmobs::task("meddled").start().annotate(|note| {
            note.tag("t", Meddling);
        });
    });
    collector.enter(|| pollster::block_on(async { assert_eq!((told().await, meant().await), (1, 1)) }));
    assert_eq!(collector.spans().len(), 4);
    assert_eq!(*MESSAGES.lock().unwrap(), <[String; 0]>::default());
    collector.enter(|| {
        for _ in 0..3 {
            llmobs::annotate(|note| {
                note.tag("lost", 1);
            });
            let span = llmobs::llm("wrong").ml_app("Not Fine").start();
            span.annotate(|note| {
                note.input(json!({ "question": "secret" }))
                    .metadata("_dd", 1)
                    .metadata("kept", 1)
                    .metric("a.b", 1)
                    .metric("nan", f64::NAN)
                    .tag("panics", Panicking)
                    .tag("kept", 1)
                    .cost_tag("nowhere")
                    .tool_definitions([ToolDefinition::new(""), ToolDefinition::new("kept")])
                    .agent(AgentManifest::new().model_setting("mood", "good").model("m"))
                    .prompt(Prompt::new("kept"));
            });
            let ended = span.context();
            span.finish();
            ended.annotate(|note| {
                note.tag("late", 1);
            });
            llmobs::task("late").start().annotate(|note| {
                note.kind(llmobs::Kind::Agent).intent("secret");
            });
            let task = llmobs::task("misplaced").model_name("m").start();
            task.annotate(|note| {
                let tool = ToolDefinition::new("t").schema("secret");
                note.intent("secret").tool_definitions([tool]).tag("kept", 1);
            });
            llmobs::retrieval("search").start().annotate(|note| {
                note.output(7);
            });
            mistaken_parts();
            llmobs::task("panics").start().finish();
            let evaluation = Evaluation::score("l", 1)
                .for_span(SpanRef { trace_id: "t".into(), span_id: "1".into() })
                .ml_app("Not Fine");
            evaluation.submit().unwrap();
            mistaken_headers();
            llmobs::task("backwards").start().finish_at(UNIX_EPOCH);
            assert_eq!(hidden().map(pollster::block_on), Ok(1));
            #[cfg(feature = "stream")]
            drop(pollster::block_on(hidden_stream()));
        }
    });
    let spans = collector.spans_of(llmobs::Kind::Llm, "wrong");
    assert_eq!(spans.len(), 3);
    for span in spans {
        assert_eq!(["kept", "panics", "late"].map(|key| span.tag(key)), [Some("1"), None, None]);
        assert_eq!(collector.event(&span)["metrics"], json!({ "a_b": 1 }));
        assert_eq!(collector.event(&span)["meta"]["metadata"], json!({ "kept": 1 }));
        assert_eq!(collector.event(&span)["meta"]["tool_definitions"], json!([{ "name": "kept" }]));
        assert_eq!(collector.event(&span)["meta"]["input"]["prompt"]["id"], "kept");
        assert_eq!(
            collector.event(&span)["meta"]["input"]["messages"][0]["content"],
            r#"{"question":"secret"}"#
        );
    }
    let mut messages = std::mem::take(&mut *MESSAGES.lock().unwrap());
    messages.sort();
    assert_eq!(messages.len(), STARTS.len(), "{messages:#?}");
    for (message, start) in messages.iter().zip(STARTS) {
        assert!(message.starts_with(start), "{message} instead of {start}");
        assert!(!message.contains("secret"), "{message}");
    }
}
