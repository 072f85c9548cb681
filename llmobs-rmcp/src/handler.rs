//! The handler of a client, which receives the context of each request of the server.

use llmobs_runtime::{FutureSpanExt as _, current, enabled};
use rmcp::model::{ClientConfig, ClientResult, ServerNotification, ServerRequest};
use rmcp::service::{NotificationContext, RequestContext};
use rmcp::{ErrorData, RoleClient, Service};

use crate::meta;

/// The handler of a program, as a traced client runs it. Created by [`Client`](crate::Client).
#[derive(Debug)]
pub struct ClientService<S> {
    pub(crate) handler: S,
    pub(crate) distributed_tracing: bool,
}

impl<S: Service<RoleClient>> Service<RoleClient> for ClientService<S> {
    async fn handle_request(
        &self,
        request: ServerRequest,
        context: RequestContext<RoleClient>,
    ) -> Result<ClientResult, ErrorData> {
        let here = self.distributed_tracing.then(|| meta::context_of(&context.meta, &context.extensions));
        async { self.handler.handle_request(request, context).await }.in_context(here.flatten()).await
    }

    async fn handle_notification(
        &self,
        notification: ServerNotification,
        context: NotificationContext<RoleClient>,
    ) -> Result<(), ErrorData> {
        self.handler.handle_notification(notification, context).await
    }

    /// Returns the information that the client sends when it connects, with the current context.
    fn get_info(&self) -> ClientConfig {
        let mut info = self.handler.get_info();
        if self.distributed_tracing && enabled() {
            meta::write_params(&current(), &mut info);
        }
        info
    }

    fn supported_protocol_versions(&self) -> std::borrow::Cow<'static, [rmcp::model::ProtocolVersion]> {
        self.handler.supported_protocol_versions()
    }
}
