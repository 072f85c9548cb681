//! One model call: a request and its response, as they pass through.

mod body;
mod error;
mod headers;
mod names;
mod sent;
mod url;

use std::error::Error;
use std::fmt::{self, Display};
use std::sync::{Arc, Mutex, PoisonError};

use llmobs_providers::json::Json;
use llmobs_providers::{Endpoint, Protocol, Response, ResponseReader};
use llmobs_runtime::integration::ModelCall;
use llmobs_runtime::{Context, enabled};

pub use body::AnswerBody;
use error::{text_of, text_of_error};
use headers::Headers;
use names::{kind, names};
use sent::{Sent, SentRequest, is_call};

/// The body of a request, which its sender fills.
pub(crate) type SentBody = Arc<Mutex<Sent>>;

/// A model call from its request to the end of its response, for adapters of clients. If it is dropped before, the call was cancelled.
///
/// ```
/// # let collector = llmobs_runtime::testing::Collector::new();
/// # let _entered = collector.attach();
/// use llmobs_http::exchange::Exchange;
///
/// let body = br#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}"#;
/// let exchange = Exchange::begin("api.openai.com", "/v1/chat/completions", Some(body), None);
/// let mut exchange = exchange.ok_or("no model is called there")?;
/// exchange.answered(200, |name| (name == "content-type").then_some("application/json"));
/// exchange.read(br#"{"model":"gpt-4o","choices":[{"message":{"role":"assistant","content":"Hi"}}]}"#);
/// exchange.finish();
/// assert_eq!(collector.tree(), "llm OpenAI.createChatCompletion  in user: Hello  out assistant: Hi\n");
/// # Ok::<(), &str>(())
/// ```
#[must_use = "a call that is dropped was cancelled"]
pub struct Exchange {
    call: ModelCall,
    endpoint: Endpoint,
    captures_content: bool,
    sent: SentBody,
    /// The type of errors of the client, if it is not the name of their Rust type.
    error_kind: Option<&'static str>,
    /// Reads the response, once it has begun.
    reader: Option<ResponseReader>,
    /// The data in the headers of the response.
    headers: Headers,
    /// Whether the response arrives in pieces, so that the time of the first one with content is recorded.
    is_stream: bool,
    /// Whether nothing more is expected: the response has ended, or the call has failed.
    is_over: bool,
}

impl Exchange {
    /// Begins a call, if a `POST` request to this host, with an optional port, and path is one. If that is not certain, the body decides:
    /// now or, if it is `None` because it is not known yet, at the end. `captures_content` is the setting of this client; `None` leaves it
    /// to [`Config::capture_message_content`](llmobs_runtime::Config::capture_message_content).
    #[must_use]
    pub fn begin(
        host: &str,
        path: &str,
        body: Option<&[u8]>,
        captures_content: Option<bool>,
    ) -> Option<Self> {
        if !enabled() {
            return None;
        }
        let endpoint = Endpoint::of(host, path)?;
        if let Some(body) = body
            && !is_call(&endpoint, std::str::from_utf8(body).ok())
        {
            return None;
        }
        let (name, integration) = names(endpoint.protocol);
        let call = ModelCall::begin(kind(&endpoint), name, integration);
        let mut sent = Sent::new(endpoint.clone(), call.limit());
        if let Some(body) = body {
            sent.push(body, true);
        }
        call.is_recorded().then(|| Self {
            captures_content: captures_content.unwrap_or_else(|| call.captures_content()),
            sent: Arc::new(Mutex::new(sent)),
            error_kind: None,
            reader: None,
            headers: Headers::default(),
            is_stream: path.rsplit('/').next().is_some_and(|action| action.contains("stream")),
            is_over: false,
            endpoint,
            call,
        })
    }

    /// Returns the context of the call.
    #[must_use]
    pub fn context(&self) -> Context {
        self.call.context()
    }

    /// Returns where the body of the request is put as it is sent.
    #[cfg(feature = "tower")]
    pub(crate) fn sent(&self) -> &SentBody {
        &self.sent
    }

    /// Sets the type of errors of the client. Default: the name of their Rust type.
    pub fn error_kind(&mut self, kind: &'static str) {
        self.error_kind = Some(kind);
    }

