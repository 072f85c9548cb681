//! Content can be hidden from spans, and API keys never appear in them.

use std::env;
use std::process::Command;
use std::sync::{Mutex, Once};

use http::Request;
use llmobs::Config;
use llmobs::http::ClientLayer;
use llmobs::testing::Collector;
use llmobs_local_provider::LocalProvider;
use llmobs_test_support::leak;
use serde_json::json;
use tower::Layer as _;

use crate::clients::*;
use crate::expected::{ANSWER, Expected, THOUGHT};
use crate::question::{Protocol, Question, RESULT, SYSTEM, TOOL, USER};
use crate::run::{Run, WHOLE_AND_STREAMED, ask};

/// All texts of users, models and tools in these tests.
const CONTENT: [&str; 15] = [
    SYSTEM,
    USER,
    ANSWER,
    THOUGHT,
    RESULT,
    TOOL.1,
    "Paris",
    "city",
    "maximum context length",
    "prompt is too long",
    "overloaded with",
    "error sending",
    "body error",
    "client error",
    "reading a body",
];

fn shown(run: &Run) -> Vec<&'static str> {
    let events = format!("{:?}", run.collector.events());
    CONTENT.into_iter().filter(|text| events.contains(text)).collect()
}

/// Asks all questions of these tests.
async fn ask_all<C: Client>(client: &C) {
    for is_stream in WHOLE_AND_STREAMED {
        for question in [
            Question::new("thinking"),
            Question::of_tool("local"),
            Question::new("local").with_result(),
            Question::new("refusal"),
            Question::new("error-400"),
            Question::new("broken"),
        ] {
            let _ = ask(client, &question, is_stream).await;
        }
    }
    let _ = client.stream_all(&Question::new("overloaded")).await;
}

fn check<C: Client>() {
    let hidden = Run::new();
    let client = C::new(hidden.provider.url(), ClientLayer::new().capture_content(false));
    hidden.block_on(ask_all(&client));
    assert_eq!((hidden.collector.spans().len(), shown(&hidden)), (13, vec![]));

    let of_config = Config::new().ml_app("test-app").capture_message_content(false);
    let hidden = Run { provider: LocalProvider::start(), collector: Collector::with_config(&of_config) };
    let client: C = hidden.client();
    hidden.block_on(ask_all(&client));
    assert_eq!((hidden.collector.spans().len(), shown(&hidden)), (13, vec![]));

    // A client with its own setting.
    let seen = Run { provider: LocalProvider::start(), collector: Collector::with_config(&of_config) };
    let client = C::new(seen.provider.url(), ClientLayer::new().capture_content(true));
    let question = Question::new("local");
    seen.block_on(ask(&client, &question, false)).unwrap();
    let expected = Expected::of::<C>(&question, false).text(ANSWER).tokens(8, 8);
    assert_eq!(seen.events(), [expected.event()]);
}

#[test]
fn content_of_async_openai_can_be_hidden() {
    check::<Chat>();
    check::<Responses>();
}

#[test]
fn content_of_reqwest_can_be_hidden() {
    check::<ByHand<ReqwestMiddleware, OpenAiChat>>();
    check::<ByHand<Reqwest, AnthropicMessages>>();
}

#[test]
fn content_of_hyper_can_be_hidden() {
    check::<ByHand<Hyper, OpenAiChat>>();
    check::<ByHand<Hyper, AnthropicMessages>>();
}

#[test]
fn content_of_rig_can_be_hidden() {
    check::<RigChat>();
    check::<RigAnthropic>();
}

#[test]
fn models_metadata_and_metrics_remain_without_content() {
    type HyperChat = ByHand<Hyper, OpenAiChat>;
    let run = Run::new();
    let client = HyperChat::new(run.provider.url(), ClientLayer::new().capture_content(false));
    let question = Question::of_tool("local");
    run.block_on(ask(&client, &question, true)).unwrap();
    run.block_on(ask(&client, &Question::new("error-400"), false)).unwrap_err();
    let [called, failed] = run.events().try_into().unwrap();
    assert_eq!(
        called["meta"],
        json!({
            "span": { "kind": "llm" },
            "model_name": "local-2026-11-01",
            "model_provider": "openai",
            "metadata": {
                "finish_reason": "tool_calls",
                "response_id": "chatcmpl-1",
                "stream": true,
                "temperature": 0.5,
            },
            "tool_definitions": [{ "name": "weather" }],
        })
    );
    let mut metrics = Protocol::Chat.metrics(8, 0, 2);
    metrics["time_to_first_token"] = json!("<seconds>");
    assert_eq!(called["metrics"], metrics);
    assert_eq!(
        failed["meta"],
        json!({
            "span": { "kind": "llm" },
            "model_name": "error-400",
            "model_provider": "openai",
            "metadata": { "temperature": 0.5 },
            "error": { "type": "invalid_request_error", "message": "", "stack": "<stack>" },
        })
    );
}

