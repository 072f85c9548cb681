//! Explains a subject, and then again in one sentence, which is printed as it arrives.
//!
//! ```text
//! cargo run -p genai-example -- "a solar eclipse"
//! ```

use std::env;
use std::error::Error;
use std::io::{self, Write as _};

use example_provider::Provider;
use futures_util::StreamExt as _;
use genai::adapter::AdapterKind;
use genai::chat::{ChatMessage, ChatOptions, ChatRequest, ChatStreamEvent};
use genai::otel::agent::invoke_workflow_span;
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, ModelIden, ServiceTarget};
use tracing::Instrument as _;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{EnvFilter, fmt};

const SUBJECT: &str = "a solar eclipse";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::registry()
        .with(fmt::layer().with_writer(io::stderr).with_filter(EnvFilter::from_default_env()))
        .init();
    let provider = Provider::anthropic();
    let subject = env::args().nth(1).unwrap_or_else(|| SUBJECT.to_owned());
    explain(&client(&provider)?, &provider.model, &subject).instrument(invoke_workflow_span("explain")).await
}

/// A client of Anthropic's messages API.
fn client(provider: &Provider) -> genai::Result<Client> {
    let (url, key) = (format!("{}/v1/", provider.url), provider.key.clone());
    let resolve = move |target: ServiceTarget| {
        Ok(ServiceTarget {
            endpoint: Endpoint::from_owned(url.clone()),
            auth: AuthData::from_single(key.clone()),
            model: ModelIden::new(AdapterKind::Anthropic, target.model.model_name),
        })
    };
    Client::builder().with_service_target_resolver_fn(resolve).build()
}

async fn explain(client: &Client, model: &str, subject: &str) -> Result<(), Box<dyn Error>> {
    let options = ChatOptions::default().with_capture_usage(true).with_capture_content(true);
    let request = ChatRequest::from_user(format!("Explain {subject}."));
    let draft = client.exec_chat(model, request.clone(), Some(&options)).await?;
    let draft = draft.into_first_text().unwrap_or_default();
    tracing::info!(model, "the draft is written");

    let request = request
        .append_message(ChatMessage::assistant(draft))
        .append_message(ChatMessage::user("Say this in one sentence."));
    let mut events = client.exec_chat_stream(model, request, Some(&options)).await?.stream;
    while let Some(event) = events.next().await {
        if let ChatStreamEvent::Chunk(chunk) = event? {
            print!("{}", chunk.content);
            io::stdout().flush()?;
        }
    }
    println!();
    Ok(())
}
