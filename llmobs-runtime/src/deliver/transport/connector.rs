//! Connections that add headers and bodies which the HTTP library must not see.
//!
//! ureq logs the heads of requests and responses as hexadecimal dumps at the level `trace`, which cannot be turned off (seen in
//! `ureq-proto` 0.7.1, `util::log_data`). So it gets a request without secret headers and content, and a response that has passed a
//! [`ResponseFilter`]. The real request is assembled below it, in [`SecretTransport::transmit_output`].

use std::fmt;
use std::io::{self, ErrorKind, Read};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ureq::config::Config;
use ureq::http::{HeaderName, HeaderValue, Uri};
#[cfg(feature = "tls")]
use ureq::unversioned::transport::RustlsConnector;
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
};
use ureq::{Agent, Error};

use super::dial::Dialer;
use super::resolver::Names;
use super::response::{MAX_LINE, ResponseFilter};
use super::socket::Deadline;

/// How much of a response ureq gets at once, in bytes.
const INPUT_BYTES: usize = 16 * 1024;
/// How much of a request ureq sends at once, in bytes.
const OUTPUT_BYTES: usize = 32 * 1024;
const HEAD_END: &[u8] = b"\r\n\r\n";

/// The data that is added to requests below ureq. One request is sent at a time.
pub(super) struct Secrets {
    /// The servers that receive them, by scheme and authority. A proxy is not one of them.
    origins: [Uri; 2],
    /// Lines for the head of each request.
    headers: Vec<u8>,
    exchange: Mutex<Exchange>,
}

/// The request that is being sent.
#[derive(Default)]
struct Exchange {
    body: Content,
    /// The part of the body that ureq considers read, but has not sent.
    unsent: Range<usize>,
    progress: Progress,
}

/// The body of a request.
enum Content {
    Text(String),
    Bytes(Vec<u8>),
}

impl Default for Content {
    fn default() -> Self {
        Self::Bytes(Vec::new())
    }
}

impl Content {
    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// The progress of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent")]
pub(super) struct Progress {
    /// Whether there was a connection to send it on.
    pub(super) started: bool,
    /// Whether the connection was made for it.
    pub(super) fresh: bool,
    /// Whether all of it was handed to the system.
    pub(super) sent: bool,
    /// Whether the connection was closed before that.
    pub(super) reset: bool,
    /// Whether any of a response has arrived.
    pub(super) answered: bool,
    /// Whether the response is not HTTP.
    pub(super) no_http: bool,
    /// The status of the response.
    pub(super) status: Option<u16>,
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
        Arc::new(Self { origins, headers: lines, exchange: Mutex::default() })
    }

    /// Returns an HTTP client whose requests carry the secrets.
    pub(super) fn agent(self: &Arc<Self>, config: Config, dialer: Dialer, names: Names) -> Agent {
        let connector = connector(dialer).chain(SecretConnector(Arc::clone(self)));
        Agent::with_parts(config, connector, names)
    }

    /// Returns the body for one request, which has to state its length. The text is restored when the body is dropped.
    pub(super) fn body<'a>(&'a self, text: &'a mut String) -> SecretBody<'a> {
        let body = Content::Text(std::mem::take(text));
        *self.current() = Exchange { body, ..Exchange::default() };
        SecretBody { secrets: self, text: Some(text) }
    }

    /// Returns the body for one request from bytes.
    pub(super) fn bytes(&self, bytes: Vec<u8>) -> SecretBody<'_> {
        *self.current() = Exchange { body: Content::Bytes(bytes), ..Exchange::default() };
        SecretBody { secrets: self, text: None }
    }

    /// Returns the progress of the last request.
    pub(super) fn progress(&self) -> Progress {
        self.current().progress
    }

    fn current(&self) -> MutexGuard<'_, Exchange> {
        self.exchange.lock().unwrap_or_else(PoisonError::into_inner)
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
    text: Option<&'a mut String>,
}

impl Read for SecretBody<'_> {
    /// Leaves the buffer unchanged, because its content is not sent.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Exchange { body, unsent, .. } = &mut *self.secrets.current();
        let read = buffer.len().min(body.as_bytes().len().saturating_sub(unsent.end));
        unsent.end += read;
        Ok(read)
    }
}

impl Drop for SecretBody<'_> {
    fn drop(&mut self) {
        let sent = std::mem::take(&mut self.secrets.current().body);
        if let (Some(text), Content::Text(sent)) = (&mut self.text, sent) {
            **text = sent;
        }
    }
}

