//! Spans, their parents, and what attributes capture.

use std::fmt;
use std::thread;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Difference, flushed};

pub(super) fn workflow_basic() -> Value {
    flushed(|| {
        llmobs::workflow("wf").start().enter(|| {
            llmobs::annotate(|note| {
                note.input("hello").output("world");
            });
        });
    })
}

pub(super) fn no_annotation_each_kind() -> Value {
    flushed(|| {
        llmobs::workflow("").start().finish();
        llmobs::task("").start().finish();
        llmobs::tool("").start().finish();
        llmobs::agent("").start().finish();
        llmobs::retrieval("").start().finish();
        llmobs::llm("").start().finish();
        llmobs::embedding("").start().finish();
    })
}

pub(super) fn under_plain_apm_span() -> Value {
    flushed(|| {
        llmobs::workflow("wf").start().enter(|| llmobs::task("t").start().finish());
        llmobs::workflow("wf2-same-apm-trace").start().finish();
    })
}

pub(super) const UNDER_PLAIN_APM_SPAN: &[Difference] = &[Difference {
    name: "each root span has its own APM trace id",
    reason: "llmobs is not an APM tracer, whose trace could contain both roots; with `Config::apm_context`, the ids are those of the tracer",
    apply: |events| {
        let second = &mut events[2]["_dd"];
        second["trace_id"] = json!("another");
        second["apm_trace_id"] = json!("another");
    },
}];

#[llmobs::workflow]
fn bare(a: i64, b: i64) -> i64 {
    a + b + 3
}

#[derive(Serialize)]
struct Sum {
    sum: i64,
    list: [i64; 2],
}

#[llmobs::workflow()]
fn parens(a: i64) -> Sum {
    Sum { sum: a + 2, list: [1, 2] }
}

#[llmobs::workflow(name = "custom-name", session_id = "sess-1", ml_app = "deco-app")]
fn named(x: &str) -> &str {
    x
}

#[derive(Serialize)]
struct Extra {
    extra: i64,
}

#[llmobs::workflow]
fn var(a: i64, args: &[i64], kw: i64, kwargs: Extra) {
    let _ = (a, args, kw, kwargs.extra);
}

#[llmobs::workflow]
fn noargs() -> &'static str {
    "r"
}

struct K;

impl K {
    #[llmobs::workflow]
    fn method(&self, q: &str) -> String {
        let Self = self;
        q.to_uppercase()
    }

    #[llmobs::workflow]
    fn cm(q: &str) -> &str {
        q
    }
}

#[llmobs::workflow(skip_all, skip_output)]
fn noauto(secret: &str) -> &'static str {
    let _ = secret;
    "hidden"
}

#[llmobs::workflow]
fn manual_output(x: i64) -> &'static str {
    let _ = x;
    llmobs::annotate(|note| {
        note.input("manual-in").output("manual-out");
    });
    "ignored?"
}

pub(super) fn decorator_args() -> Value {
    flushed(|| {
        bare(1, 2);
        bare(1, 5);
        parens(10);
        named("x");
        var(1, &[2, 3], 4, Extra { extra: 5 });
        noargs();
        K.method("abc");
        K::cm("q");
        noauto("s");
        manual_output(1);
    })
}

pub(super) const DECORATOR_ARGS: &[Difference] = &[Difference {
    name: "the arguments do not include the class",
    reason: "an associated function in Rust has no such argument",
    apply: |events| events[7]["meta"]["input"]["value"] = json!(r#"{"q":"q"}"#),
}];

macro_rules! errors {
    ($($error:ident)*) => {$(
        #[derive(Debug)]
        struct $error(String);

        impl fmt::Display for $error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::error::Error for $error {}
    )*};
}
errors! { MyErr ValueError KeyError }

#[llmobs::task]
fn boom(x: i64) -> Result<(), MyErr> {
    Err(MyErr(format!("bad thing: {x}")))
}

#[llmobs::workflow]
fn outer() -> &'static str {
    let _ = boom(1);
    "recovered"
}

pub(super) fn exception_raised() -> Value {
    flushed(|| {
        let _ = boom(7);
        outer();
        llmobs::llm("").model_name("m").start().enter(|| {
            llmobs::annotate(|note| {
                note.input("in before error");
            });
            llmobs::annotate(|note| {
                note.error(&ValueError(String::new()));
            });
        });
        let error = KeyError("'k'".to_owned());
        let root = llmobs::workflow("nested-root").start();
        let child = root.enter(|| llmobs::task("nested-child").start());
        child.annotate(|note| {
            note.error(&error);
        });
        root.annotate(|note| {
            note.error(&error);
        });
    })
}

pub(super) const EXCEPTION_RAISED: &[Difference] = &[OWN_TYPES];

const OWN_TYPES: Difference = Difference {
    name: "types of errors are Rust's",
    reason: "the error of a Rust function has a Rust type",
    apply: |events| {
        for event in events {
            for class in
                ["__main__.MyErr", "builtins.ValueError", "builtins.KeyError", "builtins.RuntimeError"]
            {
                let name = class.rsplit('.').next().unwrap_or_default();
                let path = format!("{}::{name}", module_path!());
                if event["meta"]["error"]["type"] == class {
                    event["meta"]["error"]["type"] = json!(path);
                }
                for tag in event["tags"].as_array_mut().into_iter().flatten() {
                    if *tag == format!("error_type:{class}") {
                        *tag = json!(format!("error_type:{path}"));
                    }
                }
            }
        }
    },
};

