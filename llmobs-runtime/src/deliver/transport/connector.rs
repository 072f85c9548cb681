//! Connections on which a request carries what the HTTP library does not see.
//!
//! ureq logs the heads of requests and responses as hexadecimal dumps at the level `trace`, and cannot be told not to (seen in
//! `ureq-proto` 0.7.1, `util::log_data`). So it gets a request without secret headers and content, and a response that has passed a
//! [`ResponseFilter`]. The real request is put together below it, in [`SecretTransport::transmit_output`].

use std::fmt;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ureq::config::Config;
use ureq::http::{HeaderName, HeaderValue, Uri};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, DefaultConnector, Either, LazyBuffers, NextTimeout, Transport,
};
use ureq::{Agent, Error};

use super::response::{MAX_LINE, ResponseFilter};

/// How much of a response ureq gets at once, in bytes.
const INPUT_BYTES: usize = 16 * 1024;
/// How much of a request ureq has sent at once, in bytes.
const OUTPUT_BYTES: usize = 32 * 1024;
const HEAD_END: &[u8] = b"\r\n\r\n";

/// What is added to requests below ureq. One request is sent at a time.
pub(super) struct Secrets {
    /// The servers that get them, by scheme and authority. A proxy is none of them.
    origins: [Uri; 2],
    /// Lines for the head of each request.
    headers: Vec<u8>,
    body: Mutex<Body>,
}

/// The body of the request that is being sent.
#[derive(Default)]
struct Body {
    text: String,
    /// The part that ureq takes for read and has not sent.
    unsent: Range<usize>,
}

impl Secrets {
    pub(super) fn new<'a>(
        origins: [Uri; 2],
        headers: impl IntoIterator<Item = &'a (HeaderName, HeaderValue)>,
    ) -> Arc<Self> {
        let mut lines = Vec::new();
        for (name, value) in headers {
            for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
                lines.extend_from_slice(part);
            }
        }
        Arc::new(Self { origins, headers: lines, body: Mutex::default() })
    }

    /// A client whose requests carry them.
    pub(super) fn agent(self: &Arc<Self>, config: Config) -> Agent {
        let connector = DefaultConnector::new().chain(SecretConnector(Arc::clone(self)));
        Agent::with_parts(config, connector, DefaultResolver::default())
    }

    /// A body for one request, which has to state its length. The text is back when it is dropped.
    pub(super) fn body<'a>(&'a self, text: &'a mut String) -> SecretBody<'a> {
        *self.current() = Body { text: std::mem::take(text), unsent: 0..0 };
        SecretBody { secrets: self, text }
    }

    fn current(&self) -> MutexGuard<'_, Body> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn belong_to(&self, url: &Uri) -> bool {
        self.origins
            .iter()
            .any(|origin| origin.scheme() == url.scheme() && origin.authority() == url.authority())
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("origins", &self.origins).finish_non_exhaustive()
    }
}

/// See [`Secrets::body`].
pub(super) struct SecretBody<'a> {
    secrets: &'a Secrets,
    text: &'a mut String,
}

impl Read for SecretBody<'_> {
    /// Leaves the buffer as it is: what is in it is not sent.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Body { text, unsent } = &mut *self.secrets.current();
        let read = buffer.len().min(text.len().saturating_sub(unsent.end));
        unsent.end += read;
        Ok(read)
    }
}

impl Drop for SecretBody<'_> {
    fn drop(&mut self) {
        *self.text = std::mem::take(&mut *self.secrets.current()).text;
    }
}

/// The last of a chain of connectors: wraps the connections of the others.
#[derive(Debug)]
struct SecretConnector(Arc<Secrets>);

impl<In: Transport> Connector<In> for SecretConnector {
    type Out = Either<In, SecretTransport<In>>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let Some(inner) = chained else { return Ok(None) };
        // The connection to a proxy is made by the same chain.
        if !self.0.belong_to(details.uri) {
            return Ok(Some(Either::A(inner)));
        }
        Ok(Some(Either::B(SecretTransport {
            inner,
            buffers: LazyBuffers::new(INPUT_BYTES, OUTPUT_BYTES),
            filter: ResponseFilter::default(),
            secrets: Arc::clone(&self.0),
        })))
    }
}

struct SecretTransport<T> {
    inner: T,
    /// What ureq writes and reads. `inner` has buffers with what is sent and received.
    buffers: LazyBuffers,
    filter: ResponseFilter,
    secrets: Arc<Secrets>,
}

