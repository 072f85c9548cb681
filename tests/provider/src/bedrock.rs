//! Amazon Bedrock: Converse, and InvokeModel with the bodies of Claude, Titan and Cohere.

mod converse;
mod frame;
mod invoke;

use serde_json::{Value, json};

use crate::reply::{Exchange, Failure, Reply};

/// The data in the path of a request.
#[derive(Debug)]
pub(crate) struct Target {
    /// The id of the model.
    pub(crate) model: String,
    /// `converse` or `invoke`.
    action: Action,
    pub(crate) is_stream: bool,
}

#[derive(Clone, Copy, Debug)]
enum Action {
    Converse,
    Invoke,
}

impl Target {
    /// Reads `/model/ID/ACTION`.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let (model, action) = path.strip_prefix("/model/")?.rsplit_once('/')?;
        let (action, is_stream) = match action {
            "converse" => (Action::Converse, false),
            "converse-stream" => (Action::Converse, true),
            "invoke" => (Action::Invoke, false),
            "invoke-with-response-stream" => (Action::Invoke, true),
            _ => return None,
        };
        // The characters in ids and ARNs.
        let model = model.replace("%3A", ":").replace("%2F", "/");
        Some(Self { model, action, is_stream })
    }

    pub(crate) fn reply(&self, exchange: &Exchange) -> Result<Reply, Failure> {
        match self.action {
            Action::Converse => converse::reply(exchange),
            Action::Invoke => invoke::reply(exchange),
        }
    }
}

/// The status, the name and the body of a failure.
pub(crate) fn failure(failure: &Failure) -> (u16, &'static str, Value) {
    let (status, name, message) = match failure {
        Failure::NoEndpoint => (404, "UnknownOperationException", String::new()),
        Failure::NotJson => (400, "SerializationException", "The body is not JSON".to_owned()),
        Failure::Missing(field) => (
            400,
            "ValidationException",
            format!("Malformed input request: #: required key [{field}] not found"),
        ),
        Failure::MissingHeader(_) => {
            (403, "MissingAuthenticationTokenException", "Missing Authentication Token".to_owned())
        }
        Failure::TooLong => (400, "ValidationException", "Input is too long for requested model.".to_owned()),
        Failure::WrongKey => {
            let message = "The security token included in the request is invalid.";
            (403, "UnrecognizedClientException", message.to_owned())
        }
        Failure::RateLimit => {
            (429, "ThrottlingException", "Too many requests, please wait before trying again.".to_owned())
        }
        Failure::Internal => (500, "InternalServerException", "Internal server error".to_owned()),
        Failure::Overloaded => {
            (503, "ServiceUnavailableException", "Bedrock is unable to process your request.".to_owned())
        }
    };
    (status, name, json!({"message": message}))
}

/// The exception that ends a stream in the middle, in an object with its name as the key.
fn exception() -> Value {
    json!({"modelStreamErrorException": {
        "message": "The model is overloaded.",
        "originalStatusCode": 529,
        "originalMessage": "Overloaded",
    }})
}