#[llmobs::llm(model_name = "m")]
async fn call(i: usize) -> String {
    // Yields once for each hundredth of a second that the original sleeps.
    for _ in 0..i {
        tokio::task::yield_now().await;
    }
    format!("r{i}")
}

#[llmobs::task]
async fn step(i: usize) -> String {
    call(i).await
}

#[llmobs::workflow]
async fn wf(n: usize) -> Vec<String> {
    assert_eq!(n, 3);
    let first = step(0).await;
    let (second, third) = tokio::join!(step(1), step(2));
    vec![first, second, third]
}

pub(super) fn async_fn() -> Value {
    flushed(|| {
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(wf(3));
    })
}

pub(super) const ASYNC_FN: &[Difference] = &[Difference {
    name: "llm spans capture their input, and messages have roles",
    reason: "calls can be read in the trace without annotations",
    apply: |events| {
        for (event, i) in [(2, 0), (4, 1), (6, 2)] {
            let content = format!(r#"{{"i":{i}}}"#);
            events[event]["meta"]["input"] = json!({ "messages": [{ "role": "user", "content": content }] });
            events[event]["meta"]["output"]["messages"][0]["role"] = json!("assistant");
        }
    },
}];

pub(super) fn manual_threads() -> Value {
    flushed(|| {
        let workflow = llmobs::workflow("manual").start();
        let task = workflow.enter(|| llmobs::task("manual-child").start());
        workflow.annotate(|note| {
            note.input("by-ref");
        });
        workflow.finish();
        task.finish();

        let span = llmobs::workflow("cross-thread").start();
        thread::spawn(move || {
            llmobs::task("in-bare-thread").start().finish();
            span.annotate(|note| {
                note.output("from-thread");
            });
            span.finish();
        })
        .join()
        .expect("the thread");

        llmobs::workflow("pool-root").start().enter(|| {
            for name in ["pool-0", "pool-1"] {
                let context = llmobs::current();
                let work = move || context.enter(|| llmobs::task(name).start().finish());
                thread::spawn(work).join().expect("the thread");
            }
        });
    })
}

pub(super) fn unfinished_and_double_finish() -> Value {
    flushed(|| {
        // The reference finishes it twice. Here, the first call takes the span.
        llmobs::task("twice").start().finish();
        let unfinished = llmobs::workflow("never-finished").start();
        unfinished.enter(|| llmobs::task("child-of-never-finished").start()).finish();
        // Dropping it would finish it.
        std::mem::forget(unfinished);
    })
}

pub(super) const UNFINISHED: &[Difference] = &[Difference {
    name: "a child is sent when it finishes",
    reason: "the children of a root that never finishes should not be lost",
    apply: |events| {
        let mut child = events[0].clone();
        child["name"] = json!("child-of-never-finished");
        child["parent_id"] = json!("never");
        for id in ["span_id", "trace_id"] {
            child[id] = json!("child");
            child["_dd"][id] = json!("child");
        }
        child["_dd"]["apm_trace_id"] = json!("child");
        events.push(child);
    },
}];

#[llmobs::workflow(iterator)]
fn r#gen(n: usize) -> impl Iterator<Item = usize> {
    0..n
}

#[llmobs::workflow(iterator)]
fn genraise(n: usize) -> impl Iterator<Item = Result<usize, RuntimeError>> {
    [Ok(n), Err(RuntimeError)].into_iter()
}

#[derive(Debug)]
struct RuntimeError;

impl fmt::Display for RuntimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("mid-gen")
    }
}

impl std::error::Error for RuntimeError {}

#[llmobs::llm(model_name = "m", iterator, skip_all)]
fn llmgen(q: &'static str) -> impl Iterator<Item = &'static str> {
    std::iter::once("tok").inspect(move |_| {
        llmobs::annotate(|note| {
            note.input(q).output("tok");
        });
    })
}

#[llmobs::workflow(stream)]
fn agen(n: usize) -> impl futures_util::Stream<Item = usize> {
    futures_util::stream::iter(0..n)
}

pub(super) fn generators() -> Value {
    flushed(|| {
        assert_eq!(r#gen(3).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(r#gen(5).next(), Some(0));
        assert_eq!(genraise(1).filter_map(Result::err).count(), 1);
        assert_eq!(llmgen("prompt").count(), 1);
        let all = futures_util::StreamExt::collect::<Vec<_>>(agen(2));
        assert_eq!(pollster::block_on(all), [0, 1]);
    })
}

pub(super) const GENERATORS: &[Difference] = &[
    Difference {
        name: "the items of iterators and streams are the output",
        reason: "the output of a step is useful whether it is returned at once or in items; an llm span also has the time to the first token",
        apply: |events| {
            for (event, items) in [(0, "[0,1,2]"), (1, "[0]"), (2, "[1]"), (4, "[0,1]")] {
                events[event]["meta"]["output"] = json!({ "value": items });
            }
            events[3]["metrics"] = json!({ "time_to_first_token": "<seconds>" });
        },
    },
    Difference {
        name: "an iterator that is dropped before its end adds the tag cancelled:true",
        reason: "it shows that the output is incomplete",
        apply: |events| {
            let tags = events[1]["tags"].as_array_mut().expect("tags");
            tags.insert(1, json!("cancelled:true"));
        },
    },
    OWN_TYPES,
];
