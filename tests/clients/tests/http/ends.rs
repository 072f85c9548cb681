//! When and how the span of a call ends.

use futures_util::StreamExt as _;
use http::Request;
use llmobs::http::ClientLayer;

use crate::clients::{Answer, Hyper, Reqwest, ReqwestMiddleware, Transport, json_request};
use crate::lockstep::{Lockstep, TIMEOUT};
use crate::question::{Protocol, Question};
use crate::run::Run;

const CALL: &str =
    "llm OpenAI.createChatCompletion  in system: Be brief. | user: What is the weather in Paris?";
const TEXT: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hi\"}}]}\n\n";
const STOPPED: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const FAILED: &str = "data: {\"error\":{\"message\":\"Later.\",\"type\":\"server_error\"}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

fn request(url: &str, model: &'static str, is_stream: bool) -> Request<bytes::Bytes> {
    json_request(url, &Question::new(model).body(Protocol::Chat, is_stream))
}

/// Reads these pieces of a stream that has not ended, and drops it.
fn dropped<T: Transport>(pieces: &[&str]) -> String {
    let run = Run::new();
    run.block_on(async {
        let server = Lockstep::start().await;
        let client = T::new(ClientLayer::new());
        let (_, mut answer) = client.send(request(&server.url, "local", true)).await.unwrap();
        for piece in pieces {
            server.send(piece);
            let read = tokio::time::timeout(TIMEOUT, answer.next()).await.unwrap();
            assert_eq!(read.unwrap().unwrap(), *piece);
        }
        drop(answer);
    });
    run.tree()
}

#[test]
fn a_stream_dropped_after_its_end_is_not_cancelled() {
    fn check<T: Transport>() {
        assert_eq!(dropped::<T>(&[TEXT, STOPPED, DONE]), format!("{CALL}  out assistant: Hi\n"));
        // Some programs stop reading at the finish reason.
        assert_eq!(dropped::<T>(&[TEXT, STOPPED]), format!("{CALL}  out assistant: Hi\n"));
        assert_eq!(dropped::<T>(&[TEXT, DONE]), format!("{CALL}  out assistant: Hi\n"));
        assert_eq!(dropped::<T>(&[TEXT]), format!("{CALL}  out assistant: Hi  cancelled\n"));
        assert_eq!(dropped::<T>(&[]), format!("{CALL}  cancelled\n"));
        let failed = format!("{CALL}  out assistant: Hi  error server_error: Later.\n");
        assert_eq!(dropped::<T>(&[TEXT, FAILED]), failed);
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
            for piece in [TEXT, STOPPED, DONE] {
                assert_eq!(run.tree(), "");
                server.send(piece);
                answer.next().await.unwrap().unwrap();
            }
            // The body has not ended.
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

/// Sends a request, and passes the answer to `then`.
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
fn a_whole_answer_dropped_in_the_middle_is_cancelled() {
    fn check<T: Transport>() {
        let run = Run::new();
        run.block_on(async {
            let client = T::new(ClientLayer::new());
            let url = format!("{}/v1/chat/completions", run.provider.url());
            let (_, mut answer) = client.send(request(&url, "hang", false)).await.unwrap();
            answer.next().await.unwrap().unwrap();
        });
        // The first half has the text and the finish reason.
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
fn an_error_status_is_recorded_without_reading_the_body() {
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
fn compressed_bodies_are_not_parsed() {
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
fn error_for_status_records_the_status() {
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
fn a_refused_connection_is_an_error_of_the_client() {
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
        // reqwest-middleware retries.
        assert!(!tree.is_empty() && tree.lines().all(|line| line == shown), "{tree}");
    }
    let message = "error sending request for url (http://127.0.0.1:1/v1/chat/completions): client error (Connect): tcp connect error: Connection \
                      refused (os error 111)";
    // hyper does not read the body of a request that it cannot send.
    let error = "error hyper_util::client::legacy::client::Error: client error (Connect)";
    check::<Hyper>(&format!("llm OpenAI.createChatCompletion  {error}"));
    check::<Reqwest>(&format!("{CALL}  error reqwest::error::Error: {message}"));
    check::<ReqwestMiddleware>(&format!("{CALL}  error reqwest_middleware::error::Error: {message}"));
}
