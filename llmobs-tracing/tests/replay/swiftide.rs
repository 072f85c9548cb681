//! A replay of swiftide 0.33 (swiftide-agents and swiftide-integrations 0.33.0 with the feature `langfuse`, commit
//! e84e39b), which needs Rust 1.97.
//!
//! The names, targets, levels and fields are those of swiftide-agents' `src/agent.rs` and `src/util.rs` and of
//! swiftide-integrations' `src/openai/{chat_completion,simple_prompt,embed}.rs` and `src/aws_bedrock_v2/mod.rs`.
//!
//! Requests and answers are in events of the level `DEBUG`, which belong to the current span. Tokens: the first
//! call of `agent_with_tool` has 57 of input, of which 32 are cached, and 18 of output; the second 93 and 11.

use tracing::field::{Empty, display};
use tracing::{Level, Span, debug, error, event, info, info_span, instrument, trace_span};

const REQUEST: &str = r#"{
  "messages": [
    {
      "role": "system",
      "content": "Answer in one sentence."
    },
    {
      "role": "user",
      "content": "What is the weather in Paris?"
    }
  ],
  "model": "gpt-4o",
  "tools": [
    {
      "type": "function",
      "function": {
        "name": "get_weather",
        "description": "Tells the weather in a city",
        "parameters": {
          "type": "object"
        }
      }
    }
  ]
}"#;
const CALL: &str = r#"{
  "id": "00000000-0000-4000-8000-000000000001",
  "message": null,
  "tool_calls": [
    {
      "id": "call_1",
      "name": "get_weather",
      "args": "{\"city\":\"Paris\"}"
    }
  ],
  "usage": {
    "prompt_tokens": 57,
    "completion_tokens": 18,
    "total_tokens": 75
  }
}"#;
const CALL_USAGE: &str = r#"{
  "prompt_tokens": 57,
  "completion_tokens": 18,
  "total_tokens": 75,
  "details": {
    "prompt_tokens_details": {
      "cached_tokens": 32
    }
  }
}"#;
const REQUEST_WITH_RESULT: &str = r#"{
  "messages": [
    {
      "role": "user",
      "content": "What is the weather in Paris?"
    },
    {
      "role": "assistant",
      "tool_calls": [
        {
          "id": "call_1",
          "type": "function",
          "function": {
            "name": "get_weather",
            "arguments": "{\"city\":\"Paris\"}"
          }
        }
      ]
    },
    {
      "role": "tool",
      "content": "21 degrees",
      "tool_call_id": "call_1"
    }
  ],
  "model": "gpt-4o"
}"#;
const ANSWER: &str = r#"{
  "id": "00000000-0000-4000-8000-000000000002",
  "message": "It is 21 degrees in Paris.",
  "tool_calls": null
}"#;
const ANSWER_USAGE: &str = r#"{
  "prompt_tokens": 93,
  "completion_tokens": 11,
  "total_tokens": 104
}"#;

/// `track_completion` of OpenAI.
fn track(input: &str, output: &str, usage: &str) {
    event!(
        target: "swiftide_integrations::openai::chat_completion",
        Level::DEBUG,
        langfuse.model = "gpt-4o",
        langfuse.input = input,
        langfuse.output = output,
        langfuse.usage = usage,
    );
}

fn query() -> Span {
    info_span!(target: "swiftide_agents::agent", "agent.query")
}

/// `#[instrument(skip(self, messages), err, fields(otel.name))]`, and the first field that it records.
fn step(count: u64) -> Span {
    let step = info_span!(target: "swiftide_agents::agent", "step", step_count = count, otel.name = Empty);
    step.record("otel.name", format!("step-{count}"));
    step
}

fn generation() -> Span {
    info_span!(
        target: "swiftide_integrations::openai::chat_completion",
        "complete",
        langfuse.type = "GENERATION"
    )
}

/// `add_message`, whose text is always recorded, and the hook for it.
fn add_message(message: &str) {
    let span = info_span!(target: "swiftide_agents::agent", "add_message", message = message.to_string());
    span.in_scope(|| {
        let hook =
            info_span!(target: "swiftide_agents::agent", "hook", "otel.name" = format!("hook.{}", "OnNewMessage"));
        hook.in_scope(|| debug!(target: "swiftide_agents::agent", "Calling on_new_message hook"));
    });
}

