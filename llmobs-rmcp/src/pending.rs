//! Requests whose response the program awaits with a handle.

use llmobs_runtime::Span;
use rmcp::model::{ClientRequest, GetMeta as _, ServerResult};
use rmcp::service::{PeerRequestOptions, RequestHandle};
use rmcp::{Peer, RoleClient, ServiceError};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::meta;
use crate::observed::{Observed, View};
use crate::session::{Session, show_error};
use crate::tool::show_at_client;

/// The span of a request that has no response yet. It is cancelled if it is dropped.
struct Pending(Option<Span>);

impl Pending {
    fn finish(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(span) = self.0.take() {
            span.cancel();
        }
    }
}

/// Sends a request with the context of its trace. If it has a span, the span ends with the response, or when the handle is dropped.
pub(crate) async fn send(
    peer: &Peer<RoleClient>,
    session: &Session,
    mut request: ClientRequest,
    options: PeerRequestOptions,
) -> Result<RequestHandle<RoleClient>, ServiceError> {
    // A task forwards the response, in the runtime of tokio.
    let runtime = Handle::try_current().ok();
    let observed = match &request {
        ClientRequest::CallToolRequest(call) => Some(session.start_call(&call.params)),
        ClientRequest::ListToolsRequest(list) => Some(session.start_list(list.params.as_ref())),
        _ => None,
    };
    let observed = observed.filter(|observed| observed.view().is_recorded() && runtime.is_some());
    if session.writes() {
        let context = observed.as_ref().map_or_else(|| session.here(), Observed::context);
        meta::write(&context, request.get_meta_mut());
    }
    let (Some(observed), Some(runtime)) = (observed, runtime) else {
        return peer.send_request_with_option(request, options).await;
    };
    let (span, view) = observed.into_parts();
    let pending = Pending(Some(span));
    let sent = peer.send_request_with_option(request, options).await;
    let mut handle = sent.inspect_err(|error| show_error(&view, error))?;
    let (mut to_program, answer) = oneshot::channel();
    let from_server = std::mem::replace(&mut handle.rx, answer);
    runtime.spawn(async move {
        tokio::select! {
            biased;
            answer = from_server => {
                show(&view, answer.as_ref().unwrap_or(&Err(ServiceError::TransportClosed)));
                pending.finish();
                // Without a response the program finds the channel closed, as it would without this task.
                if let Ok(answer) = answer {
                    let _ = to_program.send(answer);
                }
            }
            () = to_program.closed() => drop(pending),
        }
    });
    Ok(handle)
}

fn show(view: &View, answer: &Result<ServerResult, ServiceError>) {
    match answer {
        Ok(ServerResult::CallToolResult(result)) => show_at_client(result, view),
        Ok(result) => view.output(result),
        Err(error) => show_error(view, error),
    }
}
