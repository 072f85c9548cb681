//! Every option, with nothing for a lint to say, and options that use what the body does not.

#![deny(warnings, unused, future_incompatible, rust_2018_idioms, clippy::all, clippy::pedantic)]
#![deny(
    missing_docs,
    single_use_lifetimes,
    trivial_casts,
    unused_lifetimes,
    unused_qualifications,
    unused_results
)]

use std::future::{Future, ready};

use llmobs::testing::Collector;
use llmobs::{Context, Span};
use llmobs_ui_tests::{BoxStream, Stream, collect, items, output_of};

struct Request {
    session: Option<String>,
    model: &'static str,
    prompt: String,
}

struct Reply {
    text: String,
    tokens: Option<u64>,
}

#[llmobs::llm(
    name = format!("ask {}", request.model),
    session_id = request.session,
    ml_app = "shop",
    model_name = request.model,
    model_provider = {
        let provider = request.model.split('-').next();
        provider.filter(|provider| !provider.is_empty())
    },
    input = request.prompt,
    output = ret.text,
    tags(tier = "free", "cache.hit" = ret.tokens.is_none(), a.b = request.session.is_some()),
    metadata(temperature = 0.5, words = request.prompt.split(' ').count(), seen = ret.text.len()),
    metrics(input_tokens = request.prompt.len(), output_tokens = ret.tokens, cost = 0.25),
    parent = parent,
    crate = ::llmobs,
)]
fn all_of_a_model(request: &Request, parent: Option<&Context>) -> Result<Reply, String> {
    if request.prompt.is_empty() {
        return Err("no prompt".to_owned());
    }
    Ok(Reply { text: request.prompt.to_uppercase(), tokens: None })
}

#[llmobs::agent(version = concat!("1.", 2), name = "support", skip_output, skip_error)]
async fn all_of_an_agent(question: &str) -> usize {
    ready(question.len()).await
}

#[llmobs::embedding(model_name = None::<&str>, model_provider = provider, inputs(texts))]
fn all_of_an_embedding(texts: &[&str], provider: Option<&str>) -> Vec<[f32; 2]> {
    texts.iter().map(|_| [0.5, 0.5]).collect()
}

#[llmobs::tool(skip(a), redact(b))]
fn left_out(a: u8, b: u8, c: u8) -> u8 {
    a + b + c
}

#[llmobs::tool(skip_all, redact(a))]
fn redacted_alone(a: u8, b: u8) -> u8 {
    a + b
}

/// An option is a use of its argument.
#[llmobs::task(name = name, tags(first = first, second = second), skip_all)]
fn used_by_options_alone(name: String, (first, second): (u8, u8)) {}

#[llmobs::task(name = name, skip_all)]
async fn used_by_options_alone_async(name: String) {
    ready(()).await;
}

#[llmobs::task(metadata(count = count), skip_all)]
fn used_by_options_of_an_iterator(count: u8) -> impl Iterator<Item = u8> {
    0..1
}

#[llmobs::task(metrics(length = ret.len()), parent = parent)]
fn of_a_future(parent: &Span) -> impl Future<Output = String> + use<> {
    let name = format!("{parent:?}");
    async move { ready(name).await }
}

#[llmobs::task(fold = |sum: &mut u64, number: &u8| *sum += u64::from(*number), tags(to = to))]
fn folded_by_a_closure(to: u8) -> impl Iterator<Item = u8> {
    0..to
}

fn longest(longest: &mut String, word: &str) {
    if word.len() > longest.len() {
        longest.replace_range(.., word);
    }
}

#[llmobs::retrieval(fold = longest)]
fn folded_by_a_function(text: &str) -> impl Stream<Item = &str> {
    items(text.split(' '))
}

#[llmobs::llm(skip_output)]
fn stream_without_output(to: u8) -> BoxStream<'static, u8> {
    Box::pin(items(0..to))
}

#[llmobs::task(name = text?)]
fn question_mark(text: Option<&str>) -> usize {
    text.map_or(0, str::len)
}

struct Store(Vec<String>);

#[llmobs::instrument(retrieval, pub_only, inputs(self, row), tags(rows = self.0.len()), skip_output)]
impl Store {
    pub fn find(&self, row: &str) -> Option<&String> {
        self.0.iter().find(|one| Self::fits(one, row))
    }

    pub async fn find_later(&self, row: String) -> usize {
        ready(self.0.iter().filter(|one| **one == row).count()).await
    }

    pub fn all<'a>(&'a self, row: &'a str) -> impl Iterator<Item = &'a String> {
        self.0.iter().filter(move |one| Self::fits(one, row))
    }

    #[llmobs::task]
    pub fn add(&mut self, row: &str) {
        self.0.push(row.to_owned());
    }

    #[llmobs::skip]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    fn fits(one: &str, row: &str) -> bool {
        one.contains(row)
    }
}

#[llmobs::instrument]
mod steps {
    pub(super) fn first(a: u8) -> u8 {
        second(a) + 1
    }

    const fn second(a: u8) -> u8 {
        a
    }

    pub(super) trait Step {
        fn run(&self) -> u8 {
            1
        }
    }

    impl Step for u8 {}

    mod inner {
        #[llmobs::skip]
        pub(super) fn third() -> u8 {
            3
        }
    }

    #[llmobs::workflow]
    pub(super) fn last() -> u8 {
        inner::third()
    }
}

fn run() {
    let request = Request { session: None, model: "gpt-4o", prompt: "a b".to_owned() };
    let span = llmobs::workflow("parent").start();
    assert_eq!(all_of_a_model(&request, Some(&span.context())).map(|reply| reply.text), Ok("A B".to_owned()));
    assert!(all_of_a_model(&Request { prompt: String::new(), ..request }, None).is_err());
    assert_eq!(output_of(all_of_an_agent("why")), 3);
    assert_eq!(all_of_an_embedding(&["a"], None), [[0.5, 0.5]]);
    assert_eq!(left_out(1, 2, 3) + redacted_alone(4, 5), 15);
    used_by_options_alone("a".to_owned(), (1, 2));
    output_of(used_by_options_alone_async("a".to_owned()));
    assert_eq!(used_by_options_of_an_iterator(1).count(), 1);
    assert!(output_of(of_a_future(&span)).starts_with("Span"));
    assert_eq!(folded_by_a_closure(3).sum::<u8>(), 3);
    assert_eq!(collect(folded_by_a_function("a bb")), ["a", "bb"]);
    assert_eq!(collect(stream_without_output(2)), [0, 1]);
    assert_eq!(question_mark(Some("a")) + question_mark(None), 1);

    let mut store = Store(Vec::new());
    store.add("ab");
    assert_eq!(store.find("a").map(String::len), Some(2));
    assert_eq!(output_of(store.find_later("ab".to_owned())) + store.all("c").count(), store.len());
    assert_eq!(steps::first(1) + steps::Step::run(&1) + steps::last(), 6);
}

fn main() {
    run();
    Collector::new().enter(run);
}