/// The tool runs on another thread, as in a task of tokio.
fn tool(output: &'static str) {
    info!(target: "swiftide_agents::agent", "Calling tool `get_weather`");
    let span =
        info_span!(target: "swiftide_agents::agent", "tool", "otel.name" = format!("tool.{}", "get_weather"));
    let in_task = span.clone();
    let subscriber = tracing::dispatcher::get_default(Clone::clone);
    let task = std::thread::spawn(move || {
        tracing::dispatcher::with_default(&subscriber, || {
            in_task.in_scope(|| debug!(target: "weather", "asking the station"));
        });
    });
    assert!(task.join().is_ok());
    span.in_scope(|| {
        event!(
        target: "swiftide_agents::agent",
        Level::DEBUG,
        langfuse.output = %output,
            langfuse.input = Some(r#"{"city":"Paris"}"#),
            tool_name = "get_weather",
        );
    });
}

/// `agent.query(..).await` with the feature `langfuse` and the level `DEBUG`. The output of an agent is the reason for
/// its end, as JSON.
///
/// ```text
/// agent agent.query  in What is the weather in Paris?  out NoNewMessages
/// ├─ workflow step-0
/// │  ├─ llm complete  in system: Answer in one sentence. | user: What is the weather in Paris?  out assistant:  call get_weather({"city":"Paris"})
/// │  └─ tool get_weather  in {"city":"Paris"}  out 21 degrees
/// └─ workflow step-1
///    └─ llm complete  in user: What is the weather in Paris? | assistant:  call get_weather({"city":"Paris"}) | tool:  result 21 degrees  out assistant: It is 21 degrees in Paris.
/// ```
pub(crate) fn agent_with_tool() {
    query().in_scope(|| {
        event!(
        target: "swiftide_agents::agent",
        Level::DEBUG,
        langfuse.input = "What is the weather in Paris?");
        debug!(target: "swiftide_agents::agent", "Queueing user message until tool outputs are recorded");
        add_message("User: \"What is the weather in Paris?\"");
        step(0).in_scope(|| {
            debug!(
                target: "swiftide_agents::agent",
                tools = ?["get_weather"],
                "Running completion for agent with 2 new messages"
            );
            generation().in_scope(|| track(REQUEST, CALL, CALL_USAGE));
            add_message("Assistant: \"None\", tools: get_weather");
            tool("21 degrees");
            add_message("ToolOutput: \"get_weather\": \"21 degrees\"");
        });
        step(1).in_scope(|| {
            generation().in_scope(|| track(REQUEST_WITH_RESULT, ANSWER, ANSWER_USAGE));
            add_message("Assistant: \"It is 21 degrees in Paris.\", tools: None");
        });
        event!(
        target: "swiftide_agents::agent",
        Level::DEBUG,
        langfuse.output = Some("\"NoNewMessages\""));
    });
}

/// The same with an `EnvFilter` at `INFO`, or without the feature: there are no events, and the spans of calls have one field
/// or, without the feature, none.
///
/// ```text
/// agent agent.query
/// └─ workflow step-0
///    ├─ llm complete
///    └─ tool get_weather
/// ```
pub(crate) fn agent_without_events() {
    query().in_scope(|| {
        step(0).in_scope(|| {
            info_span!(target: "swiftide_integrations::openai::chat_completion", "complete").in_scope(|| ());
            info_span!(target: "swiftide_agents::agent", "tool", "otel.name" = format!("tool.{}", "get_weather"))
                .in_scope(|| ());
        });
    });
}

/// A stream. `complete_stream` has returned, and is closed, before the first piece; hooks of each piece are at `TRACE`.
///
/// ```text
/// agent agent.run
/// └─ workflow step-0
///    └─ llm stream  in system: Answer in one sentence. | user: What is the weather in Paris?  out assistant: It is 21 degrees in Paris.
/// ```
pub(crate) fn agent_streamed() {
    info_span!(target: "swiftide_agents::agent", "agent.run").in_scope(|| {
        step(0).in_scope(|| {
            let outer = info_span!(target: "swiftide_integrations::openai::chat_completion", "complete_stream");
            let stream = outer.in_scope(|| {
                info_span!(
                    target: "swiftide_integrations::openai::chat_completion",
                    "stream",
                    langfuse.type = "GENERATION"
                )
            });
            drop(outer);
            for _piece in 0..3 {
                stream.in_scope(|| ());
                trace_span!(target: "swiftide_agents::agent", "hook", "otel.name" = format!("hook.{}", "OnStream"))
                    .in_scope(|| ());
            }
            stream.in_scope(|| track(REQUEST, ANSWER, ANSWER_USAGE));
        });
    });
}

/// A call that fails. `#[instrument(err)]` makes an event of the error, in each of the functions that return it.
///
/// ```text
/// agent agent.query  in What is the weather in Paris?  error error: completions failed: rate limit reached
/// └─ workflow step-0  error error: completions failed: rate limit reached
///    └─ llm complete  error error: rate limit reached
/// ```
pub(crate) fn failed_call() {
    const FAILED: &str = "completions failed: rate limit reached";

    #[instrument(skip_all, name = "agent.query", target = "swiftide_agents::agent", err)]
    fn query() -> Result<(), &'static str> {
        event!(
        target: "swiftide_agents::agent",
        Level::DEBUG,
        langfuse.input = "What is the weather in Paris?");
        let result = step();
        error!(
            target: "swiftide_agents::agent",
            error = ?"completions failed",
            "Agent stopped with error completions failed: rate limit reached"
        );
        result
    }

    #[instrument(target = "swiftide_agents::agent", err, fields(step_count = 0, otel.name = "step-0"))]
    fn step() -> Result<(), &'static str> {
        complete().map_err(|_| FAILED)
    }

    #[instrument(
        target = "swiftide_integrations::openai::chat_completion",
        err,
        fields(langfuse.type = "GENERATION")
    )]
    fn complete() -> Result<(), &'static str> {
        Err("rate limit reached")
    }

    let _ = query();
}

