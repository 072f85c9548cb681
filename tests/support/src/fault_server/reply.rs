//! The faulty behaviours of a server.

use std::io::{self, Read, Write};
use std::time::Duration;

/// The data that a server sends, and how it continues.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(super) accepts: bool,
    pub(super) steps: Vec<Step>,
    pub(super) end: End,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Wait(Duration),
    Send(Vec<u8>),
    /// Sends byte by byte, with a pause after each.
    Drip(Vec<u8>, Duration),
    /// Sends this repeatedly until the client disconnects.
    Repeat(Vec<u8>),
    /// Reads this many bytes, or up to the end.
    Read(usize),
}

/// How the connection continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Keep,
    /// With unread data, this is a reset.
    Close,
    /// The connection stays open. Nothing is read or written.
    Hang,
}

impl Reply {
    fn of(steps: Vec<Step>, end: End) -> Self {
        Self { accepts: false, steps, end }
    }

    /// 202 with a short body.
    pub fn accepted() -> Self {
        Self::status(202)
    }

    /// Replies with a status and a short body. The server keeps the events of a request with a success status.
    pub fn status(status: u16) -> Self {
        let head = head(status, &["content-type: application/json", "content-length: 2"]);
        let accepts = (200..300).contains(&status);
        Self { accepts, ..Self::of(vec![Step::Send([head, b"{}".to_vec()].concat())], End::Keep) }
    }

    /// Replies with a status and one more header.
    pub fn with_header(status: u16, name: &str, value: &str) -> Self {
        let head = head(status, &["content-length: 2", &format!("{name}: {value}")]);
        Self { steps: vec![Step::Send([head, b"{}".to_vec()].concat())], ..Self::status(status) }
    }

    /// Replies with a status and this JSON as the body.
    pub fn json(status: u16, body: &str) -> Self {
        let head = head(status, &[&format!("content-length: {}", body.len())]);
        Self { steps: vec![Step::Send([head, body.into()].concat())], ..Self::status(status) }
    }

    /// Replies with a status and an endless body.
    pub fn endless_body(status: u16) -> Self {
        let head = head(status, &["transfer-encoding: chunked"]);
        let chunk = [b"1000\r\n".as_slice(), &[b'x'; 4096], b"\r\n"].concat();
        Self { steps: vec![Step::Send(head), Step::Repeat(chunk)], end: End::Close, ..Self::status(status) }
    }

    /// Replies with a status and a body of `length` bytes, one after each pause.
    pub fn dripping_body(status: u16, length: usize, pause: Duration) -> Self {
        let head = head(status, &[&format!("content-length: {length}")]);
        let steps = vec![Step::Send(head), Step::Drip(vec![b'x'; length], pause)];
        Self { steps, ..Self::status(status) }
    }

    /// Replies with a status whose head arrives byte by byte, one after each pause.
    pub fn dripping_head(status: u16, pause: Duration) -> Self {
        let head = head(status, &["content-length: 0"]);
        Self { steps: vec![Step::Drip(head, pause)], ..Self::status(status) }
    }

    /// Replies with endless headers.
    pub fn endless_headers() -> Self {
        let steps =
            vec![Step::Send(b"HTTP/1.1 202 Accepted\r\n".into()), Step::Repeat(b"x-more: yes\r\n".into())];
        Self::of(steps, End::Close)
    }

    /// Replies with `100 Continue` repeatedly.
    pub fn endless_continue() -> Self {
        Self::of(vec![Step::Repeat(b"HTTP/1.1 100 Continue\r\n\r\n".into())], End::Close)
    }

    /// Replies with bytes that need not be HTTP. Then the connection is closed.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self::of(vec![Step::Send(bytes.into())], End::Close)
    }

    /// Sends nothing, and leaves the connection open.
    pub fn hang() -> Self {
        Self::of(Vec::new(), End::Hang)
    }

    /// Closes the connection without an answer. With unread data, this is a reset.
    pub fn close() -> Self {
        Self::of(Vec::new(), End::Close)
    }

    /// Delays the reply by this time.
    #[must_use]
    pub fn late(mut self, by: Duration) -> Self {
        self.steps.insert(0, Step::Wait(by));
        self
    }

    /// Delays the reply until this many more bytes of the request have arrived.
    #[must_use]
    pub fn after_bytes(mut self, count: usize) -> Self {
        self.steps.insert(0, Step::Read(count));
        self
    }

    /// Keeps the events of the request, regardless of what the client receives.
    #[must_use]
    pub fn kept(mut self) -> Self {
        self.accepts = true;
        self
    }

    /// Closes the connection after the reply.
    #[must_use]
    pub fn then_close(mut self) -> Self {
        self.end = End::Close;
        self
    }

    /// Closes the connection after it was idle for this time.
    #[must_use]
    pub fn then_close_after(mut self, idle: Duration) -> Self {
        self.steps.push(Step::Wait(idle));
        self.then_close()
    }

    /// Closes the connection when the first byte of the next request has arrived.
    #[must_use]
    pub fn then_close_at_next(mut self) -> Self {
        self.steps.push(Step::Read(1));
        self.then_close()
    }

    pub(super) fn play(
        &self,
        wire: &mut (impl Read + Write),
        pause: &dyn Fn(Duration) -> io::Result<()>,
    ) -> io::Result<()> {
        for step in &self.steps {
            match step {
                Step::Wait(time) => pause(*time)?,
                Step::Send(bytes) => wire.write_all(bytes)?,
                Step::Drip(bytes, time) => {
                    for byte in bytes {
                        wire.write_all(&[*byte])?;
                        wire.flush()?;
                        pause(*time)?;
                    }
                }
                Step::Repeat(bytes) => loop {
                    wire.write_all(bytes)?;
                },
                Step::Read(count) => {
                    io::copy(&mut wire.take(*count as u64), &mut io::sink())?;
                }
            }
            wire.flush()?;
        }
        Ok(())
    }
}

fn head(status: u16, headers: &[&str]) -> Vec<u8> {
    let lines: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    format!("HTTP/1.1 {status} Status\r\n{lines}\r\n").into()
}
