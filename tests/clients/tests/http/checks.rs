//! Checks of the spans of calls, the same for each client.

use std::time::Instant;

use futures_util::{StreamExt as _, future};
use llmobs::http::ClientLayer;
use serde_json::Value;

use crate::clients::Client;
use crate::expected::{ANSWER, ANSWER_TO_RESULT, Expected, THOUGHT};
use crate::lockstep::{Silent, TIMEOUT};
use crate::question::{Protocol, Question};
use crate::run::{Run, WHOLE_AND_STREAMED, ask, run};

fn metrics(run: &Run) -> Value {
    let [event] = run.events().try_into().unwrap();
    let mut metrics = event["metrics"].clone();
    metrics.as_object_mut().unwrap().remove("time_to_first_token");
    metrics
}

pub(crate) fn messages<C: Client>() {
    let question = Question::new("local");
    for is_stream in WHOLE_AND_STREAMED {
        let (run, answer) = run::<C>(&question, is_stream);
        assert_eq!(answer.as_deref(), Ok(ANSWER));
        assert_eq!(run.tree(), C::PROTOCOL.line(&format!("out assistant: {ANSWER}")));
        let expected = Expected::of::<C>(&question, is_stream).text(ANSWER).tokens(8, 8);
        assert_eq!(run.events(), [expected.event()]);
    }
}

pub(crate) fn tool_calls<C: Client>() {
    let question = Question::of_tool("local");
    for is_stream in WHOLE_AND_STREAMED {
        let (called, _) = run::<C>(&question, is_stream);
        let expected = Expected::of::<C>(&question, is_stream).call().tokens(8, 2);
        assert_eq!(called.events(), [expected.event()]);

        // The call, its arguments and its result add four words.
        let question = question.clone().with_result();
        let (answered, answer) = run::<C>(&question, is_stream);
        assert_eq!(answer.as_deref(), Ok(ANSWER_TO_RESULT));
        let expected = Expected::of::<C>(&question, is_stream).text(ANSWER_TO_RESULT).tokens(12, 5);
        assert_eq!(answered.events(), [expected.event()]);
    }
}

pub(crate) fn tokens<C: Client>() {
    for is_stream in WHOLE_AND_STREAMED {
        let (run, _) = run::<C>(&Question::new("thinking"), is_stream);
        assert_eq!(run.tree(), C::PROTOCOL.line(&format!("out reasoning: {THOUGHT} | assistant: {ANSWER}")));
        assert_eq!(metrics(&run), C::PROTOCOL.metrics(8, 9, 17));
    }
}

pub(crate) fn cached_tokens<C: Client>() {
    for is_stream in WHOLE_AND_STREAMED {
        for (question, input) in [(Question::new("local"), 8), (Question::new("local").with_result(), 12)] {
            let (run, _) = run::<C>(&question, is_stream);
            let metrics = metrics(&run);
            let tokens = ["cache_read_input_tokens", "input_tokens"].map(|name| metrics[name].as_u64());
            assert_eq!(tokens, [Some(2), Some(input)]);
        }
    }
}

pub(crate) fn first_token<C: Client>() {
    const PAUSE: f64 = 0.020;
    let question = Question::new("slow-20");
    let (whole, _) = run::<C>(&question, false);
    let [whole] = whole.events().try_into().unwrap();
    assert_eq!(whole["metrics"].get("time_to_first_token"), None);

    let run = Run::new();
    let client: C = run.client();
    let began = Instant::now();
    let seen_after = run.block_on(async {
        let mut pieces = client.stream(&question).await.unwrap();
        while pieces.next().await.unwrap().unwrap().is_empty() {}
        let seen_after = began.elapsed().as_secs_f64();
        while pieces.next().await.is_some() {}
        seen_after
    });
    let [event] = run.collector.events().try_into().unwrap();
    let after = event["metrics"]["time_to_first_token"].as_f64().unwrap();
    // The number of the first event with text. A pause precedes each event.
    let number = match C::PROTOCOL {
        Protocol::Chat => 2.0,
        Protocol::Responses => 5.0,
        Protocol::Anthropic => 4.0,
    };
    assert!(after >= number * PAUSE && after <= seen_after, "{after} {seen_after}");
    // Seven words follow.
    let seconds = event["duration"].as_f64().unwrap() / 1e9;
    assert!(seconds >= (number + 7.0) * PAUSE, "{seconds}");
}

pub(crate) fn errors<C: Client>() {
    for is_stream in WHOLE_AND_STREAMED {
        for (model, status) in [("error-400", 400), ("error-401", 401)] {
            let question = Question::new(model);
            let (run, answer) = run::<C>(&question, is_stream);
            let (kind, message) = C::PROTOCOL.error(status);
            assert!(answer.unwrap_err().contains(message));
            let expected = Expected::of::<C>(&question, is_stream).error((kind, message));
            assert_eq!(run.events(), [expected.event()]);
        }
    }
    // The partial answer before an error is kept.
    let half = C::PROTOCOL.half();
    let question = Question::new("overloaded");
    let (overloaded, answer) = run::<C>(&question, true);
    answer.unwrap_err();
    let partial = half.strip_suffix(" the").unwrap_or(half);
    let expected = Expected::of::<C>(&question, true).partial_answer(partial).error_in_stream();
    assert_eq!(overloaded.events(), [expected.event()]);

    let question = Question::new("broken");
    let (broken, answer) = run::<C>(&question, true);
    answer.unwrap_err();
    let expected = Expected::of::<C>(&question, true).partial_answer(half);
    let cause = broken_off::<C>("unexpected EOF during chunk size line");
    let expected = expected.error((C::BROKEN.0, &cause));
    assert_eq!(broken.events(), [expected.event()]);
    // The protocol determines which part of a whole answer is in its first half.
    let (broken, answer) = run::<C>(&question, false);
    answer.unwrap_err();
    let [mut event] = broken.events().try_into().unwrap();
    let cause = broken_off::<C>("end of file before message length reached");
    let mut expected = Expected::of::<C>(&question, false).error((C::BROKEN.0, &cause)).event();
    for event in [&mut event, &mut expected] {
        event["metrics"].take();
        for field in ["metadata", "model_name", "output"] {
            event["meta"][field].take();
        }
    }
    assert_eq!(event, expected);
}