/// A failure of Bedrock, which has its own event in addition to that of `#[instrument(err)]`.
///
/// ```text
/// llm complete  in user: What is the weather in Paris?  error error: ThrottlingException: too many tokens
/// ```
pub(crate) fn failed_bedrock_call() {
    let span = info_span!(
        target: "swiftide_integrations::aws_bedrock_v2::chat_completion",
        "complete",
        langfuse.type = "GENERATION"
    );
    span.in_scope(|| {
        event!(
        target: "swiftide_integrations::aws_bedrock_v2",
        Level::DEBUG,
        langfuse.model = "anthropic.claude-sonnet-4",
            langfuse.input = r#"{"messages":[{"role":"user","content":[{"text":"What is the weather in Paris?"}]}]}"#,
            langfuse.output = "",
            langfuse.status_message = "ThrottlingException: too many tokens".to_string(),
        );
        error!(
            target: "swiftide_integrations::aws_bedrock_v2::chat_completion",
            error = %"ThrottlingException: too many tokens"
        );
    });
}

/// A tool that fails: the error is the output that the model receives.
///
/// ```text
/// workflow step-0
/// └─ tool get_weather  in {"city":"Paris"}  out Tool call failed: no such city
/// ```
pub(crate) fn failed_tool() {
    step(0).in_scope(|| tool("Tool call failed: no such city"));
}

/// Embeddings have no span. Their event belongs to the current span: here that of a function of the program, and that of an
/// agent. Neither becomes a model call or loses its input.
///
/// ```text
/// agent agent.query  in What is the weather in Paris?
/// ```
pub(crate) fn embeddings() {
    let usage = r#"{"prompt_tokens":8,"completion_tokens":0,"total_tokens":8}"#;
    info_span!(target: "program", "index_pages").in_scope(|| {
        let pages = 3;
        debug!(
            target: "swiftide_integrations::openai::embed",
            num_chunks = pages,
            model = "text-embedding-3-small",
            "[Embed] Request to openai"
        );
        track("", "", usage);
    });
    query().in_scope(|| {
        event!(
        target: "swiftide_agents::agent",
        Level::DEBUG,
        langfuse.input = "What is the weather in Paris?");
        track("", "", usage);
    });
}

/// `prompt(..)`, without an agent.
///
/// ```text
/// llm prompt  in user: What is the weather in Paris?  out assistant: It is 21 degrees in Paris.
/// ```
pub(crate) fn simple_prompt() {
    let span = info_span!(
        target: "swiftide_integrations::openai::simple_prompt",
        "prompt",
        langfuse.type = "GENERATION"
    );
    span.in_scope(|| {
        track(
            r#"{"messages":[{"content":"What is the weather in Paris?","role":"user"}],"model":"gpt-4o"}"#,
            ANSWER,
            ANSWER_USAGE,
        );
    });
}

/// Spans of a program with Langfuse's fields on the span itself, which Langfuse's layer reads, too.
///
/// ```text
/// llm answer  in user: Hi  out Hello
/// ```
pub(crate) fn fields_on_the_span() {
    let span = info_span!(
        target: "program",
        "answer",
        langfuse.type = "GENERATION",
        langfuse.input = r#"[{"role":"user","content":"Hi"}]"#,
        langfuse.output = Empty,
        langfuse.usage = Empty,
    );
    span.record("langfuse.output", display("Hello"));
    span.record("langfuse.usage", r#"{"prompt_tokens":5,"completion_tokens":9,"total_tokens":14}"#);
}
