//! What goes over the wire, and when.

use std::time::Duration;

use llmobs::eval::Evaluation;
use llmobs::{Config, Exporter, SpanRef};
use llmobs_test_support::CaptureServer;
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn s10_s56_s59_s60_without_a_client_nothing_and_with_one_all_in_requests_of_five_mebibytes() {
    own_process!();
    let nowhere = llmobs::workflow("nowhere").start();
    assert_eq!(nowhere.enter(|| 1 + 1), 2);
    nowhere.annotate(|_| {
        panic!("asked for an annotation that nobody takes");
    });
    assert_eq!((nowhere.export(), llmobs::export_span()), (None, None));
    nowhere.finish();

    let server = CaptureServer::start();
    let config = Config::from_env().exporter(Exporter::Http).agentless(true).api_key("0123456789abcdef");
    let guard = config.override_origin(server.url()).ml_app("app").init().unwrap();
    assert_eq!(llmobs::flush(PATIENCE).to_string(), "0 delivered, 0 dropped, 0 pending");

    let reasoning = "r".repeat(1600);
    for _ in 0..3300 {
        let evaluation = Evaluation::score("l", 1)
            .for_span(SpanRef { trace_id: "t".into(), span_id: "s".into() })
            .reasoning(&*reasoning);
        evaluation.submit().unwrap();
    }
    llmobs::task("t").start().finish();
    let report = llmobs::flush(PATIENCE);
    assert_eq!(report.to_string(), "3301 delivered, 0 dropped, 0 pending");
    drop(guard);
    assert_eq!(llmobs::flush(PATIENCE).to_string(), "0 delivered, 0 dropped, 0 pending");

    let posts = server.posts();
    let (evaluations, spans): (Vec<_>, Vec<_>) =
        posts.into_iter().partition(|post| post.path == "/api/intake/llm-obs/v2/eval-metric");
    assert_eq!(spans.len(), 1);
    let count = |body: &[u8]| {
        let body: Value = serde_json::from_slice(body).unwrap();
        body["data"]["attributes"]["metrics"].as_array().unwrap().len()
    };
    assert_eq!(evaluations.iter().map(|post| count(&post.body)).sum::<usize>(), 3300);
    for post in &evaluations {
        assert!(post.body.len() <= 5 * 1024 * 1024, "{} bytes", post.body.len());
        assert_eq!(post.headers["dd-api-key"], "0123456789abcdef");
    }
}