/// The error of a client whose connection breaks. The causes of errors of reqwest are known.
fn broken_off<C: Client>(cause: &str) -> String {
    let (kind, message) = C::BROKEN;
    if kind.starts_with("reqwest") {
        format!("{message}: error reading a body from connection: {cause}")
    } else {
        message.to_owned()
    }
}

#[llmobs::llm(skip(client))]
async fn complete<C: Client>(client: &C, question: &Question, is_stream: bool) -> Result<String, String> {
    ask(client, question, is_stream).await
}

#[llmobs::llm(skip(client, questions))]
async fn race<C: Client>(client: &C, questions: [Question; 2]) -> String {
    let [first, second] = questions;
    let answers = future::join(client.ask(&first), client.stream_all(&second)).await;
    format!("{answers:?}")
}

#[llmobs::workflow(skip_all)]
async fn answer<C: Client>(client: &C, question: &Question, is_stream: bool) -> Result<String, String> {
    ask(client, question, is_stream).await
}

pub(crate) fn retries<C: Client>() {
    let refusal = if C::READS_REFUSALS { C::PROTOCOL.refusal() } else { "HTTP 429" };
    let refused = C::PROTOCOL.line(&format!("error {refusal}"));
    let answered = C::PROTOCOL.line(&format!("out assistant: {ANSWER}"));
    let question = Question::new("flaky");
    for is_stream in WHOLE_AND_STREAMED {
        let (without_function, text) = run::<C>(&question, is_stream);
        assert_eq!(text.as_deref(), Ok(ANSWER));
        assert_eq!(without_function.tree(), format!("{refused}{answered}"));

        let in_function = Run::new();
        let client: C = in_function.client();
        assert_eq!(in_function.block_on(complete(&client, &question, is_stream)).as_deref(), Ok(ANSWER));
        let name = C::PROTOCOL.names().0;
        let completed = answered.replacen(name, "complete", 1);
        assert_eq!(in_function.tree(), format!("{completed}└─ {refused}"));
        // No token is counted twice.
        let events = in_function.events();
        let counted: Vec<_> = events.iter().map(|event| event["metrics"]["total_tokens"].as_u64()).collect();
        assert_eq!(counted, [Some(16), None]);
    }
}

pub(crate) fn cancelled<C: Client>() {
    let question = Question::new("hang");
    let half = C::PROTOCOL.half();
    let run = Run::new();
    let client: C = run.client();
    let is_disconnected = run.block_on(async {
        let mut pieces = client.stream(&question).await.unwrap();
        let mut text = String::new();
        while text != half {
            text += &pieces.next().await.unwrap().unwrap();
        }
        drop(pieces);
        run.provider.disconnected(TIMEOUT).await
    });
    assert!(is_disconnected);
    let expected = Expected::of::<C>(&question, true).partial_answer(half).cancelled();
    assert_eq!(run.events(), [expected.event()]);

    let run = Run::new();
    run.block_on(async {
        let mut server = Silent::start().await;
        let client = C::new(&server.url, ClientLayer::new());
        tokio::select! {
            answer = client.ask(&question) => panic!("an answer: {answer:?}"),
            () = server.arrived() => {}
        }
        server.disconnected().await;
    });
    assert_eq!(run.events(), [Expected::of::<C>(&question, false).cancelled().event()]);
}

pub(crate) fn parents<C: Client>() {
    let name = C::PROTOCOL.names().0;
    let call = C::PROTOCOL.line(&format!("out assistant: {ANSWER}"));
    let question = Question::new("local");
    for is_stream in WHOLE_AND_STREAMED {
        let child = Run::new();
        let client: C = child.client();
        child.block_on(answer(&client, &question, is_stream)).unwrap();
        assert_eq!(child.tree(), format!("workflow answer  out {ANSWER}\n└─ {call}"));

        let one = Run::new();
        let client: C = one.client();
        one.block_on(complete(&client, &question, is_stream)).unwrap();
        assert_eq!(one.tree(), call.replacen(name, "complete", 1));
        let expected = Expected::of::<C>(&question, is_stream).text(ANSWER).tokens(8, 8);
        assert_eq!(one.events(), [expected.of_attribute("complete").event()]);
    }
    let two = Run::new();
    let client: C = two.client();
    let answers = two.block_on(race(&client, [question.clone(), question]));
    assert_eq!(two.tree(), format!("llm race  out assistant: {answers}\n├─ {call}└─ {call}"));
}
