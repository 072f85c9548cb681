//! Clients: a handler with its settings, and the running client.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResult, GetPromptRequestParams, GetPromptResult,
    ReadResourceRequestParams, ReadResourceResult,
};
use rmcp::service::{ClientInitializeError, QuitReason, RunningService, RunningServiceCancellationToken};
use rmcp::transport::IntoTransport;
use rmcp::{RoleClient, Service, ServiceError, ServiceExt as _};
use tokio::task::JoinError;

use crate::handler::ClientService;
use crate::peer::ClientPeer;
use crate::session::Session;
use crate::settings::Settings;

/// A client that makes spans of its session, its tool calls and its lists of tools, around the program's handler.
///
/// ```no_run
/// use llmobs_rmcp::Client;
/// use rmcp::transport::TokioChildProcess;
///
/// # async fn connect() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::new(()).serve(TokioChildProcess::new(tokio::process::Command::new("weather-server"))?).await?;
/// let tools = client.list_all_tools().await?;
/// # drop(tools);
/// # Ok(())
/// # }
/// ```
#[must_use = "a client runs when `serve` is called"]
pub struct Client<S> {
    handler: S,
    settings: Settings,
}

impl<S: Service<RoleClient>> Client<S> {
    /// Creates a client from the handler on which rmcp's `serve` would be called: `()` if it handles nothing.
    pub fn new(handler: S) -> Self {
        Self { handler, settings: Settings::from_env() }
    }

    /// Sets whether spans show arguments, results and the texts of errors. Default: see
    /// [`Config::capture_message_content`](llmobs_runtime::Config::capture_message_content).
    pub fn capture_content(mut self, capture: impl Into<Option<bool>>) -> Self {
        self.settings.content = capture.into().or(self.settings.content);
        self
    }

    /// Sets whether requests carry the context of the trace to the server, in `_meta`, and requests of the server continue its trace. The
    /// context has ids, the names of application and session, and the name of the nearest agent. Default: `DD_MCP_DISTRIBUTED_TRACING`,
    /// else true.
    pub fn distributed_tracing(mut self, enabled: impl Into<Option<bool>>) -> Self {
        self.settings.distributed_tracing = enabled.into().unwrap_or(self.settings.distributed_tracing);
        self
    }

    /// Connects to a server and runs the client, like rmcp's `serve`. The session begins here.
    ///
    /// # Errors
    ///
    /// Returns the errors of rmcp's `serve`.
    pub async fn serve<T, E, A>(self, transport: T) -> Result<RunningClient<S>, ClientInitializeError>
    where
        T: IntoTransport<RoleClient, E, A>,
        E: std::error::Error + Send + Sync + 'static,
    {
        self.serve_with(|service| service.serve(transport)).await
    }

    /// Connects to a server with another function of rmcp, such as one with a lifecycle or a cancellation token.
    ///
    /// ```no_run
    /// use llmobs_rmcp::Client;
    /// use rmcp::service::{ClientLifecycleMode, ClientServiceExt as _};
    ///
    /// # async fn connect(transport: tokio::io::DuplexStream) -> Result<(), Box<dyn std::error::Error>> {
    /// let mode = ClientLifecycleMode::Initialize;
    /// let client = Client::new(()).serve_with(|service| service.serve_with_lifecycle(transport, mode)).await?;
    /// # drop(client);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the errors of the function.
    pub async fn serve_with<F, E>(
        self,
        serve: impl FnOnce(ClientService<S>) -> F,
    ) -> Result<RunningClient<S>, E>
    where
        F: Future<Output = Result<RunningService<RoleClient, ClientService<S>>, E>>,
        E: std::error::Error,
    {
        let Self { handler, settings } = self;
        let service = ClientService { handler, distributed_tracing: settings.distributed_tracing };
        let session = Arc::new(Session::begin(settings));
        let serving = async { serve(service).await };
        let running = session.initialize().run(serving, |view, outcome| match outcome {
            Ok(running) => {
                if let Some(info) = running.peer_info() {
                    session.initialized(&info, view);
                }
            }
            Err(error) => view.error(error),
        });
        let running = running.await?;
        let peer = ClientPeer::new(running.peer().clone(), Arc::clone(&session));
        Ok(RunningClient { running, peer, session: SessionEnd(session) })
    }
}

impl<S> fmt::Debug for Client<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A running client, in place of rmcp's `RunningService`. Its session ends when it is closed or dropped.
///
/// It dereferences to its [`ClientPeer`].
pub struct RunningClient<S: Service<RoleClient>> {
    // Dropped in this order, so that the session ends last.
    running: RunningService<RoleClient, ClientService<S>>,
    peer: ClientPeer,
    session: SessionEnd,
}

/// Ends a session when it is dropped.
struct SessionEnd(Arc<Session>);

impl Drop for SessionEnd {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl<S: Service<RoleClient>> RunningClient<S> {
    /// Returns the server, which can be cloned into other tasks.
    #[must_use]
    pub const fn peer(&self) -> &ClientPeer {
        &self.peer
    }

