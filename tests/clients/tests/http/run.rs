//! Runs of clients, each against a separate provider.

use llmobs::http::ClientLayer;
use llmobs::testing::Collector;
use llmobs_local_provider::LocalProvider;
use llmobs_test_support::masked;
use serde_json::Value;
use tokio::runtime::Builder;

use crate::clients::Client;
use crate::question::Question;

/// Whole answers, and streams.
pub(crate) const WHOLE_AND_STREAMED: [bool; 2] = [false, true];

/// A provider, and the spans of the calls to it.
pub(crate) struct Run {
    pub(crate) provider: LocalProvider,
    pub(crate) collector: Collector,
}

impl Run {
    pub(crate) fn new() -> Self {
        Self { provider: LocalProvider::start(), collector: Collector::new() }
    }

    pub(crate) fn client<C: Client>(&self) -> C {
        C::new(self.provider.url(), ClientLayer::new())
    }

    /// Runs a program to its end.
    pub(crate) fn block_on<T>(&self, program: impl Future<Output = T>) -> T {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        self.collector.enter(|| runtime.block_on(program))
    }

    /// The spans as they are sent, without ids, times and versions.
    pub(crate) fn events(&self) -> Vec<Value> {
        masked(self.collector.events())
    }

    pub(crate) fn tree(&self) -> String {
        self.collector.tree()
    }
}

/// Asks, and reads the answer to its end.
pub(crate) async fn ask<C: Client>(
    client: &C,
    question: &Question,
    is_stream: bool,
) -> Result<String, String> {
    if is_stream { client.stream_all(question).await } else { client.ask(question).await }
}

/// Asks once, and returns the run and the text of the answer.
pub(crate) fn run<C: Client>(question: &Question, is_stream: bool) -> (Run, Result<String, String>) {
    let run = Run::new();
    let client: C = run.client();
    let answer = run.block_on(ask(&client, question, is_stream));
    (run, answer)
}
