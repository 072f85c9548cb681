//! The session of a client: one span from the first message to the end, and the parents of the spans of its requests.

use std::sync::{Mutex, OnceLock, PoisonError};

use llmobs_runtime::integration::is_in_trace;
use llmobs_runtime::{Context, Span, SpanBuilder, SpanRef, current, enabled, task, tool, workflow};
use rmcp::ServiceError;
use rmcp::model::{
    CallToolRequestParams, Implementation, ListToolsResult, PaginatedRequestParams, RequestParamsMeta,
    ServerPeerInfo, Tool,
};
use rmcp::service::MergedList;
use serde_json::json;

use crate::meta;
use crate::observed::{Observed, View};
use crate::settings::Settings;
use crate::tool::{ToolOutcome, show_at_client};

/// The session of a client.
pub(crate) struct Session {
    settings: Settings,
    /// Until the session ends.
    span: Mutex<Option<Span>>,
    view: View,
    /// The context inside the span.
    context: Context,
    /// The span that was current when the session began.
    outer: Option<SpanRef>,
    server: OnceLock<Implementation>,
}

impl Session {
    pub(crate) fn begin(settings: Settings) -> Self {
        let outer = current().export();
        let observed = Observed::start(workflow("MCP Client Session"), &settings);
        let context = observed.context();
        let (span, view) = observed.into_parts();
        Self { settings, span: Mutex::new(Some(span)), view, context, outer, server: OnceLock::new() }
    }

    /// Starts the span of the first exchange of messages.
    pub(crate) fn initialize(&self) -> Observed {
        self.start(task("MCP Client Initialize").parent(&self.context))
    }

    /// Records the server's information.
    pub(crate) fn initialized(&self, info: &ServerPeerInfo, view: &View) {
        view.output(info);
        if let Some(server) = &info.server_info {
            tag_server(&self.view, server);
            // The session has one server.
            let _ = self.server.set(server.clone());
        }
    }

    /// Ends the session. Spans that start in it later are not lost.
    pub(crate) fn end(&self) {
        drop(self.span.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Returns the context of a request of the program: that of the current span, or that of the session if there is no current span, or
    /// only the one that the session is in.
    pub(crate) fn here(&self) -> Context {
        let here = current();
        let is_own = match here.export() {
            Some(span) => self.outer.as_ref() != Some(&span),
            None => is_in_trace(),
        };
        if is_own { here } else { self.context.clone() }
    }

    fn start(&self, span: SpanBuilder) -> Observed {
        Observed::start(span, &self.settings)
    }

    /// Writes the context of a request into its parameters.
    pub(crate) fn write(&self, context: &Context, params: &mut impl RequestParamsMeta) {
        if self.settings.distributed_tracing {
            meta::write_params(context, params);
        }
    }

    pub(crate) fn writes(&self) -> bool {
        self.settings.distributed_tracing && enabled()
    }

    /// Starts the span of a tool call.
    pub(crate) fn start_call(&self, params: &CallToolRequestParams) -> Observed {
        let name = format!("MCP Client Tool Call: {}", params.name);
        let observed = self.start(tool(name).tag("mcp_tool_kind", "client").parent(self.here()));
        if let Some(server) = self.server.get() {
            tag_server(observed.view(), server);
        }
        match &params.arguments {
            Some(arguments) => observed.view().input(arguments),
            None => observed.view().input(json!({})),
        }
        observed
    }

    /// Calls a tool inside a span.
    pub(crate) async fn call<T: ToolOutcome, F>(
        &self,
        mut params: CallToolRequestParams,
        send: impl FnOnce(CallToolRequestParams) -> F,
    ) -> Result<T, ServiceError>
    where
        F: Future<Output = Result<T, ServiceError>>,
    {
        let observed = self.start_call(&params);
        if observed.view().is_recorded() {
            self.write(&observed.context(), &mut params);
        }
        observed.run(send(params), show_call).await
    }

    /// Starts the span of a page of a list of tools.
    pub(crate) fn start_list(&self, params: Option<&PaginatedRequestParams>) -> Observed {
        let observed = self.start(task("MCP Client list Tools").parent(self.here()));
        observed.view().input(json!({ "cursor": params.and_then(|params| params.cursor.as_deref()) }));
        observed
    }

    /// Lists a page of tools inside a span.
    pub(crate) async fn list<F>(
        &self,
        params: Option<PaginatedRequestParams>,
        send: impl FnOnce(Option<PaginatedRequestParams>) -> F,
    ) -> Result<ListToolsResult, ServiceError>
    where
        F: Future<Output = Result<ListToolsResult, ServiceError>>,
    {
        let observed = self.start_list(params.as_ref());
        let mut params = params;
        if observed.view().is_recorded() && self.settings.distributed_tracing {
            self.write(&observed.context(), params.get_or_insert_default());
        }
        observed.run(send(params), show_list).await
    }

    /// Lists all tools inside one span, for requests in which rmcp fetches the pages itself.
    pub(crate) async fn list_all<F>(&self, pages: F) -> Result<MergedList<Tool>, ServiceError>
    where
        F: Future<Output = Result<MergedList<Tool>, ServiceError>>,
    {
        let show = |view: &View, list: &Result<MergedList<Tool>, ServiceError>| match list {
            Ok(list) => view.output(json!({ "tools": list.items })),
            Err(error) => show_error(view, error),
        };
        self.start_list(None).run(pages, show).await
    }
}

fn tag_server(view: &View, server: &Implementation) {
    view.tag("mcp_server_name", &server.name);
    view.tag("mcp_server_version", &server.version);
    if let Some(title) = &server.title {
        view.tag("mcp_server_title", title);
    }
}

fn show_call<T: ToolOutcome>(view: &View, outcome: &Result<T, ServiceError>) {
    match outcome {
        Ok(outcome) => show_at_client(outcome, view),
        Err(error) => show_error(view, error),
    }
}

fn show_list(view: &View, result: &Result<ListToolsResult, ServiceError>) {
    match result {
        Ok(result) => view.output(result),
        Err(error) => show_error(view, error),
    }
}

/// Shows why a request has no response.
pub(crate) fn show_error(view: &View, error: &ServiceError) {
    match error {
        ServiceError::Cancelled { .. } => view.cancelled(),
        error => view.error(error),
    }
}