#[test]
fn connection_errors_hide_content() {
    async fn send<T: Transport>() {
        let body = Question::new("local").body(Protocol::Chat, false);
        let client = T::new(ClientLayer::new().capture_content(false));
        client.send(json_request("http://127.0.0.1:1/v1/chat/completions", &body)).await.err().unwrap();
    }
    let run = Run::new();
    run.block_on(async {
        send::<Hyper>().await;
        send::<Reqwest>().await;
        send::<ReqwestMiddleware>().await;
    });
    assert_eq!(shown(&run), [""; 0]);
}

const OWN_VARIABLE: &str = "LLMOBS_CAPTURE_MESSAGE_CONTENT";
const OTEL_VARIABLE: &str = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";
/// Set for the program that `environment_variables_hide_content` runs.
const PROGRAM: &str = "LLMOBS_TEST_PROGRAM";

/// The program that the next test starts.
#[test]
#[allow(clippy::print_stdout, reason = "the test reads the output")]
fn program() {
    if env::var_os(PROGRAM).is_none() {
        return;
    }
    let config = Config::from_env().ml_app("test-app");
    let run = Run { provider: LocalProvider::start(), collector: Collector::with_config(&config) };
    let client: ByHand<Hyper, OpenAiChat> = run.client();
    run.block_on(ask_all(&client));
    println!("shown: {:?}", shown(&run));
}

#[test]
fn environment_variables_hide_content() {
    let all = r#"shown: ["Be brief.", "What is the weather in Paris?", "You said: What is the weather in Paris?", "The user said: What is the weather in Paris?", "21 degrees", "The weather in a city.", "Paris", "city", "maximum context length", "overloaded with", "reading a body"]"#;
    let none = "shown: []";
    for (own, otel, expected) in [
        (None, None, all),
        (Some("false"), None, none),
        (Some("0"), None, none),
        (Some("true"), None, all),
        (Some("nonsense"), None, none),
        (Some(""), None, all),
        (None, Some("false"), none),
        (None, Some("NO_CONTENT"), none),
        (None, Some("no_content"), none),
        (None, Some("true"), all),
        (None, Some("SPAN_ONLY"), all),
        (None, Some("nonsense"), none),
        (Some("true"), Some("NO_CONTENT"), all),
        (Some("false"), Some("true"), none),
    ] {
        let mut program = Command::new(env::current_exe().unwrap());
        program.args(["--exact", "content::program", "--nocapture"]).env(PROGRAM, "1");
        for (name, value) in [(OWN_VARIABLE, own), (OTEL_VARIABLE, otel)] {
            match value {
                Some(value) => program.env(name, value),
                None => program.env_remove(name),
            };
        }
        let output = program.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let printed = String::from_utf8(output.stdout).unwrap();
        let shown = printed.lines().find_map(|line| line.find("shown: ").map(|at| &line[at..]));
        assert_eq!(shown, Some(expected), "{own:?} {otel:?}");
    }
}

/// The log lines of llmobs.
static LOG: Mutex<String> = Mutex::new(String::new());

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("llmobs")
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            *LOG.lock().unwrap() += &format!("{} {}\n", record.level(), record.args());
        }
    }

    fn flush(&self) {}
}

fn install_logger() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Logger).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
    });
}

#[test]
fn api_keys_appear_nowhere() {
    async fn send<T: Transport>(layer: &ClientLayer, origin: &str) {
        let client = T::new(layer.clone());
        let body = Question::new("local").body(Protocol::Chat, false);
        for path in [
            "v1/chat/completions",
            "v1beta/models/gemini-3:generateContent",
            "v1beta/models/gemini-3:streamGenerateContent",
        ] {
            let mut request: Request<_> = json_request(&format!("{origin}/{path}?alt=sse&key={KEY}"), &body);
            for (name, value) in [
                ("authorization", format!("Bearer {KEY}")),
                ("x-api-key", KEY.to_owned()),
                ("api-key", KEY.to_owned()),
                ("x-goog-api-key", KEY.to_owned()),
                ("cookie", format!("session={KEY}")),
            ] {
                request.headers_mut().insert(name, value.parse().unwrap());
            }
            let _ = client.send(request).await;
        }
    }

    install_logger();
    let run = Run::new();
    let layer = ClientLayer::new();
    run.block_on(async {
        for origin in [run.provider.url(), "http://127.0.0.1:1"] {
            send::<Hyper>(&layer, origin).await;
            send::<Reqwest>(&layer, origin).await;
            send::<ReqwestMiddleware>(&layer, origin).await;
        }
        // A user and a password in a URL.
        let url = format!("http://user:{KEY}@127.0.0.1:1");
        send::<Reqwest>(&layer, &url).await;
        send::<ReqwestMiddleware>(&layer, &url).await;
    });
    let events = format!("{:?}", run.collector.events());
    assert!(events.contains("gemini-3") && events.contains("error sending request for url"), "{events}");
    let shown = format!("{events}{layer:?}{:?}{}", layer.layer(()), LOG.lock().unwrap());
    assert_eq!(leak(&shown, KEY), None);
}
