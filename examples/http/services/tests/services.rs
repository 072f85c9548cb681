//! Both services as a user runs them, against the provider on this machine.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use example_checks::{Spans, readme, tree};
use reqwest::{Client, Response};

const WITH_LLMOBS: [&str; 2] = [env!("CARGO_BIN_EXE_back"), env!("CARGO_BIN_EXE_front")];
const BEFORE: [&str; 2] = [env!("CARGO_BIN_EXE_back-before"), env!("CARGO_BIN_EXE_front-before")];

/// A running service.
struct Service {
    process: Child,
    address: String,
}

impl Service {
    fn start(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let (_, address) = line.trim_end().rsplit_once(' ').expect("an address");
        Self { process, address: address.to_owned() }
    }

    /// Ends the service as Ctrl-C does.
    fn interrupt(mut self) {
        let id = self.process.id().to_string();
        assert!(Command::new("sh").args(["-c", "kill -INT $0", &id]).status().unwrap().success());
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Both services, and the spans that they write.
struct Services {
    back: Service,
    front: Service,
    spans: [Spans; 2],
}

impl Services {
    fn start([back, front]: [&str; 2], model: &str) -> Self {
        let spans = [Spans::new(), Spans::new()];
        let mut command = spans[0].command(back);
        command.envs([("BACK", "127.0.0.1:0"), ("OPENAI_MODEL", model)]);
        let back = Service::start(command);
        let mut command = spans[1].command(front);
        command.envs([("FRONT", "127.0.0.1:0"), ("BACK", &back.address)]);
        Self { front: Service::start(command), back, spans }
    }

    async fn ask(&self) -> Response {
        let request = Client::new().post(format!("http://{}/ask", self.front.address));
        request.body("What is a span?").send().await.unwrap()
    }

    /// Ends both, and returns the trace.
    fn end(self) -> String {
        self.front.interrupt();
        self.back.interrupt();
        tree(self.spans.iter().flat_map(Spans::read).collect())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_streamed_answer_is_one_trace_through_both_services() {
    let services = Services::start(WITH_LLMOBS, "gpt-4o-mini");
    assert_eq!(services.ask().await.text().await.unwrap(), "You said: What is a span?");
    assert_eq!(services.end(), readme::block("services", "text"));
}

#[tokio::test(flavor = "multi_thread")]
async fn services_without_llmobs_return_the_same_answer() {
    let services = Services::start(BEFORE, "gpt-4o-mini");
    assert_eq!(services.ask().await.text().await.unwrap(), "You said: What is a span?");
    assert_eq!(services.end(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_disconnects_cancels_both_spans() {
    // The model sends half of the answer, and then nothing more.
    let services = Services::start(WITH_LLMOBS, "hang");
    let mut response = services.ask().await;
    let mut received = Vec::new();
    while received.len() < "You said: What is".len() {
        received.extend(response.chunk().await.unwrap().expect("a piece"));
    }
    drop(response);
    let expected = "\
workflow answer  cancelled
  in  {\"question\":\"What is a span?\"}
  out You said: What is
└─ llm OpenAI.createChatCompletion  hang-2026-11-01  cancelled
     in  user: What is a span?
     out assistant: You said: What is
";
    assert_eq!(services.end(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_fails_in_the_middle_fails_both_spans() {
    let services = Services::start(WITH_LLMOBS, "overloaded");
    assert!(services.ask().await.text().await.is_err());
    // The length of the text that arrives before the connections break varies.
    let trace = services.end();
    let spans: Vec<&str> = trace.lines().filter(|line| line.contains("  error ")).collect();
    let expected = [
        "workflow answer  error eventsource_stream::event_stream::EventStreamError<reqwest::error::Error>",
        "└─ llm OpenAI.createChatCompletion  overloaded-2026-11-01  error server_error",
    ];
    assert_eq!(spans, expected, "{trace}");
}
