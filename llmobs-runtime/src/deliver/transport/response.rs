//! What an HTTP response may say to the HTTP library.

/// A longer line is cut. None that passes is nearly as long.
pub(super) const MAX_LINE: usize = 1024;

/// The headers that say how a response is read, or when to send again.
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

/// What they say beside numbers and dates.
const WORDS: [&str; 5] = ["chunked", "close", "gzip", "identity", "keep-alive"];

/// Removes from the head of a response what may repeat a part of the request: the reason, all headers but [`HEADERS`], and words in
/// their values that are not expected there. The body passes unchanged.
///
/// A head may arrive in any number of pieces. A line passes when its end has arrived.
#[derive(Default)]
pub(super) struct ResponseFilter {
    part: Part,
    /// A line whose end has not arrived.
    line: Vec<u8>,
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
}

impl ResponseFilter {
    /// Returns what passes, at most [`MAX_LINE`] bytes more than there are in `bytes`.
    pub(super) fn pass(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut passed = Vec::with_capacity(bytes.len());
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.part == Part::Body {
                passed.extend_from_slice(piece);
                continue;
            }
            let room = MAX_LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(piece.get(..room).unwrap_or(piece));
            if piece.ends_with(b"\n") {
                let mut line = std::mem::take(&mut self.line);
                self.pass_line(&mut line, &mut passed);
            }
        }
        passed
    }

    /// Whether no line waits for its end.
    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty()
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
                self.part = Part::Headers { interim: line.get(9) == Some(&b'1') };
            }
            Part::Headers { interim } if is_blank => {
                self.part = if interim { Part::Status } else { Part::Body };
            }
            Part::Headers { .. } => match header(line) {
                Some(header) => passed.extend_from_slice(header),
                None => return,
            },
            Part::Body => {}
        }
        passed.extend_from_slice(b"\r\n");
    }
}

/// A header that may pass, without the end of its line.
fn header(line: &mut [u8]) -> Option<&[u8]> {
    let is_whole = line.len() < MAX_LINE;
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at_mut(colon);
    if !is_whole || !HEADERS.iter().any(|header| name.eq_ignore_ascii_case(header.as_bytes())) {
        return None;
    }
    for word in
        value.split_mut(|byte| matches!(byte, b' ' | b'\t' | b',' | b';' | b':' | b'=' | b'\r' | b'\n'))
    {
        if !is_expected(word) {
            word.fill(b' ');
        }
    }
    Some(line.trim_ascii_end())
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
                        Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\nx-ratelimit-reset: 0.5\r\ncontent-lengths: 1\r\n\r\nsecret\nHTTP/1.1";
    const PASSED: &str = "HTTP/1.1 100\r\n\r\nHTTP/1.1 429\r\nContent-Length: 6\r\nCONNECTION:       , close\r\n\
                          transfer-encoding:chunked;      =\r\nRetry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n\
                          x-ratelimit-reset: 0.5\r\n\r\nsecret\nHTTP/1.1";

    #[test]
    fn a_head_passes_without_what_may_be_an_echo() {
        assert_eq!(passed(&[ECHO.as_bytes()]), PASSED);
    }

    #[test]
    fn a_head_may_arrive_in_pieces() {
        let echo = ECHO.as_bytes();
        for split in 0..echo.len() {
            let (before, after) = echo.split_at(split);
            assert_eq!(passed(&[before, after]), PASSED, "{split}");
        }
        let bytes: Vec<&[u8]> = echo.chunks(1).collect();
        assert_eq!(passed(&bytes), PASSED);
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
