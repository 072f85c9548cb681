//! An agent answers a question with the help of a tool, and reports to the explorer by OpenTelemetry, without llmobs.
//!
//! ```text
//! llmobs serve
//! cargo run -p rig-otlp-example -- "How many kilometers is a marathon of 26.2 miles?"
//! ```
//!
//! Without `OTEL_EXPORTER_OTLP_ENDPOINT` spans go to `http://localhost:4318`, where the explorer listens.

use std::convert::Infallible;
use std::env;
use std::error::Error;

use example_provider::Provider;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use rig_agent::AgentBuilder;
use rig_agent::agent::stream_to_stdout;
use rig_core::providers::openai::OpenAIConfig;
use rig_core::tool::PortableTool;
use serde::Deserialize;
use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;

const QUESTION: &str = "How many kilometers are in a mile?";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let traces = SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name("rig-otlp").build())
        .with_batch_exporter(SpanExporter::builder().build()?)
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(traces.tracer("rig"));
    tracing_subscriber::registry().with(layer.with_filter(LevelFilter::INFO)).init();
    let provider = Provider::openai();
    let openai = OpenAIConfig::new(&provider.key).with_base_url(&provider.url).client();
    let agent = AgentBuilder::new(openai.chat(&provider.model))
        .name("converter")
        .preamble("Use the tool for conversions. Be brief.")
        .tool(Kilometers)
        .default_max_turns(4)
        .record_content_telemetry(true)
        .build();
    let question = env::args().nth(1).unwrap_or_else(|| QUESTION.to_owned());
    stream_to_stdout(&mut agent.prompt(question).stream()).await?;
    println!();
    traces.shutdown()?;
    Ok(())
}

/// Converts miles to kilometers.
struct Kilometers;

#[derive(Deserialize)]
struct Distance {
    miles: f64,
}

impl PortableTool for Kilometers {
    const NAME: &'static str = "kilometers";
    type Args = Distance;
    type Output = String;
    type Error = Infallible;

    fn description(&self) -> String {
        "Converts miles to kilometers.".to_owned()
    }

    fn parameters(&self) -> Value {
        json!({
            "type": "object",
            "properties": {"miles": {"type": "number"}},
            "required": ["miles"],
        })
    }

    async fn call(&self, Distance { miles }: Distance) -> Result<String, Infallible> {
        Ok(format!("{} km", miles * 1.609_344))
    }
}
