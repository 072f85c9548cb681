//! An attempt of the SDK to call a model, stored in the configuration of its operation.

use std::error::Error;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use aws_smithy_runtime_api::client::interceptors::context::Error as OperationError;
use aws_smithy_runtime_api::client::interceptors::context::FinalizerInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use aws_smithy_types::timeout::TimeoutConfig;
use llmobs_http::exchange::Exchange;

/// The time at which an operation began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Started(Instant);

impl Storable for Started {
    type Storer = StoreReplace<Self>;
}

impl Started {
    pub(crate) fn put(cfg: &mut ConfigBag) {
        cfg.interceptor_state().store_put(Self(Instant::now()));
    }
}

/// An attempt to call a model. It is dropped with its operation.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// Set from the request until the response is streamed or the attempt has ended.
    exchange: Mutex<Option<Exchange>>,
    /// When the SDK gives up the attempt. It then drops the future, like a program that cancels a call.
    deadline: Option<Instant>,
}

impl Storable for Attempt {
    type Storer = StoreReplace<Self>;
}

impl Attempt {
    /// Begins an attempt, if the operation is observed. An earlier attempt that has not ended took too long.
    pub(crate) fn begin(cfg: &mut ConfigBag) {
        let Some(&Started(started)) = cfg.load::<Started>() else { return };
        if let Some(earlier) = cfg.load::<Self>().and_then(Self::take) {
            time_out(earlier);
        }
        let timeouts = cfg.load::<TimeoutConfig>();
        let whole =
            timeouts.and_then(TimeoutConfig::operation_timeout).and_then(|limit| started.checked_add(limit));
        let single = timeouts
            .and_then(TimeoutConfig::operation_attempt_timeout)
            .and_then(|limit| Instant::now().checked_add(limit));
        let deadline = whole.into_iter().chain(single).min();
        cfg.interceptor_state().store_put(Self { exchange: Mutex::default(), deadline });
    }

    pub(crate) fn set(&self, exchange: Option<Exchange>) {
        *self.exchange.lock().unwrap_or_else(PoisonError::into_inner) = exchange;
    }

    pub(crate) fn take(&self) -> Option<Exchange> {
        self.exchange.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Ends the call, unless its response is streamed.
    pub(crate) fn end(&self, context: &FinalizerInterceptorContextRef<'_>) {
        let Some(mut exchange) = self.take() else { return };
        let response = context.response();
        if let Some(body) = response.and_then(|response| response.body().bytes()) {
            exchange.read(body);
        }
        // An error of Bedrock is in the response.
        let is_answered = response.is_some_and(|response| response.status().as_u16() >= 400);
        match context.output_or_error() {
            Some(Err(error)) if !(is_answered && error.is_operation_error()) => {
                exchange.error_kind(kind_of(error, response.is_some()));
                exchange.fail(error.source().unwrap_or(error));
            }
            _ => exchange.finish(),
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
            && let Some(exchange) = self.take()
        {
            time_out(exchange);
        }
    }
}

/// Returns the name of an error: that of the variant of `SdkError` that the program receives, or that of timeouts for all of them.
fn kind_of(error: &OrchestratorError<OperationError>, has_response: bool) -> &'static str {
    let is_connector_timeout = error.as_connector_error().is_some_and(ConnectorError::is_timeout);
    if error.is_timeout_error() || is_connector_timeout {
        TIMEOUT
    } else if error.is_operation_error() {
        "ServiceError"
    } else if has_response {
        "ResponseError"
    } else {
        "DispatchFailure"
    }
}

const TIMEOUT: &str = "TimeoutError";

fn time_out(mut exchange: Exchange) {
    exchange.error_kind(TIMEOUT);
    exchange.fail(&TimedOut);
}

/// The error of a call that took longer than the configuration of the client allows.
#[derive(Debug)]
struct TimedOut;

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the call took longer than the timeouts of the client allow")
    }
}

impl Error for TimedOut {}
