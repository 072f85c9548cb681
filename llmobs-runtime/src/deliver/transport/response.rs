//! Filters the parts of an HTTP response that the HTTP library may see.

/// A longer line is cut. Lines that pass are much shorter.
pub(super) const MAX_LINE: usize = 1024;

/// The headers that control how a response is read, or when to send again.
const HEADERS: [&str; 8] = [
    "connection",
    "content-length",
    "retry-after",
    "transfer-encoding",
    "x-ratelimit-limit",
    "x-ratelimit-period",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
];

/// The words in their values, apart from numbers and dates.
const WORDS: [&str; 5] = ["chunked", "close", "gzip", "identity", "keep-alive"];

/// Removes from a response what may repeat a part of the request. In the head these are the reason, all headers except [`HEADERS`], and
/// unexpected words in their values. The body is replaced by as many blanks; the sizes of its chunks pass.
///
/// A response may arrive in any number of pieces. A line passes when its end has arrived.
#[derive(Default)]
pub(super) struct ResponseFilter {
    part: Part,
    /// A line that has not ended yet.
    line: Vec<u8>,
    /// Whether the body is in chunks.
    chunked: bool,
    status: Option<u16>,
    is_not_http: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Status,
    Headers {
        /// Whether another response follows, since this one is `100 Continue` or the like.
        interim: bool,
    },
    Body,
    /// The line with the size of a chunk.
    Size,
    /// The rest of a chunk.
    Chunk(u64),
    /// The end of the line of a chunk.
    ChunkEnd,
    /// The headers after the last chunk.
    Trailer,
}

impl ResponseFilter {
    /// Returns what passes, at most [`MAX_LINE`] bytes more than `bytes` has.
    pub(super) fn pass(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut passed = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while !rest.is_empty() {
            if let Some(blanks) = self.blanks(rest.len()) {
                passed.resize(passed.len() + blanks, b' ');
                rest = rest.get(blanks..).unwrap_or_default();
                continue;
            }
            let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
            let (piece, after) = rest.split_at(end);
            rest = after;
            let room = MAX_LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(piece.get(..room).unwrap_or(piece));
            if self.part == Part::Status {
                self.is_not_http |= !begins_like_http(&self.line);
            }
            if piece.ends_with(b"\n") {
                let mut line = std::mem::take(&mut self.line);
                self.pass_line(&mut line, &mut passed);
            }
        }
        passed
    }

    /// The status, once it has arrived, if it is not an interim one.
    pub(super) fn status(&self) -> Option<u16> {
        self.status
    }

    /// Returns whether the response is not HTTP.
    pub(super) fn is_not_http(&self) -> bool {
        self.is_not_http
    }

    /// Returns whether no unfinished line is held.
    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    /// How many of the next bytes belong to the content of a body.
    fn blanks(&mut self, bytes: usize) -> Option<usize> {
        match &mut self.part {
            Part::Body => Some(bytes),
            Part::Chunk(left) => {
                let blanks = bytes.min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= blanks as u64;
                if *left == 0 {
                    self.part = Part::ChunkEnd;
                }
                Some(blanks)
            }
            _ => None,
        }
    }

    fn pass_line(&mut self, line: &mut [u8], passed: &mut Vec<u8>) {
        let is_blank = line.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
        match self.part {
            // Allowed before a response.
            Part::Status if is_blank => return,
            Part::Status => {
                // `HTTP/1.1 200`. Another line may repeat what was sent.
                if line.starts_with(b"HTTP/1.") {
                    passed.extend(line.iter().take(12));
                }
                let status = line.get(9..12).filter(|_| line.starts_with(b"HTTP/1."));
                let status = status.filter(|code| code.iter().all(u8::is_ascii_digit));
                let status = status.and_then(|code| std::str::from_utf8(code).ok()?.parse().ok());
                self.is_not_http |= status.is_none();
                let interim = status.is_some_and(|status| status < 200);
                self.status = status.filter(|_| !interim);
                self.part = Part::Headers { interim };
            }
            Part::Headers { interim } if is_blank => {
                self.part = match self.chunked {
                    _ if interim => Part::Status,
                    true => Part::Size,
                    false => Part::Body,
                };
            }
            Part::Headers { .. } => match header(line) {
                Some(header) => {
                    let is_coding = header.to_ascii_lowercase().starts_with(b"transfer-encoding");
                    self.chunked |= is_coding && has_word(header, b"chunked");
                    passed.extend_from_slice(header);
                }
                None => return,
            },
            Part::Size => {
                let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
                // A longer number may be a key.
                let digits = line.get(..digits).filter(|digits| digits.len() <= 8).unwrap_or_default();
                passed.extend_from_slice(digits);
                let size =
                    std::str::from_utf8(digits).ok().and_then(|text| u64::from_str_radix(text, 16).ok());
                self.part = match size {
                    Some(0) => Part::Trailer,
                    Some(size) => Part::Chunk(size),
                    // ureq will give up.
                    None => Part::Body,
                };
            }
            Part::ChunkEnd => self.part = Part::Size,
            Part::Trailer if is_blank => self.part = Part::Body,
            Part::Trailer => return,
            Part::Body | Part::Chunk(_) => {}
        }
        passed.extend_from_slice(b"\r\n");
    }
}

/// Returns whether a line may be blank or a status, as far as it has arrived.
fn begins_like_http(line: &[u8]) -> bool {
    let begin = line.get(..7).unwrap_or(line);
    b"HTTP/1.".starts_with(begin) || line.iter().all(|byte| matches!(byte, b'\r' | b'\n'))
}

