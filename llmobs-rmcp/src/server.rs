//! Servers: the program's handler, whose requests become spans.

use std::borrow::Cow;
use std::fmt;

use llmobs_runtime::{Context, FutureSpanExt as _, SpanBuilder, task, tool};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CancelTaskParams, CancelledNotificationParam,
    CompleteRequestParams, CompleteResult, CustomNotification, CustomRequest, CustomResult, DiscoverResult,
    GetPromptRequestParams, GetPromptResponse, GetSkillRequestParams, GetSkillResult, GetTaskParams,
    GetTaskResult, Implementation, InitializeRequestParams, InitializeResult, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListSkillsResult, ListToolsResult,
    PaginatedRequestParams, ProgressNotificationParam, ProtocolVersion, ReadResourceDirectoryRequestParams,
    ReadResourceDirectoryResult, ReadResourceRequestParams, ReadResourceResponse, ServerConfig,
    SubscribeRequestParams, SubscriptionFilter, Tool, UnsubscribeRequestParams, UpdateTaskParams,
};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde::Serialize;
use serde_json::json;

use crate::observed::{Observed, View};
use crate::settings::Settings;
use crate::tool::show_at_server;
use crate::{intent, meta};

/// The header that names a session of streamable HTTP.
const SESSION_HEADER: &str = "mcp-session-id";

/// A server that makes spans of its tool calls, of lists of tools and of the first request of a client, around the program's handler. The
/// spans continue the trace of the client if the request names one.
///
/// ```
/// use llmobs_rmcp::Server;
/// use rmcp::{ServerHandler, ServiceExt as _};
///
/// #[derive(Clone)]
/// struct Weather;
/// impl ServerHandler for Weather {}
///
/// # async fn run(transport: tokio::io::DuplexStream) -> Result<(), Box<dyn std::error::Error>> {
/// let server = Server::new(Weather).serve(transport).await?;
/// server.waiting().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Server<H> {
    handler: H,
    settings: Settings,
}

impl<H: ServerHandler> Server<H> {
    /// Wraps the handler of a server.
    #[must_use]
    pub fn new(handler: H) -> Self {
        Self { handler, settings: Settings::from_env() }
    }

    /// Sets whether spans show arguments, results, intents and the texts of errors. Default: see
    /// [`Config::capture_message_content`](llmobs_runtime::Config::capture_message_content).
    #[must_use]
    pub fn capture_content(mut self, capture: impl Into<Option<bool>>) -> Self {
        self.settings.content = capture.into().or(self.settings.content);
        self
    }

    /// Sets whether spans continue the trace of the client, which then decides which trace, session and application they belong to: turn it
    /// off if clients may not. Default: `DD_MCP_DISTRIBUTED_TRACING`, else true.
    #[must_use]
    pub fn distributed_tracing(mut self, enabled: impl Into<Option<bool>>) -> Self {
        self.settings.distributed_tracing = enabled.into().unwrap_or(self.settings.distributed_tracing);
        self
    }

    /// Sets whether models are asked why they call a tool, which the span of the call shows as the intent: the schema of each tool gets the
    /// required argument `telemetry`, which the tool never receives. Default: `DD_MCP_CAPTURE_INTENT`, else false.
    #[must_use]
    pub fn capture_intent(mut self, capture: impl Into<Option<bool>>) -> Self {
        self.settings.intent = capture.into().unwrap_or(self.settings.intent);
        self
    }

    /// Returns the handler of the program.
    #[must_use]
    pub const fn handler(&self) -> &H {
        &self.handler
    }

    /// Returns the context in which a request is handled, or `None` for the current one.
    fn context(&self, request: &RequestContext<RoleServer>) -> Option<Context> {
        if self.settings.distributed_tracing {
            meta::context_of(&request.meta, &request.extensions)
        } else {
            meta::context_here()
        }
    }

    /// Starts the span of a request.
    fn start(
        &self,
        span: SpanBuilder,
        method: &'static str,
        params: impl Serialize,
        request: &RequestContext<RoleServer>,
    ) -> Observed {
        let parts = request.extensions.get::<http::request::Parts>();
        let session = parts.and_then(|parts| parts.headers.get(SESSION_HEADER)?.to_str().ok());
        let span = span.tag("mcp_method", method).tag("mcp_session_id", session);
        let observed = Observed::start(span.parent(self.context(request)), &self.settings);
        observed.view().input(Asked { method, params });
        observed
    }
}

/// A request in the form of JSON-RPC.
#[derive(Serialize)]
struct Asked<P> {
    method: &'static str,
    params: P,
}

fn of_client(span: SpanBuilder, client: Option<&Implementation>) -> SpanBuilder {
    let Some(Implementation { name, version, .. }) = client else { return span };
    span.tag("client_name", name).tag("client_version", format_args!("{name}_{version}"))
}

