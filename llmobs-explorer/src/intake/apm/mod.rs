//! Reads the traces of Datadog's tracers. A span of LLM Observability has its event in `meta_struct._llmobs`, as MessagePack in bytes. Its
//! id, its times and its status are fields of the span.

mod span;

use serde_json::Value;

use super::msgpack::{Reader, Token, text};
use super::{Intake, Rejected, envelope, spans_of};
use crate::span::Span;
use span::ApmSpan;

/// The form of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ApmVersion {
    /// Lists of spans.
    V04,
    /// The same lists in `chunks`.
    V07,
    /// Fields by number, and texts by their index among all earlier texts.
    V10,
}

/// The spans of a request.
#[derive(Debug)]
pub(crate) struct ApmIntake {
    /// The spans of LLM Observability.
    pub(crate) intake: Intake<Span>,
    /// The number of other spans.
    pub(crate) passed_over: usize,
}

/// A trace, or the part of it that a program sends at once.
#[derive(Debug, Default)]
struct Chunk {
    /// The higher half of the trace id, in hexadecimal digits.
    high_id: Option<String>,
    spans: Vec<Result<ApmSpan, String>>,
    passed_over: usize,
}

/// Reads the body for `/v0.4/traces`, `/v0.7/traces` or `/v1.0/traces`.
pub(crate) fn read_apm(body: &[u8], version: ApmVersion) -> Result<ApmIntake, String> {
    let mut reader = TraceReader { reader: Reader::new(body), texts: Vec::new(), count: 0, version };
    let mut chunks = Vec::new();
    match version {
        ApmVersion::V04 => {
            for _ in 0..reader.reader.list("a list of traces")? {
                chunks.push(reader.spans()?);
                within_limit(&chunks)?;
            }
        }
        ApmVersion::V07 | ApmVersion::V10 => reader.payload(&mut chunks)?,
    }
    let passed_over = chunks.iter().map(|chunk| chunk.passed_over).sum();
    let mut rejected = Vec::new();
    let mut events = Vec::new();
    let spans = chunks.into_iter().flat_map(|Chunk { high_id, spans, .. }| {
        spans.into_iter().map(move |span| span.map(|span| span.event(high_id.as_deref())))
    });
    for (index, event) in spans.enumerate() {
        match event {
            Ok(event) => events.push((index, event)),
            Err(reason) => rejected.push(Rejected { index, reason }),
        }
    }
    Ok(ApmIntake { intake: spans_of(events.into_iter(), rejected), passed_over })
}

fn within_limit(chunks: &[Chunk]) -> Result<(), String> {
    if chunks.len() > envelope::MAX_EVENTS { Err(envelope::too_many()) } else { Ok(()) }
}

/// Reads traces.
struct TraceReader<'a> {
    reader: Reader<'a>,
    /// All texts so far, for the form that refers to them. The empty text has the index 0, and the first text has 1.
    texts: Vec<&'a [u8]>,
    /// The number of spans of LLM Observability.
    count: usize,
    version: ApmVersion,
}

impl<'a> TraceReader<'a> {
    /// Reads a whole body, in which the chunks are one field.
    fn payload(&mut self, chunks: &mut Vec<Chunk>) -> Result<(), String> {
        for _ in 0..self.reader.map("a map with the traces")? {
            if !matches!(self.key()?, Key::Name(b"chunks") | Key::Number(11)) {
                self.skip()?;
                continue;
            }
            for _ in 0..self.reader.list("a list of chunks")? {
                chunks.push(self.chunk()?);
                within_limit(chunks)?;
            }
        }
        Ok(())
    }

    fn chunk(&mut self) -> Result<Chunk, String> {
        let mut chunk = Chunk::default();
        let mut trace_id = None;
        for _ in 0..self.reader.map("a chunk")? {
            match self.key()? {
                Key::Name(b"spans") | Key::Number(4) => chunk = self.spans()?,
                Key::Number(6) => match self.reader.token()? {
                    Token::Bytes(bytes) => {
                        trace_id = <[u8; 16]>::try_from(bytes).ok().map(u128::from_be_bytes);
                    }
                    _ => return Err("`traceID` must have 16 bytes".to_owned()),
                },
                _ => self.skip()?,
            }
        }
        if let Some(id) = trace_id {
            chunk.high_id = Some(format!("{:016x}", id >> 64));
            let [_, low] = [id >> 64, id & u128::from(u64::MAX)];
            for span in chunk.spans.iter_mut().flatten() {
                span.trace_id = u64::try_from(low).unwrap_or_default();
            }
        }
        Ok(chunk)
    }

    fn spans(&mut self) -> Result<Chunk, String> {
        let mut chunk = Chunk::default();
        for _ in 0..self.reader.list("a list of spans")? {
            let mut high_id = None;
            match self.span(&mut high_id) {
                Ok(span) if span.llmobs.is_none() => chunk.passed_over += 1,
                Ok(span) => chunk.spans.push(Ok(span)),
                Err(Fault::Event(reason)) => chunk.spans.push(Err(reason)),
                Err(Fault::Body(reason)) => return Err(reason),
            }
            chunk.high_id = chunk.high_id.or(high_id);
            if self.count + chunk.spans.len() > envelope::MAX_EVENTS {
                return Err(envelope::too_many());
            }
        }
        self.count += chunk.spans.len();
        Ok(chunk)
    }