    /// Records the status of the response, and its headers, with a function that finds them by lower-case name. From a status of 400 on,
    /// the call has failed, whether the body is read or not.
    pub fn answered<'h>(&mut self, status: u16, header: impl Fn(&'static str) -> Option<&'h str>) {
        let is_json = |kind: &str| {
            let kind = kind.split(';').next().unwrap_or_default();
            kind.trim().eq_ignore_ascii_case("application/json")
        };
        let is_encoded = header("content-encoding").is_some_and(|encoding| encoding != "identity");
        self.is_stream |= !header("content-type").is_some_and(is_json);
        self.is_over = status >= 400;
        self.headers = Headers::read(header);
        // Clients that retry may keep the response until they do.
        if self.is_over {
            self.call.ends_now();
        }
        let reader = self.endpoint.reader().limit(self.call.limit()).status(status);
        if is_encoded {
            // Only status and headers are read of a compressed response.
            let response = self.finished(reader);
            self.call.response(response);
        } else {
            self.reader = Some(reader);
        }
    }

    /// Reads a piece of the response. Returns whether it was the last piece that clients read.
    pub fn read(&mut self, bytes: &[u8]) -> bool {
        let Some(reader) = &mut self.reader else { return false };
        let progress = reader.push(bytes);
        if self.is_over {
            self.call.ends_now();
        }
        if progress.has_content && self.is_stream {
            self.call.first_token();
        }
        progress.is_end
    }

    /// Ends the call with an error of the client, such as a lost connection. The text of the error is recorded with its causes, without
    /// secrets in URLs.
    pub fn fail(self, error: &(dyn Error + 'static)) {
        self.fail_with("Error", || text_of_error(error));
    }

    /// Ends the call with an error of any type, and records the name of that type.
    pub(crate) fn fail_by<E: Display + 'static>(self, error: &E) {
        self.fail_with(std::any::type_name::<E>(), || text_of(error));
    }

    fn fail_with(mut self, kind: &str, text: impl FnOnce() -> String) {
        self.is_over = true;
        let text = if self.captures_content { text() } else { String::new() };
        self.call.fail(self.error_kind.unwrap_or(kind), text);
    }

    /// Ends the call at the end of the response.
    pub fn finish(mut self) {
        self.is_over = true;
    }

    /// Adds the request to the call.
    fn add_request(&mut self, request: SentRequest) {
        match request {
            SentRequest::Text(Some(body)) if self.captures_content => {
                self.call.request(self.endpoint.clone(), body);
            }
            SentRequest::Text(body) => {
                let json = body.as_deref().and_then(Json::read).unwrap_or(Json::Null);
                let request = self.endpoint.request(&json, self.call.limit());
                self.call.read_request(request.without_content());
            }
            SentRequest::Read(request) if self.captures_content => self.call.read_request(*request),
            SentRequest::Read(request) => self.call.read_request(request.without_content()),
        }
    }

    /// Returns the response that was read, with the data that only headers and URL have.
    fn finished(&self, reader: ResponseReader) -> Response {
        let mut response = reader.finish();
        self.headers.add_to(&mut response);
        // The response has the name that the maker of the model gives it, not the id under which Bedrock has a price for it.
        if self.endpoint.protocol == Protocol::BedrockInvoke && self.endpoint.model.is_some() {
            response.model = None;
        }
        response
    }

    /// Adds the response to the call. Returns whether it is complete.
    fn add_answer(&mut self) -> bool {
        let Some(reader) = self.reader.take() else { return false };
        let response = self.finished(reader);
        // A program receives a response that is not a stream only at its end.
        let is_complete = self.is_stream && !response.finish_reasons.is_empty() || response.error.is_some();
        self.call.response(if self.captures_content { response } else { response.without_content() });
        is_complete
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let request = self.sent.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(request) = request else { return std::mem::take(&mut self.call).discard() };
        self.add_request(request);
        let is_complete = self.add_answer();
        let call = std::mem::take(&mut self.call);
        if self.is_over || is_complete {
            call.finish();
        }
    }
}

/// Omits the content, which may be secret.
impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").field("protocol", &self.endpoint.protocol).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use llmobs_runtime::testing::Collector;

    /// Starts a call that is refused.
    fn refused() -> Exchange {
        let mut exchange = Exchange::begin("api.openai.com", "/v1/chat/completions", None, None).unwrap();
        exchange.answered(503, |_| None);
        exchange
    }

    /// Keeps the response of a call for a while. Returns the maximum duration of the call and the duration of its span.
    fn keep(exchange: impl FnOnce() -> Exchange) -> (u128, u128) {
        let collector = Collector::new();
        let _entered = collector.attach();
        let began = Instant::now();
        let exchange = exchange();
        let most = began.elapsed();
        while began.elapsed() < 3 * most + Duration::from_millis(5) {
            std::hint::spin_loop();
        }
        drop(exchange);
        let events = collector.events();
        let [event] = &*events else { panic!("one span: {}", collector.tree()) };
        (most.as_nanos(), event["duration"].as_u64().unwrap().into())
    }

    #[test]
    fn keeping_a_refusal_does_not_extend_its_span() {
        let read = || {
            let mut exchange = refused();
            exchange.read(b"{}");
            exchange
        };
        for (most, shown) in [keep(refused), keep(read)] {
            assert!(shown <= 2 * most, "{shown} ns, of {most} ns at most");
        }
    }
}
