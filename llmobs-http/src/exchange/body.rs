//! The body of a response, which is read while it passes through.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::Exchange;

pin_project! {
    /// The body of a response, which is inspected while it arrives.
    pub struct AnswerBody<B> {
        #[pin]
        body: B,
        // Until the end of the response.
        exchange: Option<Exchange>,
    }
}

impl<B: Body> AnswerBody<B> {
    /// Reads a body for a call, if there is one.
    pub fn new(body: B, exchange: Option<Exchange>) -> Self {
        let exchange = exchange.and_then(|exchange| {
            if body.is_end_stream() {
                exchange.finish();
                return None;
            }
            Some(exchange)
        });
        Self { body, exchange }
    }
}

impl<B: Body<Data = Bytes, Error: fmt::Display + 'static>> Body for AnswerBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.body.as_mut().poll_frame(cx));
        if let Some(mut exchange) = this.exchange.take() {
            match &frame {
                None => exchange.finish(),
                Some(Err(error)) => exchange.fail_by(error),
                Some(Ok(frame)) => {
                    let is_end = frame.data_ref().is_some_and(|bytes| exchange.read(bytes));
                    // The client may not poll again for the end.
                    if is_end || this.body.is_end_stream() {
                        exchange.finish();
                    } else {
                        *this.exchange = Some(exchange);
                    }
                }
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B: Default> Default for AnswerBody<B> {
    fn default() -> Self {
        Self { body: B::default(), exchange: None }
    }
}

/// Omits the body, which may be secret.
impl<B> fmt::Debug for AnswerBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerBody").finish_non_exhaustive()
    }
}