impl<T: Transport> fmt::Debug for SecretTransport<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretTransport").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<T: Transport> Transport for SecretTransport<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.filter = ResponseFilter::default();
        // No lock is held while the request is sent.
        let mut body = std::mem::take(&mut *self.secrets.current());
        let sent = self.transmit(amount, &body, timeout);
        body.unsent.start = body.unsent.end;
        *self.secrets.current() = body;
        sent
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        if self.inner.buffers().input().is_empty() && !self.inner.await_input(timeout)? {
            return Ok(false);
        }
        let room = self.buffers.input_append_buf();
        let received = self.inner.buffers().input();
        let end = received.len().min(room.len().saturating_sub(MAX_LINE));
        let passed = self.filter.pass(received.get(..end).unwrap_or_default());
        copy(&passed, room);
        self.inner.buffers().input_consume(end);
        self.buffers.input_appended(passed.len());
        Ok(end > 0)
    }

    fn is_open(&mut self) -> bool {
        self.filter.is_empty() && self.inner.buffers().input().is_empty() && self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

impl<T: Transport> SecretTransport<T> {
    /// Transmits what ureq has written, with the headers and the body in place.
    fn transmit(&mut self, amount: usize, body: &Body, timeout: NextTimeout) -> Result<(), Error> {
        let body = body.text.as_bytes().get(body.unsent.clone()).unwrap_or_default();
        let output = self.buffers.output();
        let head = amount.checked_sub(body.len()).and_then(|end| output.get(..end));
        let head = head.ok_or_else(|| io::Error::other("ureq has not sent all that it read of a body"))?;
        transmit(&mut self.inner, &with_headers(head, &self.secrets.headers), timeout)?;
        transmit(&mut self.inner, body, timeout)
    }
}

fn transmit(inner: &mut impl Transport, bytes: &[u8], timeout: NextTimeout) -> Result<(), Error> {
    let size = inner.buffers().output().len();
    for piece in bytes.chunks(size.max(1)) {
        copy(piece, inner.buffers().output());
        inner.transmit_output(piece.len(), timeout)?;
    }
    Ok(())
}

/// Copies to the beginning of a buffer that has room for it.
fn copy(from: &[u8], to: &mut [u8]) {
    if let Some(to) = to.get_mut(..from.len()) {
        to.copy_from_slice(from);
    }
}

/// The head of a request, or the last part of it, with further headers. Other parts do not change.
fn with_headers(head: &[u8], headers: &[u8]) -> Vec<u8> {
    match head.strip_suffix(HEAD_END) {
        Some(head) => [head, b"\r\n", headers, b"\r\n"].concat(),
        None => head.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_added_at_the_end_of_a_head() {
        let added = |head: &str| String::from_utf8(with_headers(head.as_bytes(), b"k: v\r\n")).unwrap();
        assert_eq!(added("POST / HTTP/1.1\r\nhost: h\r\n\r\n"), "POST / HTTP/1.1\r\nhost: h\r\nk: v\r\n\r\n");
        assert_eq!(added("POST / HTTP/1.1\r\nhost: h\r\n"), "POST / HTTP/1.1\r\nhost: h\r\n");
        assert_eq!(added(""), "");
    }

    #[test]
    fn secrets_are_for_their_origins_alone() {
        let origins = ["https://a.example/path", "http://127.0.0.1:8126/"].map(Uri::from_static);
        let secrets = Secrets::new(origins, &[]);
        let belong = |url: &str| secrets.belong_to(&url.parse().unwrap());
        assert!(
            ["https://a.example", "https://A.example/other", "http://127.0.0.1:8126"]
                .iter()
                .all(|url| belong(url))
        );
        let others = [
            "http://a.example",
            "https://a.example:444",
            "https://b.example",
            "http://127.0.0.1:3128",
            "/path",
        ];
        assert!(!others.iter().any(|url| belong(url)));
    }

    #[test]
    fn a_body_is_not_read_and_comes_back() {
        let secrets = Secrets::new([Uri::default(), Uri::default()], &[]);
        let unsent = || secrets.current().unsent.clone();
        let mut text = "prompt".to_owned();
        let mut body = secrets.body(&mut text);
        let mut buffer = [b'.'; 4];
        assert_eq!((body.read(&mut buffer).unwrap(), unsent()), (4, 0..4));
        assert_eq!((body.read(&mut buffer).unwrap(), unsent()), (2, 0..6));
        assert_eq!((body.read(&mut buffer).unwrap(), unsent()), (0, 0..6));
        assert_eq!(&buffer, b"....");
        drop(body);
        assert_eq!((text.as_str(), unsent()), ("prompt", 0..0));
        assert_eq!(secrets.current().text, "");
    }
}
