//! The measured traces: five functions, each of which calls the next, in the variants of the table.

use std::fmt;
use std::future::{Future, ready};
use std::hint::black_box;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use harness::{ANSWER, Mode, TEXT, body};
use serde::Serialize;

/// Returns the mode of that name.
pub fn find(name: &'static str) -> Option<Mode> {
    let trace: fn(u64) = match name {
        "bare" => |_| chain(bare::l1),
        "plain" | "processor" => |_| chain(plain::l1),
        "session" => |_| chain(session::l1),
        "annotate" => |_| chain(annotate::l1),
        "tags" => |_| chain(tags::l1),
        "manual" => |_| chain(manual::l1),
        "error" => |_| drop(black_box(error::l1(black_box(TEXT), black_box(7)))),
        "self" => |_| drop(black_box(black_box(&DESK).l1(black_box(TEXT), black_box(7)))),
        "struct6" => |_| drop(black_box(struct6::l1(black_box(&TICKET)))),
        "messages" => |_| drop(black_box(messages::l1(black_box(&MESSAGES)))),
        "async-bare" => |_| run(async_bare::l1(black_box(TEXT), black_box(7))),
        "async" => |_| run(async_plain::l1(black_box(TEXT), black_box(7))),
        "json-plain" => |_| {
            (0..5).for_each(|_| {
                json(&Arguments { text: TEXT, n: 7 });
                json(&ANSWER)
            })
        },
        "json-error" => |_| (0..5).for_each(|_| json(&"no category for this text")),
        "json-struct6" => |_| (0..5).for_each(|_| json(&*TICKET)),
        "json-messages" => |_| (0..5).for_each(|_| json(&*MESSAGES)),
        "one" => |_| drop(black_box(one(black_box(TEXT), black_box(7)))),
        _ => return None,
    };
    Some(Mode { name, trace, spans: if name == "one" { 1 } else { 5 } })
}

#[inline(always)]
fn chain(first: fn(&str, u32) -> String) {
    black_box(first(black_box(TEXT), black_box(7)));
}

fn json(value: &impl Serialize) {
    black_box(serde_json::to_string(black_box(value)).ok());
}

/// Polls a future that is ready at once.
fn run(future: impl Future<Output = String>) {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(answer) => drop(black_box(answer)),
        Poll::Pending => unreachable!("nothing in the chain waits"),
    }
}

#[derive(Serialize)]
struct Arguments {
    text: &'static str,
    n: u32,
}

/// A module of five functions with an attribute each. The first is a workflow, the others are tasks.
macro_rules! chain {
    ($module:ident, #[$first:meta], #[$other:meta], ($($argument:ident: $type:ty),*) -> $output:ty { $last:expr } $(, $describe:expr)?) => {
        mod $module {
            use super::*;

            #[$first]
            #[inline(never)]
            pub fn l1($($argument: $type),*) -> $output {
                $($describe;)?
                l2($($argument),*)
            }

            #[$other]
            #[inline(never)]
            fn l2($($argument: $type),*) -> $output {
                $($describe;)?
                l3($($argument),*)
            }

            #[$other]
            #[inline(never)]
            fn l3($($argument: $type),*) -> $output {
                $($describe;)?
                l4($($argument),*)
            }

            #[$other]
            #[inline(never)]
            fn l4($($argument: $type),*) -> $output {
                $($describe;)?
                classify($($argument),*)
            }

            #[$other]
            #[inline(never)]
            fn classify($($argument: $type),*) -> $output {
                $($describe;)?
                $last
            }
        }
    };
}

