//! The server as a client sees it, with spans for requests to it.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ClientRequest, CompleteRequestParams,
    CompleteResult, GetPromptRequestParams, GetPromptResponse, GetPromptResult, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
    ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, RequestParamsMeta, ServerResult,
    Tool,
};
use rmcp::service::{MergedList, PeerRequestOptions, RequestHandle};
use rmcp::{Peer, RoleClient, ServiceError};

use crate::pending;
use crate::session::Session;

/// The server of a [`RunningClient`](crate::RunningClient): a `Peer` of rmcp whose tool calls and lists of tools are spans, and whose
/// requests carry the context of the trace. It can be cloned into other tasks.
///
/// It dereferences to rmcp's `Peer` for everything else. Requests that are made directly on that one are not traced.
#[derive(Clone)]
pub struct ClientPeer {
    peer: Peer<RoleClient>,
    session: Arc<Session>,
}

impl ClientPeer {
    pub(crate) fn new(peer: Peer<RoleClient>, session: Arc<Session>) -> Self {
        Self { peer, session }
    }

    /// Returns parameters with the context of the trace.
    pub(crate) fn with_context<P: RequestParamsMeta>(&self, mut params: P) -> P {
        if self.session.writes() {
            self.session.write(&self.session.here(), &mut params);
        }
        params
    }

    fn page(&self, params: Option<PaginatedRequestParams>) -> Option<PaginatedRequestParams> {
        if self.session.writes() { Some(self.with_context(params.unwrap_or_default())) } else { params }
    }

    /// Calls a tool, in a span.
    ///
    /// # Errors
    ///
    /// Returns the errors of rmcp's `Peer::call_tool`.
    pub async fn call_tool(&self, params: CallToolRequestParams) -> Result<CallToolResult, ServiceError> {
        self.session.call(params, |params| self.peer.call_tool(params)).await
    }

    /// Calls a tool once, in a span.
    ///
    /// # Errors
    ///
    /// Returns the errors of rmcp's `Peer::call_tool_once`.
    pub async fn call_tool_once(
        &self,
        params: CallToolRequestParams,
    ) -> Result<CallToolResponse, ServiceError> {
        self.session.call(params, |params| self.peer.call_tool_once(params)).await
    }

    /// Lists a page of tools, in a span.
    ///
    /// # Errors
    ///
    /// Returns the errors of rmcp's `Peer::list_tools`.
    pub async fn list_tools(
        &self,
        params: Option<PaginatedRequestParams>,
    ) -> Result<ListToolsResult, ServiceError> {
        self.session.list(params, |params| self.peer.list_tools(params)).await
    }

    /// Lists all tools, with a span for each page.
    ///
    /// # Errors
    ///
    /// Returns the errors of rmcp's `Peer::list_all_tools`.
    pub async fn list_all_tools(&self) -> Result<Vec<Tool>, ServiceError> {
        let mut tools = Vec::new();
        let mut cursor = None;
        loop {
            let page = self.list_tools(Some(PaginatedRequestParams::default().with_cursor(cursor))).await?;
            tools.extend(page.tools);
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(tools);
            }
        }
    }

    /// Lists all tools, in one span.
    ///
    /// # Errors
    ///
    /// Returns the errors of rmcp's `Peer::list_all_tools_with_cache_hint`.
    pub async fn list_all_tools_with_cache_hint(&self) -> Result<MergedList<Tool>, ServiceError> {
        self.session.list_all(self.peer.list_all_tools_with_cache_hint()).await
    }

    /// Sends a request. Tool calls and lists of tools have a span.
    ///
    /// # Errors
    ///
    /// Returns the errors of rmcp's `Peer::send_request`.
    pub async fn send_request(&self, request: ClientRequest) -> Result<ServerResult, ServiceError> {
        self.send_request_with_option(request, PeerRequestOptions::no_options()).await?.await_response().await
    }

    /// Sends a request that can be cancelled. Tool calls and lists of tools have a span, which ends with the response, or when the handle
    /// is dropped.
    ///
    /// # Errors
    ///
    /// Returns the errors of rmcp's `Peer::send_cancellable_request`.
    pub async fn send_cancellable_request(
        &self,
        request: ClientRequest,
        options: PeerRequestOptions,
    ) -> Result<RequestHandle<RoleClient>, ServiceError> {
        self.send_request_with_option(request, options).await
    }

    /// Sends a request, like [`send_cancellable_request`](Self::send_cancellable_request).
    ///
    /// # Errors
    ///
    /// Returns the errors of rmcp's `Peer::send_request_with_option`.
    pub async fn send_request_with_option(
        &self,
        request: ClientRequest,
        options: PeerRequestOptions,
    ) -> Result<RequestHandle<RoleClient>, ServiceError> {
        pending::send(&self.peer, &self.session, request, options).await
    }
}

/// Requests that have no span, but carry the context of the trace.
macro_rules! requests {
    ($($name:ident($params:ident: $type:ty) -> $result:ty, $with:ident;)*) => {
        impl ClientPeer {
            $(
                #[doc = concat!("Calls rmcp's `Peer::", stringify!($name), "`, with the context of the trace.")]
                ///
                /// # Errors
                ///
                /// Returns the errors of rmcp's method.
                pub async fn $name(&self, $params: $type) -> Result<$result, ServiceError> {
                    self.peer.$name(self.$with($params)).await
                }
            )*
        }
    };
}

requests! {
    complete(params: CompleteRequestParams) -> CompleteResult, with_context;
    get_prompt(params: GetPromptRequestParams) -> GetPromptResult, with_context;
    get_prompt_once(params: GetPromptRequestParams) -> GetPromptResponse, with_context;
    list_prompts(params: Option<PaginatedRequestParams>) -> ListPromptsResult, page;
    list_resources(params: Option<PaginatedRequestParams>) -> ListResourcesResult, page;
    list_resource_templates(params: Option<PaginatedRequestParams>) -> ListResourceTemplatesResult, page;
    read_resource(params: ReadResourceRequestParams) -> ReadResourceResult, with_context;
    read_resource_once(params: ReadResourceRequestParams) -> ReadResourceResponse, with_context;
}

impl Deref for ClientPeer {
    type Target = Peer<RoleClient>;

    fn deref(&self) -> &Self::Target {
        &self.peer
    }
}

/// The peer of rmcp, which is not traced, for libraries that take one.
impl From<ClientPeer> for Peer<RoleClient> {
    fn from(peer: ClientPeer) -> Self {
        peer.peer
    }
}

impl fmt::Debug for ClientPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClientPeer").field(&self.peer).finish()
    }
}
