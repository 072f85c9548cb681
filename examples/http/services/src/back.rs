//! The back service: `POST /answers` with a question answers with server-sent events, as the model generates them.
//!
//! ```text
//! cargo run -p services-example --bin back
//! ```

use std::env;
use std::error::Error;
use std::time::Duration;

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessage, ChatCompletionStreamOptions, CreateChatCompletionRequestArgs,
};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::routing::post;
use example_provider::Provider;
use futures_util::{Stream, TryStreamExt as _};
use tokio::net::TcpListener;

fn main() -> Result<(), Box<dyn Error>> {
    // Outside of the runtime, so that the spans of requests that end with the runtime are delivered, too.
    let _llmobs = llmobs::Config::from_env().default_exporter(llmobs::Exporter::Console).init()?;
    serve()
}

#[tokio::main]
async fn serve() -> Result<(), Box<dyn Error>> {
    let provider = Provider::openai();
    let http = reqwest::Client::builder().connect_timeout(Duration::from_secs(10)).build()?;
    let client =
        Client::with_config(OpenAIConfig::new().with_api_base(&provider.url).with_api_key(&provider.key))
            .with_http_service(llmobs::http::ClientLayer::new().async_openai(http));
    let app = Router::new()
        .route("/answers", post(answer))
        .layer(llmobs::http::ServerLayer::new())
        .with_state(Back { client, model: provider.model.clone() });
    let address = env::var("BACK").unwrap_or_else(|_| "127.0.0.1:8081".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("back listens on {}", listener.local_addr()?);
    axum::serve(listener, app).with_graceful_shutdown(interrupt()).await?;
    Ok(())
}

#[derive(Clone)]
struct Back {
    client: Client<OpenAIConfig>,
    model: String,
}

async fn answer(
    State(back): State<Back>,
    question: String,
) -> Result<Sse<impl Stream<Item = Result<Event, OpenAIError>>>, (StatusCode, String)> {
    let failed = |error: OpenAIError| (StatusCode::BAD_GATEWAY, error.to_string());
    let request = CreateChatCompletionRequestArgs::default()
        .model(&back.model)
        .messages([ChatCompletionRequestUserMessage::from(question).into()])
        .stream_options(ChatCompletionStreamOptions { include_usage: Some(true), include_obfuscation: None })
        .build()
        .map_err(failed)?;
    let chunks = back.client.chat().create_stream(request).await.map_err(failed)?;
    let events = chunks.try_filter_map(async |chunk| {
        let piece = chunk.choices.into_iter().find_map(|choice| choice.delta.content);
        Ok(piece.filter(|piece| !piece.is_empty()).map(|piece| Event::default().data(piece)))
    });
    Ok(Sse::new(events))
}

async fn interrupt() {
    let _ = tokio::signal::ctrl_c().await;
}
