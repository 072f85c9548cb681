//! The interceptor: the hooks that the SDK calls.

use std::mem;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, BeforeSerializationInterceptorContextRef,
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use llmobs_http::exchange::{AnswerBody, Exchange};

use crate::attempt::{Attempt, Started};

/// Makes spans of the model calls of a client of `aws-sdk-bedrockruntime`: `llm` spans of Converse, `ConverseStream`, `InvokeModel` and
/// `InvokeModelWithResponseStream`, and for the latter two also `embedding` spans of embedding models, and `retrieval` spans of reranking
/// models. A span has all data that [`providers`](llmobs_runtime::providers) reads from the request and the response.
///
/// ```
/// use aws_sdk_bedrockruntime::Client;
/// use aws_sdk_bedrockruntime::config::{Builder, Region};
///
/// // With aws-config: `Builder::from(&aws_config::load_from_env().await)`.
/// let config = Builder::new()
///     .region(Region::new("us-east-1"))
///     .interceptor(llmobs_bedrock::Interceptor::new())
///     .build();
/// let client = Client::from_conf(config);
/// # drop(client);
/// ```
///
/// Nothing is delayed or changed: a stream continues as it arrives. A span ends with the last event, or, tagged `cancelled:true`, when the
/// future or the stream is dropped before. Each attempt of the SDK's retries is a call, which begins when the signed request is sent. Keys,
/// signatures and other headers are not recorded. Other operations pass unchanged.
///
/// One call is one span: inside an `llm` span of the program, that span shows the call. See
/// [`ModelCall`](llmobs_runtime::integration::ModelCall).
#[derive(Clone, Debug, Default)]
pub struct Interceptor {
    captures_content: Option<bool>,
}

impl Interceptor {
    /// Creates an interceptor.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets whether spans show the content of requests to models and of their responses. Default: see
    /// [`Config::capture_message_content`](llmobs_runtime::Config::capture_message_content).
    #[must_use]
    pub fn capture_content(mut self, capture: impl Into<Option<bool>>) -> Self {
        self.captures_content = capture.into().or(self.captures_content);
        self
    }
}

type Hook = Result<(), BoxError>;

impl Intercept for Interceptor {
    fn name(&self) -> &'static str {
        "llmobs"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        cfg: &mut ConfigBag,
    ) -> Hook {
        if llmobs_runtime::enabled() {
            Started::put(cfg);
        }
        Ok(())
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Hook {
        if is_bedrock(cfg) {
            Attempt::begin(cfg);
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Hook {
        let request = context.request();
        if let Some(attempt) = cfg.load::<Attempt>()
            && let Some(body) = request.body().bytes()
        {
            attempt.set(Exchange::begin("", path_of(request.uri()), Some(body), self.captures_content));
        }
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Hook {
        let Some(attempt) = cfg.load::<Attempt>() else { return Ok(()) };
        let Some(mut exchange) = attempt.take() else { return Ok(()) };
        let response = context.response_mut();
        let status = response.status();
        exchange.answered(status.as_u16(), |name| response.headers().get(name));
        if status.is_success() && is_stream(cfg) {
            // The SDK's name for a lost connection.
            exchange.error_kind("DispatchFailure");
            let body = mem::replace(response.body_mut(), SdkBody::taken());
            *response.body_mut() = SdkBody::from_body_1_x(AnswerBody::new(body, Some(exchange)));
        } else {
            // The SDK reads the whole response before the attempt ends.
            attempt.set(Some(exchange));
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Hook {
        if let Some(attempt) = cfg.load::<Attempt>() {
            attempt.end(context);
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Hook {
        // The SDK does not call the hook above for an attempt that took too long.
        if let Some(attempt) = cfg.load::<Attempt>() {
            attempt.end(context);
        }
        Ok(())
    }
}

/// Returns whether the operation is one of Amazon Bedrock. The path shows which one.
fn is_bedrock(cfg: &ConfigBag) -> bool {
    cfg.load::<Metadata>().is_some_and(|operation| operation.service() == "Bedrock Runtime")
}

/// Returns whether the response of the operation is a stream of events.
fn is_stream(cfg: &ConfigBag) -> bool {
    let is_named =
        |names: &[&str]| cfg.load::<Metadata>().is_some_and(|operation| names.contains(&operation.name()));
    is_named(&["ConverseStream", "InvokeModelWithResponseStream"])
}

/// Returns the path of a URL.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default()
}