/// A header that may pass, without the end of its line.
fn header(line: &mut [u8]) -> Option<&[u8]> {
    let is_whole = line.len() < MAX_LINE;
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at_mut(colon);
    if !is_whole || !HEADERS.iter().any(|header| name.eq_ignore_ascii_case(header.as_bytes())) {
        return None;
    }
    for word in value.split_mut(|byte| is_separator(*byte)) {
        if !is_expected(word) {
            word.fill(b' ');
        }
    }
    Some(line.trim_ascii_end())
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b',' | b';' | b':' | b'=' | b'\r' | b'\n')
}

fn has_word(line: &[u8], wanted: &[u8]) -> bool {
    line.split(|byte| is_separator(*byte)).any(|word| word.eq_ignore_ascii_case(wanted))
}

/// Whether a word is a number, a day or month, or one of [`WORDS`].
fn is_expected(word: &[u8]) -> bool {
    word.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
        || word.len() == 3 && word.iter().all(u8::is_ascii_alphabetic)
        || WORDS.iter().any(|expected| word.eq_ignore_ascii_case(expected.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(pieces: &[&[u8]]) -> String {
        let mut filter = ResponseFilter::default();
        let passed = pieces.iter().flat_map(|piece| filter.pass(piece)).collect();
        assert!(filter.is_empty());
        String::from_utf8(passed).unwrap()
    }

    const ECHO: &str = "\r\nHTTP/1.1 100 secret\r\n\r\nHTTP/1.1 429 secret\r\nLocation: /secret\r\nsecret: 1\nsecret\r\n secret\r\n\
                        Content-Length: 6\r\nCONNECTION: secret, close\r\ntransfer-encoding:chunked;secret=\u{e9}t\u{e9}\r\n\
                        Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\nx-ratelimit-reset: 0.5\r\ncontent-lengths: 1\r\n\r\n\
                        A;secret=1\r\nsecret\r\n!!\r\n2\r\n\r\n\r\n0\r\nsecret: 1\r\n\r\nsecret\nHTTP/1.1";
    const PASSED: &str = "HTTP/1.1 100\r\n\r\nHTTP/1.1 429\r\nContent-Length: 6\r\nCONNECTION:       , close\r\n\
                          transfer-encoding:chunked;      =\r\nRetry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n\
                          x-ratelimit-reset: 0.5\r\n\r\nA\r\n          \r\n2\r\n  \r\n0\r\n\r\n               ";

    #[test]
    fn a_head_is_passed_on_without_possible_echoes() {
        assert_eq!(passed(&[ECHO.as_bytes()]), PASSED);
    }

    #[test]
    fn a_head_can_arrive_in_pieces() {
        let echo = ECHO.as_bytes();
        for split in 0..echo.len() {
            let (before, after) = echo.split_at(split);
            assert_eq!(passed(&[before, after]), PASSED, "{split}");
        }
        let bytes: Vec<&[u8]> = echo.chunks(1).collect();
        assert_eq!(passed(&bytes), PASSED);
    }

    #[test]
    fn the_status_and_other_protocols_are_recognized() {
        for (answer, status, is_not_http) in [
            ("", None, false),
            ("\r\nHTTP", None, false),
            ("HTTP/1.1 202", None, false),
            ("HTTP/1.1 202\r\n", Some(202), false),
            ("HTTP/1.0 413 Too Large\r\nx", Some(413), false),
            ("HTTP/1.1 100 Continue\r\n", None, false),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 Oh\r\n", Some(500), false),
            ("HTTP/1.1 \r\n", None, true),
            ("HTTP/1.1 -20 OK\r\n", None, true),
            ("HTTP/2.0 200 OK\r\n", None, true),
            ("SSH-2.0", None, true),
            ("\0\u{9f}", None, true),
        ] {
            let mut filter = ResponseFilter::default();
            filter.pass(answer.as_bytes());
            assert_eq!((filter.status(), filter.is_not_http()), (status, is_not_http), "{answer:?}");
        }
    }

    #[test]
    fn a_body_is_replaced_by_blanks() {
        for (body, blank) in [
            ("content-length: 6\r\n\r\nsecret\r\n", "content-length: 6\r\n\r\n        "),
            ("\r\n6\r\nsecret", "\r\n         "),
            (
                "transfer-encoding: chunked\r\n\r\nsecret\r\n0\r\n",
                "transfer-encoding: chunked\r\n\r\n\r\n   ",
            ),
            ("transfer-encoding: chunked\r\n\r\n5\r\nsecret", "transfer-encoding: chunked\r\n\r\n5\r\n     "),
        ] {
            let mut filter = ResponseFilter::default();
            let passed = filter.pass(format!("HTTP/1.1 200 OK\r\n{body}").as_bytes());
            assert_eq!(String::from_utf8(passed).unwrap(), format!("HTTP/1.1 200\r\n{blank}"));
        }
    }

    #[test]
    fn a_long_line_takes_little_memory() {
        let mut filter = ResponseFilter::default();
        let (status, long) = (format!("HTTP/1.1 200 {}\r\n", "s".repeat(9999)), "1".repeat(9999));
        assert_eq!(filter.pass(status.as_bytes()), b"HTTP/1.1 200\r\n");
        for piece in ["retry-after:", &long, &long] {
            assert_eq!(filter.pass(piece.as_bytes()), b"");
            assert!(filter.line.len() <= MAX_LINE);
        }
        assert_eq!(filter.pass(b"\r\nretry-after: 1\r\n\r\n"), b"retry-after: 1\r\n\r\n");
    }
}
