//! Runs of programs with the layer, each against a separate provider.

use llmobs::testing::Collector;
use llmobs_local_provider::LocalProvider;
use llmobs_test_support::masked;
use serde_json::{Value, json};
use tokio::runtime::Builder;
use tracing::Dispatch;
use tracing_subscriber::prelude::*;

/// Whole answers, and streams.
pub(crate) const WHOLE_AND_STREAMED: [bool; 2] = [false, true];

pub(crate) const SYSTEM: &str = "Be brief.";
pub(crate) const USER: &str = "What is the weather in Paris?";
/// The name and the description of the tool.
pub(crate) const TOOL: (&str, &str) = ("weather", "The weather in a city.");
pub(crate) const RESULT: &str = "21 degrees";
/// The answer to a question without tools: eight words.
pub(crate) const ANSWER: &str = "You said: What is the weather in Paris?";
/// The answer to the result of the tool: five words.
pub(crate) const ANSWER_TO_RESULT: &str = "The result is: 21 degrees";
/// An API key, which must appear nowhere.
pub(crate) const KEY: &str = "zq9xwvkj7pxmnbq4hg8dp2xa0ykq5rwz";

/// The arguments of the tool.
pub(crate) fn schema() -> Value {
    json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] })
}

/// A provider, and the spans of the calls to it.
pub(crate) struct Run {
    pub(crate) provider: LocalProvider,
    pub(crate) collector: Collector,
}

impl Run {
    pub(crate) fn new() -> Self {
        Self { provider: LocalProvider::start(), collector: Collector::new() }
    }

    /// Runs a program to its end, with the layer.
    pub(crate) fn block_on<T>(&self, program: impl Future<Output = T>) -> T {
        self.block_on_with(llmobs::tracing::LayerBuilder::new(), program)
    }

    /// Runs a program to its end, with a layer that has options.
    pub(crate) fn block_on_with<T>(
        &self,
        layer: llmobs::tracing::LayerBuilder,
        program: impl Future<Output = T>,
    ) -> T {
        let subscriber = tracing_subscriber::registry().with(layer.build());
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let program = || self.collector.enter(|| runtime.block_on(program));
        tracing::dispatcher::with_default(&Dispatch::new(subscriber), program)
    }

    /// The address of the provider for clients of OpenAI.
    pub(crate) fn openai(&self) -> String {
        format!("{}/v1", self.provider.url())
    }

    /// The spans as they are sent, without ids, times and versions.
    pub(crate) fn events(&self) -> Vec<Value> {
        masked(self.collector.events())
    }

    /// The only span as it is sent.
    pub(crate) fn event(&self) -> Value {
        let [event] = self.events().try_into().unwrap();
        event
    }

    /// The metrics of each span, without times.
    pub(crate) fn metrics(&self) -> Vec<Value> {
        let metrics = |mut event: Value| {
            event["metrics"].as_object_mut().unwrap().remove("time_to_first_token");
            event["metrics"].take()
        };
        self.events().into_iter().map(metrics).collect()
    }

    pub(crate) fn tree(&self) -> String {
        self.collector.tree()
    }
}
