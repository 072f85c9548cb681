//! A small application that answers questions about llmobs from the project's Markdown files, and records each answer
//! as a trace.
//!
//! ```text
//! cargo run --example support_agent -- "How do I redact a prompt?"
//! ```
//!
//! It runs without an account: the answer consists of matching sentences, and the trace is printed on standard error.
//!
//! - With `OPENAI_API_KEY` or `OPENAI_BASE_URL`, the model `OPENAI_MODEL` writes the answer, by default `gpt-4o-mini`. With
//!   `OPENAI_STREAM=true`, its answer is streamed.
//! - With `DD_API_KEY`, or with a Datadog Agent at `DD_TRACE_AGENT_URL`, the trace goes to Datadog.
//! - Each argument is a question with a separate trace. All traces are in one session.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]

mod extract;
mod model;
mod passages;
mod search;
mod settings;
mod words;

use std::fmt;
use std::path::PathBuf;
use std::process::{self, ExitCode};
use std::time::{Duration, SystemTime};
use std::{io, iter};

use serde::Serialize;

use crate::model::{Model, Source, write_answer};
use crate::passages::read_passages;
use crate::search::{embed, search, searchable};
use crate::settings::{look_up_settings, read_settings, variables_in};

const DEFAULT_QUESTION: &str = "How do I redact a prompt?";

fn main() -> ExitCode {
    let mut questions: Vec<String> = std::env::args().skip(1).collect();
    if questions.is_empty() {
        eprintln!("No question was given as an argument, so here is one: {DEFAULT_QUESTION}\n");
        questions.push(DEFAULT_QUESTION.to_owned());
    }
    // The guard delivers the last spans when it is dropped. `main` therefore returns its exit code: `process::exit`
    // would not drop the guard.
    let _llmobs = start_llmobs();
    let support = Support {
        model: Model::from_env(),
        session: session_id(),
        project: PathBuf::from(env!("CARGO_MANIFEST_DIR")),
    };
    let mut exit_code = ExitCode::SUCCESS;
    for question in &questions {
        if questions.len() > 1 {
            println!("# {question}\n");
        }
        match support.run(question) {
            Ok(answer) => println!("{answer}"),
            Err(error) => {
                eprintln!("cannot answer {question:?}: {error}\n");
                exit_code = ExitCode::FAILURE;
            }
        }
    }
    // The guard delivers the remaining spans, but reports losses only in the log. Here the user should see them.
    let report = llmobs::flush(Duration::from_secs(5));
    if report.pending() > 0 || !report.dropped.is_empty() {
        eprintln!("not all spans were delivered: {report}");
    }
    exit_code
}

/// A program should not stop because of its telemetry: if llmobs cannot start, all its functions do nothing.
fn start_llmobs() -> Option<llmobs::Guard> {
    // Settings of the program override the environment, so it sets only those that the environment does not have.
    let mut config = llmobs::Config::from_env().default_exporter(llmobs::Exporter::Console);
    if std::env::var_os("DD_LLMOBS_ML_APP").is_none_or(|name| name.is_empty()) {
        config = config.ml_app("support-agent");
    }
    config.init().inspect_err(|error| eprintln!("continuing without traces: {error}")).ok()
}

/// All questions of a run of the program are one session, like those of a chat.
fn session_id() -> String {
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("support-{}-{}", time.as_millis(), process::id())
}

/// The agent, with the data that is the same for all questions.
struct Support {
    model: Model,
    session: String,
    project: PathBuf,
}

impl Support {
    /// Answers a question. Its span is the root of a trace, and its children are in the same session.
    #[llmobs::agent(session_id = self.session)]
    fn run(&self, question: &str) -> Result<Answer, Error> {
        // An attribute captures the arguments as a JSON object, and the returned value. In the list of traces, only the question and the
        // text of the answer are easier to read.
        llmobs::annotate(|note| {
            note.input(question);
        });
        let answer = self.answer(question)?;
        llmobs::annotate(|note| {
            note.output(&answer.text);
        });
        Ok(answer)
    }

    /// The steps from a question to its answer.
    #[llmobs::workflow]
    fn answer(&self, question: &str) -> Result<Answer, Error> {
        let passages = read_passages(&self.project)?;
        let texts = passages.iter().map(searchable);
        let vectors = embed(&iter::once(question.to_owned()).chain(texts).collect::<Vec<_>>());
        let found = search(question, &passages, &vectors);

        let mut sources = Vec::new();
        let settings = read_settings(&self.project, &passages);
        let variables = variables_in(question, &settings);
        if !variables.is_empty() {
            sources.extend(look_up_settings(&variables, &settings).into_iter().map(Source::from));
        }
        sources.extend(found.into_iter().map(Source::from));
        if sources.is_empty() {
            return Err(Error::NothingFound);
        }

        let reply = write_answer(&self.model, question, &sources)?;
        Ok(Answer::citing(reply, &sources))
    }
}

/// An answer with its sources: file and heading by the number that the text cites.
#[derive(Serialize)]
struct Answer {
    text: String,
    sources: Vec<String>,
}

impl Answer {
    /// Lists the sources that the text cites, or all sources if it cites none.
    fn citing(text: String, sources: &[Source]) -> Self {
        let numbered = sources.iter().zip(1..).map(|(source, number)| (format!("[{number}]"), source));
        let (cited, others): (Vec<_>, Vec<_>) = numbered.partition(|(number, _)| text.contains(number));
        let named = if cited.is_empty() { others } else { cited };
        let sources = named.into_iter().map(|(number, source)| format!("{number} {}", source.name)).collect();
        Self { text, sources }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n\nSources:", self.text)?;
        self.sources.iter().try_for_each(|source| writeln!(f, "{source}"))
    }
}

/// The reason why a question was not answered. It is the error of the spans.
#[derive(Debug)]
enum Error {
    Read(PathBuf, io::Error),
    NoDocuments(PathBuf),
    NothingFound,
    Request(String, Box<ureq::Error>),
    Refused(String, u16, String),
    EmptyReply,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(path, error) => write!(f, "cannot read {}: {error}", path.display()),
            Self::NoDocuments(folder) => write!(f, "there are no Markdown files in {}", folder.display()),
            Self::NothingFound => f.write_str("the documents say nothing about it"),
            Self::Request(url, error) => write!(f, "the model at {url} did not answer: {error}"),
            Self::Refused(url, status, reason) => {
                write!(f, "the model at {url} refused with status {status}: {}", reason.trim())
            }
            Self::EmptyReply => f.write_str("the model answered without a text"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read(_, error) => Some(error),
            Self::Request(_, error) => Some(error),
            _ => None,
        }
    }
}
