//! Spans for clients and servers of the [Model Context Protocol](https://modelcontextprotocol.io) that use
//! [rmcp](https://docs.rs/rmcp), the official SDK.
//!
//! Use the `llmobs` crate with the feature `rmcp`, which re-exports this crate as `llmobs::rmcp`.
//!
//! Wrap the handler on which `serve` is called: that of a client with [`Client`], that of a server with [`Server`].
//!
//! ```no_run
//! use llmobs_rmcp::{Client, Server};
//! use rmcp::model::CallToolRequestParams;
//! use rmcp::transport::{TokioChildProcess, stdio};
//! use rmcp::{ServerHandler, ServiceExt as _};
//! # use tokio::process::Command;
//!
//! # struct Weather;
//! # impl ServerHandler for Weather {}
//! # async fn server() -> Result<(), Box<dyn std::error::Error>> {
//! // Before: Weather.serve(stdio())
//! let server = Server::new(Weather).serve(stdio()).await?;
//! # server.waiting().await?;
//! # Ok(())
//! # }
//! # async fn client() -> Result<(), Box<dyn std::error::Error>> {
//! // Before: ().serve(TokioChildProcess::new(Command::new("weather"))?)
//! let client = Client::new(()).serve(TokioChildProcess::new(Command::new("weather"))?).await?;
//! let forecast = client.call_tool(CallToolRequestParams::new("forecast")).await?;
//! # drop(forecast);
//! # Ok(())
//! # }
//! ```
//!
//! A client no longer needs `ServiceExt`. A server over streamable HTTP takes `|| Ok(Server::new(Weather))` instead of `|| Ok(Weather)`.
//! Where a program names the type `RunningService<RoleClient, S>` of a client, use [`RunningClient<S>`](RunningClient), and [`ClientPeer`]
//! for its `Peer<RoleClient>`.
//!
//! # Spans
//!
//! Names, kinds and tags are those of Datadog's other SDKs. All have the tag `integration:mcp`.
//!
//! | where | what | kind and name | input and output | tags |
//! |---|---|---|---|---|
//! | client | the session, from `serve` to its end | `workflow` "MCP Client Session" | | `mcp_server_name`, `mcp_server_version`, `mcp_server_title` |
//! | | the first exchange of messages | `task` "MCP Client Initialize" | the server's information | |
//! | | the call of a tool | `tool` "MCP Client Tool Call: *tool*" | arguments, result | `mcp_tool_kind:client`, and those of the session |
//! | | a page of tools | `task` "MCP Client list Tools" | cursor, result | |
//! | server | `initialize` | `task` "mcp.initialize" | request, result | `mcp_method`, `mcp_session_id`, `client_name`, `client_version` |
//! | | `server/discover` | `task` "mcp.server/discover" | request, result | the same |
//! | | `tools/call` | `tool` with the name of the tool | request, result | `mcp_method`, `mcp_session_id`, `mcp_tool`, `mcp_tool_kind:server` |
//! | | `tools/list` | `task` "mcp.tools/list" | request, result | `mcp_method`, `mcp_session_id` |
//!
//! A call has failed if the response is an error of the protocol, or a result that is marked as an error: the latter has the type
//! `ToolError`. A call that the program drops, or that the client cancels, has the tag `cancelled:true`. Annotations of the program take
//! precedence. `mcp_session_id` is set for sessions over HTTP.
//!
//! # Parents
//!
//! The span of a client's request is inside the current span of the program. If there is none, or only the one in which the session began,
//! it is inside the session.
//!
//! The context of the trace is sent to the server in the `_meta` of each request: as `traceparent` and `tracestate`, which
//! [SEP-414](https://modelcontextprotocol.io) reserves, and as `_dd_trace_context`, which Datadog's other SDKs read. Values that the
//! program wrote there are kept. A server continues the trace: it reads `_dd_trace_context` first, then the others, then the HTTP headers.
//! The spans of a handler are inside the span of its request, or in its trace if the request has no span. Without a context, each request
//! is a separate trace.
//!
//! Requests that rmcp makes itself have no trace context: `server/discover`, the pages of `list_all_prompts` and similar methods, and
//! requests that the handler of a server sends to the client through `RequestContext::peer`.
//!
//! # Intents
//!
//! With [`Server::capture_intent`], tools are listed with an additional argument, in which the model explains why it calls the tool. The
//! span of the call shows it as the intent, and the tool does not receive it. Tools that have an argument of this name, and those that
//! models cannot call, are listed unchanged.
//!
//! # How it works
//!
//! rmcp can be observed at three places: the transport, the service and the peer.
//!
//! A transport sees all messages of both sides, but it runs in the task of the connection, where the program's span is not current, and it
//! cannot make a span current around a handler. A wrapped transport would also change the program's errors, which contain its type.
//!
//! So a server is wrapped at its handler, which rmcp calls for each request in a separate task, with `_meta` and the extensions of the
//! transport: there the span begins, and is current while the handler runs. It is wrapped as a `ServerHandler` and not as a `Service`,
//! because servers over HTTP accept nothing else. A client is wrapped where the program makes requests, because its span is current only
//! there: at the running client and its peer, which are types of rmcp without hooks. [`RunningClient`] and [`ClientPeer`] have the methods
//! of theirs. The handler of a client is wrapped too, so that the first request has a context, and requests of the server continue their
//! trace.

mod client;
mod handler;
mod intent;
mod meta;
mod observed;
mod peer;
mod pending;
mod server;
mod session;
mod settings;
mod tool;

pub use client::{Client, RunningClient};
pub use handler::ClientService;
pub use peer::ClientPeer;
pub use server::Server;
