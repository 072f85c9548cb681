//! Refused requests.

/// A request that the intake refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    /// The time, in milliseconds since the Unix epoch.
    pub(crate) at_ms: i64,
    /// The path of the request.
    pub(crate) path: String,
    /// The reason.
    pub(crate) reason: String,
}
