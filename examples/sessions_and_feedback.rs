//! A conversation of two turns in one session, with an evaluation by the program and feedback by the user.
//!
//! ```text
//! cargo run --example sessions_and_feedback
//! ```
//!
//! It prints its traces on standard error; with `DD_API_KEY`, or a Datadog Agent, they go to Datadog.

#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::error::Error;
use std::time::Duration;

use llmobs::eval::{Assessment, Evaluation, Feedback, Submitter};
use llmobs::{Config, Exporter, SpanRef, metrics};

const CONVERSATION: &str = "chat-42";

struct Answer {
    text: String,
    /// Kept with the answer, so that it can be evaluated later.
    span: Option<SpanRef>,
}

#[llmobs::agent(session_id = conversation, tags(user_id = user), output = ret.text)]
fn turn(conversation: &str, user: &str, question: &str) -> Answer {
    let text = complete(question);
    Answer { text, span: llmobs::export_span() }
}

/// A substitute for a model.
#[llmobs::llm(model_name = "parrot-1", model_provider = "example")]
fn complete(prompt: &str) -> String {
    let answer = format!("{prompt} I could not say.");
    llmobs::annotate(|note| {
        note.metric(metrics::INPUT_TOKENS, prompt.split(' ').count())
            .metric(metrics::OUTPUT_TOKENS, answer.split(' ').count());
    });
    answer
}

/// Returns the number of words of the question that the answer repeats.
fn relevance(question: &str, answer: &str) -> f64 {
    let words: Vec<&str> = question.split(' ').collect();
    let found = words.iter().filter(|word| answer.contains(**word)).count();
    f64::from(u32::try_from(found).unwrap_or(u32::MAX)) / f64::from(u32::try_from(words.len()).unwrap_or(1))
}

fn main() -> Result<(), Box<dyn Error>> {
    let config = Config::from_env().ml_app("parrot").default_exporter(Exporter::Console);
    let _llmobs = config.init()?;
    for question in ["What is a span?", "And a trace?"] {
        let answer = turn(CONVERSATION, "user-7", question);
        println!("{question}\n  {}", answer.text);
        let score = relevance(question, &answer.text);
        Evaluation::score("relevance", score)
            .for_span(answer.span.clone())
            .assessment(if score > 0.5 { Assessment::Pass } else { Assessment::Fail })
            .reasoning("the part of the words of the question that the answer has")
            .submit()?;
        Feedback::boolean("helpful", false, Submitter::new("user-7").kind("customer"))
            .for_span(answer.span)
            .submit()?;
    }
    Feedback::text("comment", "It only repeats what I say.", "user-7").for_session(CONVERSATION).submit()?;
    println!("{}", llmobs::flush(Duration::from_secs(5)));
    Ok(())
}
