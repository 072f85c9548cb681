//! When and how the span of a call ends.

use futures_util::StreamExt as _;
use http::Request;
use llmobs::http::ClientLayer;

use crate::clients::{Answer, Hyper, Reqwest, ReqwestMiddleware, Transport, json_request};
use crate::lockstep::{Lockstep, PATIENCE};
use crate::question::{Protocol, Question};
use crate::run::Run;

const CALL: &str =
    "llm OpenAI.createChatCompletion  in system: Be brief. | user: What is the weather in Paris?";
const SAID: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hi\"}}]}\n\n";
const STOPPED: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const FAILED: &str = "data: {\"error\":{\"message\":\"Later.\",\"type\":\"server_error\"}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

fn request(url: &str, model: &'static str, is_stream: bool) -> Request<bytes::Bytes> {
    json_request(url, &Question::new(model).body(Protocol::Chat, is_stream))
}

/// Reads a stream whose server goes on, and drops it.
fn dropped<T: Transport>(pieces: &[&str]) -> String {
    let run = Run::new();
    run.block_on(async {
        let server = Lockstep::start().await;
        let client = T::new(ClientLayer::new());
        let (_, mut answer) = client.send(request(&server.url, "local", true)).await.unwrap();
        for piece in pieces {
            server.send(piece);
            let read = tokio::time::timeout(PATIENCE, answer.next()).await.unwrap();
            assert_eq!(read.unwrap().unwrap(), *piece);
        }
        drop(answer);
    });
    run.tree()
}

#[test]
fn a_stream_that_is_dropped_after_its_end_was_not_cancelled() {
    fn check<T: Transport>() {
        assert_eq!(dropped::<T>(&[SAID, STOPPED, DONE]), format!("{CALL}  out assistant: Hi\n"));
        // What comes after the reason for the end is of no use to all programs.
        assert_eq!(dropped::<T>(&[SAID, STOPPED]), format!("{CALL}  out assistant: Hi\n"));
        assert_eq!(dropped::<T>(&[SAID, DONE]), format!("{CALL}  out assistant: Hi\n"));
        assert_eq!(dropped::<T>(&[SAID]), format!("{CALL}  out assistant: Hi  cancelled\n"));
        assert_eq!(dropped::<T>(&[]), format!("{CALL}  cancelled\n"));
        let failed = format!("{CALL}  out assistant: Hi  error server_error: Later.\n");
        assert_eq!(dropped::<T>(&[SAID, FAILED]), failed);
    }
    check::<Hyper>();
    check::<Reqwest>();
    check::<ReqwestMiddleware>();
}

#[test]
fn a_span_ends_with_the_last_event() {
    fn check<T: Transport>() {
        let run = Run::new();
        run.block_on(async {
            let server = Lockstep::start().await;
            let client = T::new(ClientLayer::new());
            let (_, mut answer) = client.send(request(&server.url, "local", true)).await.unwrap();
            for piece in [SAID, STOPPED, DONE] {
                assert_eq!(run.tree(), "");
                server.send(piece);
                answer.next().await.unwrap().unwrap();
            }
            // The body goes on.
            assert_eq!(run.tree(), format!("{CALL}  out assistant: Hi\n"));
            server.send(": ping\n\n");
            assert_eq!(answer.next().await.unwrap().unwrap(), ": ping\n\n");
        });
        assert_eq!(run.collector.spans().len(), 1);
    }
    check::<Hyper>();
    check::<Reqwest>();
    check::<ReqwestMiddleware>();
}

/// Sends a request, and does something with the answer.
fn answered<T: Transport>(model: &'static str, is_stream: bool, then: impl FnOnce(Answer)) -> String {
    let run = Run::new();
    run.block_on(async {
        let client = T::new(ClientLayer::new());
        let url = format!("{}/v1/chat/completions", run.provider.url());
        let (_, answer) = client.send(request(&url, model, is_stream)).await.unwrap();
        then(answer);
    });
    run.tree()
}

