//! The SDK of this workspace.

use std::time::Duration;

use llmobs::Config;
use llmobs::eval::Evaluation;

use crate::served::{Served, TIMEOUT};

/// Sends a trace and evaluations of it with a new client.
fn send(config: Config) {
    let guard =
        config.service("svc").env("dev").flush_interval(Duration::from_millis(50)).init().expect("a client");
    let span = llmobs::workflow("answer").session_id("s-1").start();
    span.enter(|| {
        llmobs::annotate(|note| {
            note.input("a question").output("an answer").tag("user_id", "u-7");
        });
        let call = llmobs::llm("call").start();
        call.enter(|| {
            llmobs::annotate(|note| {
                note.metric("input_tokens", 3).metric("output_tokens", 4);
            });
        });
        call.finish();
    });
    let reference = span.export();
    span.finish();
    Evaluation::score("faithfulness", 0.93)
        .for_span(reference)
        .reasoning("it is so")
        .submit()
        .expect("an evaluation");
    let report = llmobs::flush(TIMEOUT);
    assert_eq!((report.delivered, report.dropped_total(), report.pending()), (3, 0, 0));
    drop(guard);
}

/// A process has one client, so both ways are tested sequentially.
#[test]
fn the_sdk_sends_directly_and_through_an_agent() {
    let direct = Served::new();
    send(
        Config::from_env().ml_app("app").agentless(true).api_key("k").override_origin(direct.origin.clone()),
    );
    let agent = Served::new();
    send(Config::from_env().ml_app("app").agentless(false).agent_url(agent.origin.clone()));
    // The SDK checks for an Agent.
    let probed = Served::new();
    send(Config::from_env().ml_app("app").agent_url(probed.origin.clone()));

    for served in [direct, agent, probed] {
        assert_eq!(served.rows("rejection"), 0);
        let picture: String = served
            .database()
            .query_row(
                "SELECT group_concat(f.name || ' ' || f.kind || ' ' || f.ml_app || ' ' || n.session_id || ' ' || t.spans
                    || ' ' || t.total_tokens || ' ' || coalesce(e.label || ' ' || e.value, '-'), '; ' ORDER BY f.kind) AS picture
                 FROM span s JOIN trace t ON t.id = s.trace JOIN facets f ON f.id = s.facets JOIN session n ON n.id = s.session
                    LEFT JOIN judged j ON j.span = s.id
                    LEFT JOIN evaluation e ON e.id = j.evaluation",
                [],
                |row| row.get("picture"),
            )
            .unwrap();
        assert_eq!(picture, "call llm app s-1 2 7 -; answer workflow app s-1 2 7 faithfulness 0.93");
    }
}
