//! The server side: requests continue the traces of their callers.

use std::fmt;
use std::pin::Pin;
use std::task::{self, Poll, ready};

use http::{HeaderName, Request, Response};
use http_body::{Body, Frame, SizeHint};
use llmobs_capture::warn_limited;
use llmobs_runtime::integration::extract_request;
use llmobs_runtime::wrap::InContext;
use llmobs_runtime::{Context, FutureSpanExt as _, annotation_context};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

/// Makes the spans of each request continue the trace of its caller: those of the handler, and those of a body that is streamed after the
/// handler has returned. It is a layer for axum and for any other server that is a tower service.
///
/// It reads the headers of Datadog's tracers and those of W3C Trace Context: see [`extract`](llmobs_runtime::extract). If the headers of a
/// request name no trace, its spans are in a new trace. The caller decides which trace, session and application the spans belong
/// to: use this layer only for callers that may.
///
/// ```
/// use llmobs_http::ServerLayer;
///
/// # async fn ask() {}
/// let app = axum::Router::<()>::new()
///     .route("/ask", axum::routing::post(ask))
///     .layer(ServerLayer::new().session_header("x-session-id").user_header("x-user-id"));
/// # drop(app);
/// ```
#[derive(Clone, Debug, Default)]
pub struct ServerLayer {
    session_header: Option<HeaderName>,
    user_header: Option<HeaderName>,
}

impl ServerLayer {
    /// Creates a layer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the header that names the session of a request, such as a conversation. An invalid name is ignored, with a warning.
    #[must_use]
    pub fn session_header(mut self, name: &str) -> Self {
        self.session_header = header(name);
        self
    }

    /// Sets the header that names the user of a request, which becomes the tag `user_id` of its spans.
    #[must_use]
    pub fn user_header(mut self, name: &str) -> Self {
        self.user_header = header(name);
        self
    }

    /// Returns the context of a request.
    fn context<B>(&self, request: &Request<B>) -> Context {
        let headers = request.headers();
        let text = |name: &Option<HeaderName>| {
            let value = headers.get(name.as_ref()?)?.to_str().ok()?;
            Some(value.to_owned()).filter(|value| !value.is_empty())
        };
        let context = extract_request(headers);
        let (session, user) = (text(&self.session_header), text(&self.user_header));
        if session.is_none() && user.is_none() {
            return context;
        }
        let about = annotation_context().session_id(session).tags(user.map(|user| ("user_id", user)));
        context.enter(|| about.context())
    }
}

fn header(name: &str) -> Option<HeaderName> {
    let header = HeaderName::try_from(name).ok();
    if header.is_none() {
        warn_limited!("{name:?} is ignored: it is not a valid header name");
    }
    header
}

impl<S> Layer<S> for ServerLayer {
    type Service = ServerService<S>;

    fn layer(&self, inner: S) -> ServerService<S> {
        ServerService { inner, layer: self.clone() }
    }
}

/// A service whose requests continue the traces of their callers. Created by [`ServerLayer`].
#[derive(Clone, Debug)]
pub struct ServerService<S> {
    inner: S,
    layer: ServerLayer,
}

impl<S, B, A> Service<Request<B>> for ServerService<S>
where
    S: Service<Request<B>, Response = Response<A>>,
{
    type Response = Response<TracedBody<A>>;
    type Error = S::Error;
    type Future = ServerFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let context = self.layer.context(&request);
        let future = context.enter(|| self.inner.call(request));
        ServerFuture { future: future.in_context(&context), context }
    }
}

pin_project! {
    /// The future response of a [`ServerService`].
    pub struct ServerFuture<F> {
        #[pin]
        future: InContext<F>,
        context: Context,
    }
}

impl<F, A, E> Future for ServerFuture<F>
where
    F: Future<Output = Result<Response<A>, E>>,
{
    type Output = Result<Response<TracedBody<A>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.future.poll(cx));
        Poll::Ready(answer.map(|response| {
            response.map(|body| TracedBody { body: Some(body), context: this.context.clone() })
        }))
    }
}

impl<F> fmt::Debug for ServerFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerFuture").finish_non_exhaustive()
    }
}

pin_project! {
    /// The body of a response, which is produced in the context of its request.
    pub struct TracedBody<B> {
        // Dropped inside the context.
        #[pin]
        body: Option<B>,
        context: Context,
    }

    impl<B> PinnedDrop for TracedBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.context.enter(|| this.body.set(None));
        }
    }
}

impl<B: Body> Body for TracedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        match this.body.as_pin_mut() {
            Some(body) => this.context.enter(|| body.poll_frame(cx)),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl<B: Default> Default for TracedBody<B> {
    fn default() -> Self {
        Self { body: Some(B::default()), context: Context::default() }
    }
}

impl<B> fmt::Debug for TracedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedBody").finish_non_exhaustive()
    }
}
