//! Events over HTTP, to Datadog's intake or to an Agent.

use log::Level;

use llmobs_capture::log::log;

use super::client::{Client, Refusal};
use super::endpoint::Intake;
use super::resolver::Names;
use super::route::Route;
use super::{Failure, FailureKind, Framing, Payload, Transport, evaluations_body, public_api};
use crate::base::error::Error;
use crate::deliver::report::DropReason;
use crate::deliver::settings::Settings;

/// Finds an endpoint when it first sends, and another one if that fails. It keeps an endpoint that accepts requests.
#[derive(Debug)]
pub(crate) struct Http {
    settings: Settings,
    route: Route,
    names: Names,
    client: Option<Client>,
    /// The endpoint of the last client, as the log shows it.
    logged: String,
}

impl Http {
    /// # Errors
    ///
    /// Returns an error if the settings can never work.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Error> {
        Ok(Self::with_route(Route::new(settings)?, settings))
    }

    fn with_route(route: Route, settings: &Settings) -> Self {
        let (settings, names) = (settings.clone(), Names::default());
        Self { settings, route, names, client: None, logged: String::new() }
    }
}

impl Transport for Http {
    fn framing(&self) -> Option<Framing> {
        Some(Framing::Array)
    }

    fn send(&mut self, payload: Payload<'_>) -> Result<(), Failure> {
        match payload {
            Payload::Events(events) if self.settings.public_api => {
                let body = public_api::body(events, self.settings.ml_app());
                let unreadable = |_| {
                    let internal = FailureKind::Permanent(DropReason::Internal);
                    Failure::new(
                        internal,
                        "spans could not be encoded for the public API, which is a bug in llmobs",
                    )
                };
                self.post(Intake::Spans, &mut body.map_err(unreadable)?)
            }
            Payload::Events(body) => self.post(Intake::Spans, body),
            Payload::Evaluations(metrics) => self.post(Intake::Evaluations, &mut evaluations_body(metrics)),
            Payload::Spans(_) => Ok(()),
        }
    }
}

impl Http {
    fn post(&mut self, intake: Intake, body: &mut String) -> Result<(), Failure> {
        let mut client = match self.client.take() {
            Some(client) => client,
            None => self.find()?,
        };
        let mut sent = client.post(intake, body);
        if matches!(sent, Err(Refusal { is_wrong_endpoint: true, .. })) {
            let other = self.find()?;
            if other.endpoint().to_string() != client.endpoint().to_string() {
                client = other;
                sent = client.post(intake, body);
            }
        }
        match sent {
            Ok(()) => {
                self.client = Some(client);
                Ok(())
            }
            Err(Refusal { failure, is_wrong_endpoint }) => {
                self.client = Some(client).filter(|_| !is_wrong_endpoint);
                Err(failure)
            }
        }
    }

    fn find(&mut self) -> Result<Client, Failure> {
        let endpoint = self.route.find(&self.names)?;
        let shown = endpoint.to_string();
        if self.logged != shown {
            log(Level::Info, format_args!("spans of {} go to {shown}", self.settings.ml_app()));
            self.logged = shown;
        }
        Ok(Client::new(endpoint, &self.settings, self.names.clone()))
    }
}

#[cfg(test)]
mod tests;
