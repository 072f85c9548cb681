//! One call of a model: a request and its answer, as they pass by.

use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Method, StatusCode};
use llmobs_providers::json::Json;
use llmobs_providers::{Endpoint, ResponseReader};
use llmobs_runtime::integration::ModelCall;
use llmobs_runtime::{Context, enabled};

use super::error::text_of;
use super::names::{kind, names};
use super::sent::{Asked, Sent, is_call};

/// The body of a request, which its sender fills.
pub(super) type SentBody = Arc<Mutex<Sent>>;

/// A call of a model from its request to the end of its answer. If it is dropped before, the call was cancelled.
pub(super) struct Exchange {
    call: ModelCall,
    endpoint: Endpoint,
    captures_content: bool,
    sent: SentBody,
    /// Reads the answer, once it has begun.
    reader: Option<ResponseReader>,
    /// Whether the answer comes in pieces, of which the first with content is of interest.
    is_stream: bool,
    /// Whether nothing more is expected: the answer has ended, or the call has failed.
    is_over: bool,
}

impl Exchange {
    /// Begins a call, if a request to this host, with an optional port, and path is one. Where that is not certain, the body says
    /// so, now or, if it is not known yet, in the end. `captures_content` is what the program says of this client.
    pub(super) fn begin(
        method: &Method,
        host: &str,
        path: &str,
        body: Option<&[u8]>,
        captures_content: Option<bool>,
    ) -> Option<Self> {
        if method != Method::POST || !enabled() {
            return None;
        }
        let endpoint = Endpoint::of(host, path)?;
        if let Some(body) = body
            && !is_call(&endpoint, std::str::from_utf8(body).ok())
        {
            return None;
        }
        let (name, integration) = names(endpoint.protocol);
        let call = ModelCall::begin(kind(endpoint.protocol), name, integration);
        let mut sent = Sent::new(endpoint.clone(), call.limit());
        if let Some(body) = body {
            sent.push(body, true);
        }
        call.is_recorded().then(|| Self {
            captures_content: captures_content.unwrap_or_else(|| call.captures_content()),
            sent: Arc::new(Mutex::new(sent)),
            reader: None,
            is_stream: path.rsplit('/').next().is_some_and(|action| action.contains("stream")),
            is_over: false,
            endpoint,
            call,
        })
    }

    /// The context of the call.
    pub(super) fn context(&self) -> Context {
        self.call.context()
    }

    /// Where the body of the request is put as it is sent.
    pub(super) fn sent(&self) -> &SentBody {
        &self.sent
    }

    /// Takes the status and the headers of the answer. From a status of 400 on, the call has failed, whether the body is read or not.
    pub(super) fn answered(&mut self, status: StatusCode, headers: &HeaderMap) {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let is_json = |kind: &str| {
            let kind = kind.split(';').next().unwrap_or_default();
            kind.trim().eq_ignore_ascii_case("application/json")
        };
        let is_encoded = text(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity");
        self.is_stream |= !text(CONTENT_TYPE).is_some_and(is_json);
        self.is_over = status.as_u16() >= 400;
        // Clients that retry may keep it until they do.
        if self.is_over {
            self.call.ends_now();
        }
        let reader = self.endpoint.reader().limit(self.call.limit()).status(status.as_u16());
        if is_encoded {
            // Of a compressed answer, only the status is read.
            self.call.response(reader.finish());
        } else {
            self.reader = Some(reader);
        }
    }

    /// Reads a piece of the answer. Returns whether it was the last that clients read.
    pub(super) fn read(&mut self, bytes: &[u8]) -> bool {
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

    /// Ends the call by an error of the client, such as a lost connection. `E` is the type of the error.
    pub(super) fn fail<E: Display + 'static>(mut self, error: &E) {
        self.is_over = true;
        let text = if self.captures_content { text_of(error) } else { String::new() };
        self.call.fail(std::any::type_name::<E>(), text);
    }

    /// Ends the call at the end of the answer.
    pub(super) fn finish(mut self) {
        self.is_over = true;
    }

    /// Adds the request to the call.
    fn add_request(&mut self, asked: Asked) {
        match asked {
            Asked::Text(Some(body)) if self.captures_content => {
                self.call.request(self.endpoint.clone(), body);
            }
            Asked::Text(body) => {
                let json = body.as_deref().and_then(Json::read).unwrap_or(Json::Null);
                let request = self.endpoint.request(&json, self.call.limit());
                self.call.read_request(request.without_content());
            }
            Asked::Read(request) if self.captures_content => self.call.read_request(*request),
            Asked::Read(request) => self.call.read_request(request.without_content()),
        }
    }

    /// Adds the answer to the call. Returns whether it is complete.
    fn add_answer(&mut self) -> bool {
        let Some(reader) = self.reader.take() else { return false };
        let response = reader.finish();
        // Of a whole answer, a program has nothing before its end.
        let is_complete = self.is_stream && !response.finish_reasons.is_empty() || response.error.is_some();
        self.call.response(if self.captures_content { response } else { response.without_content() });
        is_complete
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let asked = self.sent.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(asked) = asked else { return std::mem::take(&mut self.call).discard() };
        self.add_request(asked);
        let is_complete = self.add_answer();
        let call = std::mem::take(&mut self.call);
        if self.is_over || is_complete {
            call.finish();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use llmobs_runtime::testing::Collector;

    /// Begins a call that is refused.
    fn refused() -> Exchange {
        let mut exchange =
            Exchange::begin(&Method::POST, "api.openai.com", "/v1/chat/completions", None, None).unwrap();
        exchange.answered(StatusCode::SERVICE_UNAVAILABLE, &HeaderMap::new());
        exchange
    }

    /// Keeps the answer of a call for a while. Returns how long the call took at most, and how long its span says.
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
    fn a_refusal_that_is_kept_took_no_longer() {
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
