//! Spans for clients and servers of the [Model Context Protocol](https://modelcontextprotocol.io) that use
//! [rmcp](https://docs.rs/rmcp), the official SDK.
//!
//! Use the `llmobs` crate with the feature `rmcp`, which has this as `llmobs::rmcp`.
//!
//! Wrap the handler on which `serve` is called: that of a client in [`Client`], that of a server in [`Server`].
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
//! A client no longer needs `ServiceExt`. A server over streamable HTTP takes `|| Ok(Server::new(Weather))` in place of `|| Ok(Weather)`. Where a program names the type
//! `RunningService<RoleClient, S>` of a client, that is now [`RunningClient<S>`](RunningClient), and its `Peer<RoleClient>` is a
//! [`ClientPeer`].
//!
//! # Spans
//!
//! Names, kinds and tags are those of Datadog's other SDKs. All have the tag `integration:mcp`.
//!
//! | where | what | kind and name | input and output | tags |
//! |---|---|---|---|---|
//! | client | the session, from `serve` to its end | `workflow` "MCP Client Session" | | `mcp_server_name`, `mcp_server_version`, `mcp_server_title` |
//! | | the first exchange of messages | `task` "MCP Client Initialize" | what the server says of itself | |
//! | | the call of a tool | `tool` "MCP Client Tool Call: *tool*" | arguments, result | `mcp_tool_kind:client`, and those of the session |
//! | | a page of tools | `task` "MCP Client list Tools" | cursor, result | |
//! | server | `initialize` | `task` "mcp.initialize" | request, result | `mcp_method`, `mcp_session_id`, `client_name`, `client_version` |
//! | | `server/discover` | `task` "mcp.server/discover" | request, result | the same |
//! | | `tools/call` | `tool` with the name of the tool | request, result | `mcp_method`, `mcp_session_id`, `mcp_tool`, `mcp_tool_kind:server` |
//! | | `tools/list` | `task` "mcp.tools/list" | request, result | `mcp_method`, `mcp_session_id` |
//!
//! A call has failed if the answer is an error of the protocol, or a result that says it is one: the latter has the type `ToolError`. A
//! call that the program drops, or that the client cancels, has the tag `cancelled:true`. What the program annotates on a span wins.
//! `mcp_session_id` is there for sessions over HTTP.
//!
//! # Parents
//!
//! The span of a client's request is inside the span that is current where the program makes it. Where none is, or only that in which
//! the session began, it is inside the session.
//!
//! The context of the trace goes to the server in the `_meta` of each request: as `traceparent` and `tracestate`, which
//! [SEP-414](https://modelcontextprotocol.io) reserves, and as `_dd_trace_context`, which Datadog's other SDKs read. What the program
//! wrote there itself stays. A server goes on under it: it reads `_dd_trace_context` first, then the others, then the headers of HTTP. What the
//! handler does is inside the span of its request, and of a request without a span in its trace. Without a context, each request is
//! a trace of its own.
//!
//! Requests have no context of a trace where rmcp makes them itself: `server/discover`, the pages of `list_all_prompts` and its like, and what
//! the handler of a server asks the client through `RequestContext::peer`.
//!
//! # Intents
//!
//! With [`Server::capture_intent`], tools are listed with one more argument, in which the model says why it calls the tool. The span of
//! the call shows it as the intent, and the tool does not get it. Tools that have an argument of this name, and those that models cannot
//! call, are listed as they are.
//!
//! # How it works
//!
//! rmcp offers three places to look from: the transport, the service and the peer.
//!
//! A transport sees all messages of both sides, but it runs in the task of the connection, where the span of the program that makes
//! a request is not current, and it cannot make a span current around a handler. A wrapped transport would also change the errors
//! that the program gets, since these hold its type.
//!
//! So a server is wrapped at its handler, which rmcp calls for each request in a task of its own, with `_meta` and the extensions of the
//! transport: there the span begins, and is current while the handler runs. It is wrapped as a `ServerHandler` and not as a `Service`, since
//! servers over HTTP take nothing else. A client is wrapped where the program makes requests, since its span is current only there: at the
//! running client and its peer, which are types of rmcp that nothing can be hooked into. [`RunningClient`] and [`ClientPeer`] have the
//! methods of theirs. The handler of a client is wrapped too, so that the first request has a context, and requests of the server
//! continue their trace.

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
