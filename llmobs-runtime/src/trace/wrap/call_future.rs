//! The future that an instrumented function returns: its span begins when it is first polled.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::future::InContext;
use crate::trace::call::{Call, Ending};

pin_project! {
    /// A future that runs as a call of an instrumented function.
    ///
    /// It is `Send`, `Sync` and `Unpin` if the future is, although the future is boxed.
    #[must_use = "futures do nothing unless you .await or poll them"]
    pub struct CallFuture<F, E> {
        // Dropped before the call, so that it is dropped inside the span.
        future: InContext<F>,
        call: Call,
        end: Option<E>,
        #[pin]
        plain: PhantomData<F>,
    }
}

impl Call {
    /// Runs a future as this call. `end` receives its output.
    pub fn future<T, F, E>(self, future: F, end: E) -> CallFuture<F, E>
    where
        F: Future<Output = T>,
        E: FnOnce(&mut Ending, &T),
    {
        CallFuture {
            future: InContext::in_frame(future, self.frame()),
            call: self,
            end: Some(end),
            plain: PhantomData,
        }
    }
}

impl<F: Future, E: FnOnce(&mut Ending, &F::Output)> Future for CallFuture<F, E> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if this.call.is_prepared() {
            this.call.begin();
            this.future.enter(this.call.frame());
        }
        let returned = ready!(Pin::new(this.future).poll(cx));
        if let (Some(mut ending), Some(end)) = (std::mem::take(this.call).ending(), this.end.take()) {
            end(&mut ending, &returned);
        }
        Poll::Ready(returned)
    }
}

impl<F, E> fmt::Debug for CallFuture<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CallFuture").field(&self.call).finish()
    }
}