/// Returns a connector that uses the proxy of the settings, if any, and TLS for `https` addresses.
pub(super) fn connector(dialer: Dialer) -> impl Connector<Out: Transport> {
    let connector = ().chain(ConnectProxyConnector::default()).chain(dialer);
    #[cfg(feature = "tls")]
    let connector = connector.chain(RustlsConnector::default());
    connector
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
        self.0.current().progress.fresh = true;
        Ok(Some(Either::B(SecretTransport {
            inner,
            buffers: LazyBuffers::new(INPUT_BYTES, OUTPUT_BYTES),
            filter: ResponseFilter::default(),
            broken: false,
            secrets: Arc::clone(&self.0),
        })))
    }
}

struct SecretTransport<T> {
    inner: T,
    /// The buffers that ureq writes to and reads from. `inner` has buffers with what is sent and received.
    buffers: LazyBuffers,
    filter: ResponseFilter,
    /// Whether the other side has closed the connection while a request was sent.
    broken: bool,
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
        let mut exchange = std::mem::take(&mut *self.secrets.current());
        let sent = if self.broken { Ok(()) } else { self.transmit(amount, &exchange, timeout) };
        exchange.unsent.start = exchange.unsent.end;
        let progress = &mut exchange.progress;
        progress.started = true;
        let sent = match sent {
            // A server that refuses a request may answer and close the connection before it has read all of it.
            Err(Error::Io(error)) if is_closed(&error) => {
                self.broken = true;
                progress.reset = true;
                Ok(())
            }
            sent => sent,
        };
        progress.sent = sent.is_ok() && !self.broken && exchange.unsent.end == exchange.body.as_bytes().len();
        *self.secrets.current() = exchange;
        sent
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let deadline = Deadline::new(timeout);
        loop {
            if self.inner.buffers().input().is_empty() && !self.inner.await_input(deadline.rest()?)? {
                return Ok(false);
            }
            let room = self.buffers.input_append_buf();
            let received = self.inner.buffers().input();
            let end = received.len().min(room.len().saturating_sub(MAX_LINE));
            let passed = self.filter.pass(received.get(..end).unwrap_or_default());
            copy(&passed, room);
            self.inner.buffers().input_consume(end);
            self.buffers.input_appended(passed.len());
            let progress = &mut self.secrets.current().progress;
            progress.answered = true;
            progress.status = self.filter.status();
            progress.no_http = self.filter.is_not_http();
            if progress.no_http {
                return Err(io::Error::new(ErrorKind::InvalidData, "the response is not HTTP").into());
            }
            // For ureq, an empty read is the end of the response.
            if end == 0 || !passed.is_empty() {
                return Ok(end > 0);
            }
        }
    }

    fn is_open(&mut self) -> bool {
        !self.broken
            && self.filter.is_empty()
            && self.inner.buffers().input().is_empty()
            && self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

impl<T: Transport> SecretTransport<T> {
    /// Transmits what ureq has written, with the headers and the body in place.
    fn transmit(&mut self, amount: usize, exchange: &Exchange, timeout: NextTimeout) -> Result<(), Error> {
        let body = exchange.body.as_bytes().get(exchange.unsent.clone()).unwrap_or_default();
        let output = self.buffers.output();
        let head = amount.checked_sub(body.len()).and_then(|end| output.get(..end));
        let head = head.ok_or_else(|| io::Error::other("ureq did not send all of the body that it read"))?;
        let deadline = Deadline::new(timeout);
        transmit(&mut self.inner, &with_headers(head, &self.secrets.headers), &deadline)?;
        transmit(&mut self.inner, body, &deadline)
    }
}

fn transmit(inner: &mut impl Transport, bytes: &[u8], deadline: &Deadline) -> Result<(), Error> {
    let size = inner.buffers().output().len();
    for piece in bytes.chunks(size.max(1)) {
        copy(piece, inner.buffers().output());
        inner.transmit_output(piece.len(), deadline.rest()?)?;
    }
    Ok(())
}

/// Returns whether an error means that the peer has closed the connection.
fn is_closed(error: &io::Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof)
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
    fn secrets_are_sent_only_to_their_origins() {
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
    fn a_body_is_lent_without_reading_it() {
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
        assert_eq!(text, "prompt");
        assert!(secrets.current().body.as_bytes().is_empty());
    }
}
