//! A service of axum that delivers its spans when it gets SIGTERM, as from Kubernetes and `docker stop`.
//!
//! ```text
//! cargo run --example axum_shutdown
//! ```
//!
//! Requests in flight have `SHUTDOWN_SECONDS` to finish, 20 by default. Those that take longer are cancelled, and their spans have the
//! tag `cancelled:true`. After that the guard of llmobs has two seconds to deliver.

#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::env;
use std::error::Error;
use std::future::{Future, IntoFuture as _};
use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::StatusCode;
use axum::routing::post;
use llmobs::{Config, Exporter};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

fn main() -> Result<(), Box<dyn Error>> {
    // Outside of the runtime, so that the spans of tasks that end with the runtime are delivered, too.
    let _llmobs = Config::from_env().default_exporter(Exporter::Console).init()?;
    let grace: u64 = env::var("SHUTDOWN_SECONDS").map_or(Ok(20), |seconds| seconds.parse())?;
    let runtime = Runtime::new()?;
    runtime.block_on(serve(Duration::from_secs(grace)))?;
    // Cancels the requests that are still in flight.
    runtime.shutdown_timeout(Duration::from_secs(1));
    Ok(())
}

async fn serve(grace: Duration) -> io::Result<()> {
    let terminated = terminated()?;
    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:0".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);

    let (signalled, after_signal) = oneshot::channel();
    let shutdown = async {
        terminated.await;
        println!("finishing the requests in flight");
        // The receiver is gone only if the server has ended.
        let _ = signalled.send(());
    };
    let deadline = async {
        let _ = after_signal.await;
        tokio::time::sleep(grace).await;
    };
    let app = Router::new().route("/answer", post(answer));
    tokio::select! {
        served = axum::serve(listener, app).with_graceful_shutdown(shutdown).into_future() => served,
        () = deadline => Ok(()),
    }
}

/// Completes at the first SIGTERM after this call.
#[cfg(unix)]
fn terminated() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut signals = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    Ok(async move {
        signals.recv().await;
    })
}

/// Completes at Ctrl-C.
#[cfg(not(unix))]
fn terminated() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

#[llmobs::workflow(skip(body))]
async fn answer(body: Body) -> Result<String, StatusCode> {
    let body = to_bytes(body, 64 * 1024).await.map_err(|_| StatusCode::BAD_REQUEST)?;
    Ok(complete(&String::from_utf8_lossy(&body)))
}

#[llmobs::llm(model_name = "none")]
fn complete(prompt: &str) -> String {
    format!("You said: {prompt}") // … call your model here …
}