#[test]
fn a_whole_answer_that_is_dropped_in_the_middle_was_cancelled() {
    fn check<T: Transport>() {
        let run = Run::new();
        run.block_on(async {
            let client = T::new(ClientLayer::new());
            let url = format!("{}/v1/chat/completions", run.provider.url());
            let (_, mut answer) = client.send(request(&url, "hang", false)).await.unwrap();
            answer.next().await.unwrap().unwrap();
        });
        // The text and the reason for its end are in the first half.
        assert_eq!(
            run.tree(),
            format!("{CALL}  out assistant: You said: What is the weather in Paris?  cancelled\n")
        );
    }
    check::<Hyper>();
    check::<Reqwest>();
    check::<ReqwestMiddleware>();
}

#[test]
fn a_status_that_is_an_error_is_one_if_nobody_reads_the_body() {
    fn check<T: Transport>() {
        for is_stream in [false, true] {
            assert_eq!(answered::<T>("error-401", is_stream, drop), format!("{CALL}  error HTTP 401\n"));
        }
        assert_eq!(answered::<T>("local", false, drop), format!("{CALL}  cancelled\n"));
    }
    check::<Hyper>();
    check::<Reqwest>();
    check::<ReqwestMiddleware>();
}

#[test]
fn a_body_that_is_compressed_is_not_looked_at() {
    fn check<T: Transport>(head: &'static str, rest: &str) {
        let run = Run::new();
        run.block_on(async {
            let server = Lockstep::with_head(head).await;
            let client = T::new(ClientLayer::new());
            let (_, mut answer) = client.send(request(&server.url, "local", false)).await.unwrap();
            server.send("not what it seems");
            drop(server);
            assert_eq!(answer.next().await.unwrap().unwrap(), "not what it seems");
            assert!(answer.next().await.is_none());
        });
        assert_eq!(run.tree(), format!("{CALL}{rest}\n"));
    }
    for (head, rest) in [
        ("200 OK\r\ncontent-type: application/json\r\ncontent-encoding: br", ""),
        ("400 Bad Request\r\ncontent-type: application/json\r\ncontent-encoding: br", "  error HTTP 400"),
        ("400 Bad Request\r\ncontent-type: text/plain", "  error HTTP 400: not what it seems"),
    ] {
        check::<Hyper>(head, rest);
        check::<Reqwest>(head, rest);
        check::<ReqwestMiddleware>(head, rest);
    }
}

#[test]
fn a_status_that_a_program_turns_into_an_error() {
    for model in ["error-401", "error-500"] {
        let run = Run::new();
        run.block_on(async {
            let url = format!("{}/v1/chat/completions", run.provider.url());
            let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
                .with(ClientLayer::new())
                .build();
            let answer = client.execute(request(&url, model, false).try_into().unwrap()).await.unwrap();
            answer.error_for_status().unwrap_err();
        });
        let (_, status) = model.split_once('-').unwrap();
        assert_eq!(run.tree(), format!("{CALL}  error HTTP {status}\n"));
    }
}

#[test]
fn a_connection_that_is_refused_is_an_error_of_the_client() {
    fn check<T: Transport>(shown: &str) {
        let run = Run::new();
        run.block_on(async {
            let client = T::new(ClientLayer::new());
            client
                .send(request("http://127.0.0.1:1/v1/chat/completions", "local", false))
                .await
                .err()
                .unwrap();
        });
        let tree = run.tree();
        // reqwest-middleware tries again.
        assert!(!tree.is_empty() && tree.lines().all(|line| line == shown), "{tree}");
    }
    let of_reqwest = "error sending request for url (http://127.0.0.1:1/v1/chat/completions): client error (Connect): tcp connect error: Connection \
                      refused (os error 111)";
    // hyper does not look at the body of a request that it cannot send.
    let error = "error hyper_util::client::legacy::client::Error: client error (Connect)";
    check::<Hyper>(&format!("llm OpenAI.createChatCompletion  {error}"));
    check::<Reqwest>(&format!("{CALL}  error reqwest::error::Error: {of_reqwest}"));
    check::<ReqwestMiddleware>(&format!("{CALL}  error reqwest_middleware::error::Error: {of_reqwest}"));
}