fn show<T: Serialize>(view: &View, result: &Result<T, ErrorData>) {
    match result {
        Ok(result) => view.output(result),
        Err(error) => view.error(error),
    }
}

/// Requests without a span, which are handled in the context of their sender.
macro_rules! requests {
    ($($(#[$attribute:meta])* $name:ident($params:ty) -> $result:ty;)*) => {$(
        $(#[$attribute])*
        async fn $name(
            &self,
            request: $params,
            context: RequestContext<RoleServer>,
        ) -> Result<$result, ErrorData> {
            let here = self.context(&context);
            async { self.handler.$name(request, context).await }.in_context(here).await
        }
    )*};
}

macro_rules! notifications {
    ($($name:ident($params:ty);)*) => {$(
        async fn $name(&self, notification: $params, context: NotificationContext<RoleServer>) {
            self.handler.$name(notification, context).await;
        }
    )*};
}

impl<H: ServerHandler> ServerHandler for Server<H> {
    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        let span = of_client(task("mcp.initialize"), Some(&request.client_info));
        let observed = self.start(span, "initialize", &request, &context);
        observed.run(async { self.handler.initialize(request, context).await }, show).await
    }

    async fn discover(&self, context: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        let span = of_client(task("mcp.server/discover"), context.meta.client_info().as_ref());
        let observed = self.start(span, "server/discover", json!({}), &context);
        observed.run(async { self.handler.discover(context).await }, show).await
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let observed = self.start(task("mcp.tools/list"), "tools/list", &request, &context);
        let asks = self.settings.intent && observed.view().is_recorded();
        let listing = async {
            let mut result = self.handler.list_tools(request, context).await?;
            if asks {
                intent::ask(&mut result.tools);
            }
            Ok(result)
        };
        observed.run(listing, show).await
    }

    async fn call_tool(
        &self,
        mut request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let intent = request.arguments.as_mut().filter(|_| self.settings.intent).and_then(intent::take);
        let span = tool(request.name.clone()).tag("mcp_tool", &request.name).tag("mcp_tool_kind", "server");
        let observed = self.start(span, "tools/call", &request, &context);
        if let Some(intent) = intent {
            observed.view().intent(&intent);
        }
        let cancelled = context.ct.clone();
        let calling = async { self.handler.call_tool(request, context).await };
        observed
            .run(calling, |view, outcome| {
                match outcome {
                    Ok(outcome) => show_at_server(outcome, view),
                    Err(error) => view.error(error),
                }
                if cancelled.is_cancelled() {
                    view.cancelled();
                }
            })
            .await
    }

    async fn ping(&self, context: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        self.handler.ping(context).await
    }

    requests! {
        complete(CompleteRequestParams) -> CompleteResult;
        #[expect(deprecated, reason = "clients can still send it")]
        set_level(rmcp::model::SetLevelRequestParams) -> ();
        get_prompt(GetPromptRequestParams) -> GetPromptResponse;
        list_prompts(Option<PaginatedRequestParams>) -> ListPromptsResult;
        list_resources(Option<PaginatedRequestParams>) -> ListResourcesResult;
        list_resource_templates(Option<PaginatedRequestParams>) -> ListResourceTemplatesResult;
        read_resource(ReadResourceRequestParams) -> ReadResourceResponse;
        #[expect(deprecated, reason = "clients can still send it")]
        subscribe(SubscribeRequestParams) -> ();
        #[expect(deprecated, reason = "clients can still send it")]
        unsubscribe(UnsubscribeRequestParams) -> ();
        on_custom_request(CustomRequest) -> CustomResult;
        get_task(GetTaskParams) -> GetTaskResult;
        update_task(UpdateTaskParams) -> ();
        cancel_task(CancelTaskParams) -> ();
        list_skills(Option<PaginatedRequestParams>) -> ListSkillsResult;
        get_skill(GetSkillRequestParams) -> GetSkillResult;
        read_resource_directory(ReadResourceDirectoryRequestParams) -> ReadResourceDirectoryResult;
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let here = self.context(context.request_context());
        async { self.handler.listen(context).await }.in_context(here).await
    }

    notifications! {
        on_cancelled(CancelledNotificationParam);
        on_progress(ProgressNotificationParam);
        on_custom_notification(CustomNotification);
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        self.handler.on_initialized(context).await;
    }

    async fn on_roots_list_changed(&self, context: NotificationContext<RoleServer>) {
        self.handler.on_roots_list_changed(context).await;
    }

    fn negotiate_initialize(&self, request: &InitializeRequestParams) -> Result<InitializeResult, ErrorData> {
        self.handler.negotiate_initialize(request)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.handler.supported_protocol_versions()
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        self.handler.accepted_subscription_filter(requested)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.handler.get_tool(name)
    }

    fn get_info(&self) -> ServerConfig {
        self.handler.get_info()
    }
}

impl<H> fmt::Debug for Server<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("settings", &self.settings).finish_non_exhaustive()
    }
}
