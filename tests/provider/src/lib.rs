//! A server on the loopback interface that answers like providers of models, for tests and for examples without a key.
//!
//! ```
//! use llmobs_local_provider::LocalProvider;
//!
//! let provider = LocalProvider::start();
//! let answer = ureq::post(format!("{}/v1/chat/completions", provider.url()))
//!     .send(r#"{"model": "local", "messages": [{"role": "user", "content": "Hello"}]}"#)?
//!     .body_mut()
//!     .read_to_string()?;
//! assert!(answer.contains("You said: Hello"));
//! # Ok::<(), ureq::Error>(())
//! ```
//!
//! Run `cargo run -p llmobs-local-provider -- --port 8080` to serve until Ctrl-C.
//!
//! # Endpoints
//!
//! | Path | In the form of |
//! |---|---|
//! | `POST /v1/chat/completions` | OpenAI, whole or streamed |
//! | `POST /v1/responses` | OpenAI, whole or streamed |
//! | `POST /v1/embeddings` | OpenAI, as numbers or base64 |
//! | `POST /v1/messages` | Anthropic, whole or streamed, with the headers `anthropic-version` and `x-api-key` (or a bearer token) |
//! | `POST /model/…/converse`, `/converse-stream` | Amazon Bedrock, with the header `authorization` |
//! | `POST /model/…/invoke`, `/invoke-with-response-stream` | the same, with the bodies of Claude, Titan (also for embeddings) and Cohere (for embeddings) |
//!
//! # Answers
//!
//! The same requests in the same order get the same answers.
//!
//! - A request with tools is answered by a call, unless a tool has just given its result. It is the first tool that has a
//!   word in common with the question, or else the first one. Its arguments follow from its schema: the name in the
//!   question (or its last word) for texts, 1 for numbers, `true`, the first of an enumeration.
//! - A result of a tool is repeated: `The result is: 21 degrees`.
//! - A request with a JSON schema is answered by an instance of it.
//! - Any other is answered by `You said: …`.
//! - Tokens are words. Those of the system prompt are cached.
//! - Texts with the same words have vectors that are near each other.
//!
//! # Models
//!
//! The name of a model may begin with one of these. Any other name is that of a model that answers. The model `local` answers as
//! `local-2026-11-01`.
//!
//! | Model | Answer |
//! |---|---|
//! | `local` | as above |
//! | `error-400` | the conversation is too long |
//! | `error-401` | the key is wrong |
//! | `error-429` | the rate limit is reached, with `retry-after: 0` |
//! | `error-500` | an internal error |
//! | `error-529` | overloaded: 529 of Anthropic, 503 of OpenAI and Bedrock |
//! | `flaky` | 429 when a body comes for the first time, then as above |
//! | `slow-20` | 20 ms before each piece |
//! | `broken` | the connection closes after the first half |
//! | `overloaded` | an error after the first half of a stream; instead of a whole answer, as `error-529` |
//! | `refusal` | the model refuses |
//! | `thinking` | thoughts before the answer |
//! | `length` | the text ends in the middle, at the limit of tokens |
//! | `hang` | nothing after the first half, until the client goes away |

#![expect(clippy::indexing_slicing, reason = "JSON reads as null where a field is missing")]

mod answer;
mod anthropic;
mod bedrock;
mod behaviour;
mod openai;
mod reply;
mod schema;
mod server;

use std::collections::BTreeMap;
use std::io;
use std::net::TcpListener;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::server::Shared;

/// A server with its own thread. It stops when it is dropped.
#[derive(Debug)]
pub struct LocalProvider {
    url: String,
    shared: Arc<Shared>,
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A request as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// `GET` or `POST`.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body as it was sent.
    pub body: Vec<u8>,
}

impl LocalProvider {
    /// Starts a server on a free port.
    ///
    /// # Panics
    ///
    /// Panics if the system has no port or no thread for it.
    #[must_use]
    #[expect(clippy::expect_used, reason = "tests and examples cannot run without a server")]
    pub fn start() -> Self {
        Self::start_on(0).expect("a free port and a thread")
    }

    /// Starts a server on this port.
    ///
    /// # Errors
    ///
    /// Fails if the port is taken, or if the system has no thread for it.
    pub fn start_on(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);

        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let shared = Arc::new(Shared::new());
        let served = Arc::clone(&shared);
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("llmobs-local-provider".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = server::serve(listener, served) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { url, shared, runtime: handle, stop: Some(stop), thread: Some(thread) })
    }

    /// Returns `http://127.0.0.1:PORT`. Clients of OpenAI need `/v1` after it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns all requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.requests().clone()
    }

    /// Waits until a client has disconnected before the end of an answer. Returns whether one has. Each disconnect counts once.
    ///
    /// It blocks the thread. In asynchronous programs, use [`disconnected`](Self::disconnected).
    #[must_use]
    pub fn wait_for_disconnect(&self, timeout: Duration) -> bool {
        let (sender, receiver) = mpsc::channel();
        let shared = Arc::clone(&self.shared);
        self.runtime.spawn(async move { sender.send(shared.disconnect(timeout).await) });
        receiver.recv().unwrap_or_default()
    }

    /// Waits like [`wait_for_disconnect`](Self::wait_for_disconnect), on any runtime.
    pub async fn disconnected(&self, timeout: Duration) -> bool {
        let shared = Arc::clone(&self.shared);
        self.runtime.spawn(async move { shared.disconnect(timeout).await }).await.unwrap_or_default()
    }
}

impl Drop for LocalProvider {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread is ignored.
            drop(thread.join());
        }
    }
}