    fn span(&mut self, high_id: &mut Option<String>) -> Result<ApmSpan, Fault> {
        let mut span = ApmSpan::default();
        let mut event = None;
        for _ in 0..self.reader.map("a span")? {
            match self.key()? {
                Key::Name(b"name") | Key::Number(2) => span.name = text(self.text()?).into_owned(),
                Key::Name(b"trace_id") => span.trace_id = self.integer()?.cast_unsigned(),
                Key::Name(b"span_id") | Key::Number(4) => span.span_id = self.integer()?.cast_unsigned(),
                Key::Name(b"start") | Key::Number(6) => span.start_ns = self.integer()?,
                Key::Name(b"duration") | Key::Number(7) => span.duration_ns = self.integer()?,
                Key::Name(b"error") | Key::Number(8) => span.failed = self.integer()? != 0,
                Key::Name(b"meta") => {
                    for _ in 0..self.reader.map("the meta of a span")? {
                        let name = self.text()?;
                        let value = self.text()?;
                        span.meta(name, value, high_id);
                    }
                }
                Key::Name(b"meta_struct") => {
                    for _ in 0..self.reader.map("the meta_struct of a span")? {
                        match (self.text()?, self.reader.token()?) {
                            (b"_llmobs", Token::Bytes(bytes)) => event = Some(bytes),
                            (_, Token::Bytes(_)) => {}
                            _ => {
                                return Err(Fault::Body("`meta_struct` must be a map of bytes".to_owned()));
                            }
                        }
                    }
                }
                Key::Number(9) => {
                    // An attribute has three items: the name, the type and the value.
                    for _ in 0..self.reader.list("the attributes of a span")? / 3 {
                        let name = self.text()?;
                        match (name, self.integer()?) {
                            (_, 1) => {
                                let value = self.text()?;
                                span.meta(name, value, high_id);
                            }
                            (b"_llmobs", 5) => match self.reader.token()? {
                                Token::Bytes(bytes) => event = Some(bytes),
                                _ => return Err(Fault::Body("the attribute must be bytes".to_owned())),
                            },
                            _ => self.skip()?,
                        }
                    }
                }
                _ => self.skip()?,
            }
        }
        if let Some(bytes) = event {
            match Reader::new(bytes).value().map_err(Fault::Event)? {
                Value::Object(event) => span.llmobs = Some(event),
                _ => return Err(Fault::Event("`meta_struct._llmobs` must be a map".to_owned())),
            }
        }
        Ok(span)
    }

    fn key(&mut self) -> Result<Key<'a>, String> {
        match (self.version, self.reader.token()?) {
            (ApmVersion::V10, Token::Unsigned(number)) => Ok(Key::Number(number)),
            (ApmVersion::V04 | ApmVersion::V07, Token::Text(name)) => Ok(Key::Name(name)),
            _ => Err("the fields of a trace do not have the names of this route".to_owned()),
        }
    }

    /// Reads a text. Some tracers write nil for an empty text.
    fn text(&mut self) -> Result<&'a [u8], String> {
        match (self.version, self.reader.token()?) {
            (_, Token::Text(bytes)) => {
                self.keep(bytes);
                Ok(bytes)
            }
            (_, Token::Nil) | (ApmVersion::V10, Token::Unsigned(0)) => Ok(b""),
            (ApmVersion::V10, Token::Unsigned(index)) => usize::try_from(index)
                .ok()
                .and_then(|index| self.texts.get(index - 1).copied())
                .ok_or_else(|| format!("the text {index} is not among those before")),
            _ => Err("a field of a span must be a text".to_owned()),
        }
    }

    fn integer(&mut self) -> Result<i64, String> {
        match self.reader.token()? {
            Token::Unsigned(number) => Ok(number.cast_signed()),
            Token::Signed(number) => Ok(number),
            Token::Bool(flag) => Ok(flag.into()),
            Token::Nil => Ok(0),
            _ => Err("a field of a span must be an integer".to_owned()),
        }
    }

    fn skip(&mut self) -> Result<(), String> {
        let texts = &mut self.texts;
        let keeps = self.version == ApmVersion::V10;
        self.reader.skip(|bytes| {
            if keeps {
                texts.push(bytes);
            }
        })
    }

    fn keep(&mut self, bytes: &'a [u8]) {
        if self.version == ApmVersion::V10 {
            self.texts.push(bytes);
        }
    }
}

/// The name of a field, or its number.
enum Key<'a> {
    Name(&'a [u8]),
    Number(u64),
}

/// The error of a span.
enum Fault {
    /// The event is invalid, but the rest of the body can be read.
    Event(String),
    /// The rest of the body cannot be read.
    Body(String),
}

impl From<String> for Fault {
    fn from(reason: String) -> Self {
        Self::Body(reason)
    }
}
