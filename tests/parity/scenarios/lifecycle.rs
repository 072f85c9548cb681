//! Starting, stopping, and the connection to Datadog.

use std::io::stdin;

use llmobs::{Config, Error};
use serde_json::{Value, json};

use super::{TIMEOUT, flushed};

/// Waits until the parent has received the next request.
fn wait_for_delivery() {
    stdin().read_line(&mut String::new()).expect("a line from the parent");
}

/// The error of `init`, without its variable part.
fn failure(outcome: &Result<llmobs::Guard, Error>) -> Value {
    match outcome {
        Ok(_) => json!(null),
        Err(error) => json!(error.to_string().split([':', ',']).next()),
    }
}

pub(super) fn one_workflow() -> Value {
    flushed(|| llmobs::workflow("w").start().finish())
}

pub(super) fn agent_mode() -> Value {
    flushed(|| {
        let span = llmobs::workflow("w").start();
        span.annotate(|note| {
            note.input("i").output("o");
        });
        evaluate(&span);
    })
}

/// Without a flush, the guard delivers the spans.
pub(super) fn exit_flush() -> Value {
    let _llmobs = llmobs::init();
    evaluate(&llmobs::workflow("w").start());
    json!({})
}

fn evaluate(span: &llmobs::Span) {
    llmobs::eval::Evaluation::score("e", 1).for_span(span.export()).submit().expect("a valid evaluation");
}

/// Without a flush and a guard, the worker sends the spans automatically.
pub(super) fn periodic_flush() -> Value {
    std::mem::forget(llmobs::init());
    llmobs::workflow("first").start().finish();
    wait_for_delivery();
    llmobs::workflow("second").start().finish();
    wait_for_delivery();
    json!({})
}

pub(super) fn disable_flushes() -> Value {
    let guard = llmobs::init();
    llmobs::workflow("before").start().finish();
    drop(guard);
    llmobs::workflow("while-disabled").start().finish();
    flushed(|| llmobs::workflow("after-reenable").start().finish())
}

pub(super) fn enable_args_override_env() -> Value {
    let first = Config::from_env().ml_app("arg-app").service("arg-svc").env("arg-env");
    let first = first.site("datadoghq.eu").api_key("arg-key").init();
    llmobs::workflow("w").start().finish();
    llmobs::flush(TIMEOUT);
    let second = Config::from_env().ml_app("second-enable-ignored").init();
    llmobs::workflow("w2").start().finish();
    llmobs::flush(TIMEOUT);
    json!({ "first": failure(&first), "second": failure(&second) })
}

pub(super) fn init_fails() -> Value {
    let outcome = Config::from_env().init();
    llmobs::workflow("w").start().finish();
    json!({ "enable": failure(&outcome), "enabled": llmobs::enabled() })
}

#[llmobs::workflow]
fn decorated(x: i64) -> i64 {
    x
}

pub(super) fn not_enabled() -> Value {
    let decorated = decorated(1);
    let mut annotated = false;
    llmobs::workflow("w").start().enter(|| {
        llmobs::annotate(|note| {
            annotated = true;
            note.input("x");
        });
    });
    let report = llmobs::flush(TIMEOUT).to_string();
    json!({ "decorated": decorated, "annotated": annotated, "flush": report })
}

pub(super) fn enabled_env_false() -> Value {
    let outcome = Config::from_env().init();
    llmobs::workflow("w").start().finish();
    json!({ "enable": failure(&outcome), "enabled": llmobs::enabled() })
}

pub(super) const NO_SERVICE: &[super::Difference] = &[super::Difference {
    name: "the service has no default",
    reason: "the reference uses the name of the folder of the script; a Rust program has no such folder",
    apply: |events| {
        let tags = ["agent_service:unnamed-ml-app", "ml_app:unnamed-ml-app", "service:"];
        for tag in events[0]["tags"].as_array_mut().expect("tags") {
            let key = tag.as_str().and_then(|tag| tag.split_once(':')).map(|(key, _)| format!("{key}:"));
            if let Some(own) = tags.iter().find(|own| key.as_deref().is_some_and(|key| own.starts_with(key)))
            {
                *tag = json!(own);
            }
        }
    },
}];
