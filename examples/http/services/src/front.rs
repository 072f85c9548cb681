//! The front service: `POST /ask` with a question asks the back service, and streams its answer as plain text.
//!
//! ```text
//! cargo run -p services-example --bin front
//! ```

use std::env;
use std::error::Error;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use eventsource_stream::{EventStreamError, Eventsource as _};
use futures_util::{Stream, TryStreamExt as _};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use tokio::net::TcpListener;

fn main() -> Result<(), Box<dyn Error>> {
    // Outside of the runtime, so that the spans of requests that end with the runtime are delivered, too.
    let _llmobs = llmobs::Config::from_env().default_exporter(llmobs::Exporter::Console).init()?;
    serve()
}

#[tokio::main]
async fn serve() -> Result<(), Box<dyn Error>> {
    let back = env::var("BACK").unwrap_or_else(|_| "127.0.0.1:8081".to_owned());
    let retries = ExponentialBackoff::builder().build_with_max_retries(1);
    let http = ClientBuilder::new(reqwest::Client::new())
        .with(RetryTransientMiddleware::new_with_policy(retries))
        .with(llmobs::http::ClientLayer::new().propagate_to(&back))
        .build();
    let app = Router::new().route("/ask", post(ask)).with_state(Front { http, back });
    let address = env::var("FRONT").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("front listens on {}", listener.local_addr()?);
    axum::serve(listener, app).with_graceful_shutdown(interrupt()).await?;
    Ok(())
}

#[derive(Clone)]
struct Front {
    http: ClientWithMiddleware,
    back: String,
}

async fn ask(State(front): State<Front>, question: String) -> Result<Body, (StatusCode, String)> {
    let answer = answer(front, question).await;
    answer.map(Body::from_stream).map_err(|error| (StatusCode::BAD_GATEWAY, error.to_string()))
}

/// Streams the pieces of the answer as they arrive.
#[llmobs::workflow(skip(front))]
async fn answer(
    front: Front,
    question: String,
) -> Result<impl Stream<Item = Result<String, EventStreamError<reqwest::Error>>>, reqwest_middleware::Error> {
    let request = front.http.post(format!("http://{}/answers", front.back)).body(question);
    let response = request.send().await?.error_for_status()?;
    Ok(response.bytes_stream().eventsource().map_ok(|event| event.data))
}

async fn interrupt() {
    let _ = tokio::signal::ctrl_c().await;
}