chain!(bare, #[doc = "Without a span."], #[doc = "Without a span."], (text: &str, n: u32) -> String { body(text, n) });
chain!(plain, #[llmobs::workflow], #[llmobs::task], (text: &str, n: u32) -> String { body(text, n) });
chain!(session, #[llmobs::workflow(session_id = "session-1")], #[llmobs::task], (text: &str, n: u32) -> String { body(text, n) });
chain!(error, #[llmobs::workflow], #[llmobs::task], (text: &str, n: u32) -> Result<String, Failed> {
    if black_box(n) == 7 { Err(Failed) } else { Ok(text.to_owned()) }
});
chain!(struct6, #[llmobs::workflow], #[llmobs::task], (ticket: &Ticket) -> String { body(&ticket.subject, ticket.priority) });
chain!(messages, #[llmobs::llm(model_name = "gpt-4o", model_provider = "openai")], #[llmobs::llm(model_name = "gpt-4o", model_provider = "openai")],
    (messages: &[Message]) -> String { body(messages[0].role, 7) });
chain!(annotate, #[llmobs::workflow], #[llmobs::task], (text: &str, n: u32) -> String { body(text, n) },
    llmobs::annotate(|note| { note.tag("tier", "gold").metric("score", 17); }));
chain!(tags, #[llmobs::workflow], #[llmobs::task], (text: &str, n: u32) -> String { body(text, n) },
llmobs::annotate(|note| {
    note.tag("tier", "gold").tag("region", "eu-west-1").tag("plan", "annual").tag("channel", "mail").tag("shard", 12);
    note.metric("score", 17).metric("input_tokens", 112).metric("output_tokens", 5);
}));

#[derive(Clone, Copy, Debug)]
pub struct Failed;

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no category for this text")
    }
}

impl std::error::Error for Failed {}

struct Desk {
    name: &'static str,
}

static DESK: Desk = Desk { name: "support" };

impl Desk {
    #[llmobs::workflow]
    #[inline(never)]
    fn l1(&self, text: &str, n: u32) -> String {
        self.l2(text, n)
    }

    #[llmobs::task]
    #[inline(never)]
    fn l2(&self, text: &str, n: u32) -> String {
        self.l3(text, n)
    }

    #[llmobs::task]
    #[inline(never)]
    fn l3(&self, text: &str, n: u32) -> String {
        self.l4(text, n)
    }

    #[llmobs::task]
    #[inline(never)]
    fn l4(&self, text: &str, n: u32) -> String {
        self.classify(text, n)
    }

    #[llmobs::task]
    #[inline(never)]
    fn classify(&self, text: &str, n: u32) -> String {
        black_box(self.name);
        body(text, n)
    }
}

#[derive(Serialize)]
pub struct Ticket {
    id: u64,
    customer: String,
    subject: String,
    priority: u32,
    score: f64,
    open: bool,
}

static TICKET: LazyLock<Ticket> = LazyLock::new(|| Ticket {
    id: 90_210,
    customer: "Ada Lovelace".to_owned(),
    subject: TEXT.to_owned(),
    priority: 7,
    score: 0.75,
    open: true,
});

#[derive(Serialize)]
pub struct Message {
    role: &'static str,
    content: String,
}

/// Ten messages of 60 bytes each.
static MESSAGES: LazyLock<Vec<Message>> = LazyLock::new(|| {
    let roles = ["user", "assistant"].iter().cycle().take(10);
    roles.map(|role| Message { role, content: format!("{TEXT}, {ANSWER}") }).collect()
});

#[llmobs::task]
fn one(text: &str, n: u32) -> String {
    body(text, n)
}

mod manual {
    use super::*;

    macro_rules! by_hand {
        ($name:ident, $kind:ident, $inner:expr) => {
            #[inline(never)]
            pub fn $name(text: &str, n: u32) -> String {
                let span = llmobs::$kind(stringify!($name)).start();
                let answer = span.enter(|| $inner(text, n));
                span.finish();
                answer
            }
        };
    }

    by_hand!(l1, workflow, l2);
    by_hand!(l2, task, l3);
    by_hand!(l3, task, l4);
    by_hand!(l4, task, classify);
    by_hand!(classify, task, body);
}

macro_rules! async_chain {
    ($module:ident, #[$first:meta], #[$other:meta]) => {
        mod $module {
            use super::*;

            #[$first]
            pub async fn l1(text: &str, n: u32) -> String {
                l2(text, n).await
            }

            #[$other]
            async fn l2(text: &str, n: u32) -> String {
                l3(text, n).await
            }

            #[$other]
            async fn l3(text: &str, n: u32) -> String {
                l4(text, n).await
            }

            #[$other]
            async fn l4(text: &str, n: u32) -> String {
                classify(text, n).await
            }

            #[$other]
            async fn classify(text: &str, n: u32) -> String {
                ready(()).await;
                body(text, n)
            }
        }
    };
}

async_chain!(async_bare, #[doc = "Without a span."], #[doc = "Without a span."]);
async_chain!(async_plain, #[llmobs::workflow], #[llmobs::task]);