    /// Returns the handler of the program.
    #[must_use]
    pub fn service(&self) -> &S {
        &self.running.service().handler
    }

    /// Returns a token that ends the client.
    #[must_use]
    pub fn cancellation_token(&self) -> RunningServiceCancellationToken {
        self.running.cancellation_token()
    }

    /// Returns whether the client was closed or cancelled.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.running.is_closed()
    }

    /// Waits until the client ends, and ends its session.
    ///
    /// # Errors
    ///
    /// Returns the errors of rmcp's `RunningService::waiting`.
    pub async fn waiting(self) -> Result<QuitReason, JoinError> {
        let Self { running, session: _session, .. } = self;
        running.waiting().await
    }

    /// Cancels the client, waits until it has ended, and ends its session.
    ///
    /// # Errors
    ///
    /// Returns the errors of rmcp's `RunningService::cancel`.
    pub async fn cancel(self) -> Result<QuitReason, JoinError> {
        let Self { running, session: _session, .. } = self;
        running.cancel().await
    }

    /// Closes the connection, and ends the session.
    ///
    /// # Errors
    ///
    /// Returns the errors of rmcp's `RunningService::close`.
    pub async fn close(&mut self) -> Result<QuitReason, JoinError> {
        let closed = self.running.close().await;
        self.session.0.end();
        closed
    }

    /// Closes the connection within a time, and ends the session.
    ///
    /// # Errors
    ///
    /// Returns the errors of rmcp's `RunningService::close_with_timeout`.
    pub async fn close_with_timeout(&mut self, timeout: Duration) -> Result<Option<QuitReason>, JoinError> {
        let closed = self.running.close_with_timeout(timeout).await;
        self.session.0.end();
        closed
    }

    /// Calls a tool, in a span. Requests that the server makes meanwhile are handled by the program's handler inside the span.
    ///
    /// # Errors
    ///
    /// Returns the errors of rmcp's `RunningService::call_tool`.
    pub async fn call_tool(&self, params: CallToolRequestParams) -> Result<CallToolResult, ServiceError> {
        self.session.0.call(params, |params| self.running.call_tool(params)).await
    }

    /// Calls a tool, in a span, with a limit on the rounds in which the server asks for more input.
    ///
    /// # Errors
    ///
    /// Returns the errors of rmcp's `RunningService::call_tool_with_mrtr_max_rounds`.
    pub async fn call_tool_with_mrtr_max_rounds(
        &self,
        params: CallToolRequestParams,
        max_rounds: usize,
    ) -> Result<CallToolResult, ServiceError> {
        let call = |params| self.running.call_tool_with_mrtr_max_rounds(params, max_rounds);
        self.session.0.call(params, call).await
    }

    /// Calls rmcp's `RunningService::get_prompt`, with the context of the trace.
    ///
    /// # Errors
    ///
    /// Returns the errors of rmcp's method.
    pub async fn get_prompt(&self, params: GetPromptRequestParams) -> Result<GetPromptResult, ServiceError> {
        self.running.get_prompt(self.peer.with_context(params)).await
    }

    /// Calls rmcp's `RunningService::get_prompt_with_mrtr_max_rounds`, with the context of the trace.
    ///
    /// # Errors
    ///
    /// Returns the errors of rmcp's method.
    pub async fn get_prompt_with_mrtr_max_rounds(
        &self,
        params: GetPromptRequestParams,
        max_rounds: usize,
    ) -> Result<GetPromptResult, ServiceError> {
        self.running.get_prompt_with_mrtr_max_rounds(self.peer.with_context(params), max_rounds).await
    }

    /// Calls rmcp's `RunningService::read_resource`, with the context of the trace.
    ///
    /// # Errors
    ///
    /// Returns the errors of rmcp's method.
    pub async fn read_resource(
        &self,
        params: ReadResourceRequestParams,
    ) -> Result<ReadResourceResult, ServiceError> {
        self.running.read_resource(self.peer.with_context(params)).await
    }

    /// Calls rmcp's `RunningService::read_resource_with_mrtr_max_rounds`, with the context of the trace.
    ///
    /// # Errors
    ///
    /// Returns the errors of rmcp's method.
    pub async fn read_resource_with_mrtr_max_rounds(
        &self,
        params: ReadResourceRequestParams,
        max_rounds: usize,
    ) -> Result<ReadResourceResult, ServiceError> {
        self.running.read_resource_with_mrtr_max_rounds(self.peer.with_context(params), max_rounds).await
    }
}

impl<S: Service<RoleClient>> Deref for RunningClient<S> {
    type Target = ClientPeer;

    fn deref(&self) -> &ClientPeer {
        &self.peer
    }
}

impl<S: Service<RoleClient>> fmt::Debug for RunningClient<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningClient").field("peer", &self.peer).finish_non_exhaustive()
    }
}
