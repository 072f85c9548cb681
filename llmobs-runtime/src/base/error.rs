//! The error of starting a client.

use std::path::PathBuf;
use std::{fmt, io};

/// The error that `init` returns. Nothing is recorded then, and all other calls do nothing.
///
/// A host program should log it and continue: see the example of [`Config::init`](crate::Config::init).
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Delivery straight to Datadog needs an API key.
    MissingApiKey,
    /// Delivery straight to Datadog needs a site.
    MissingSite,
    /// The site is not a host name such as `datadoghq.eu`.
    InvalidSite,
    /// The API key has characters that are not allowed in an HTTP header.
    InvalidApiKey,
    /// A URL cannot be used.
    #[non_exhaustive]
    InvalidUrl {
        /// The name of the variable that sets it.
        setting: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The address of the Agent is a Unix socket, which this system does not have.
    #[non_exhaustive]
    UnixSocket {
        /// The name of the variable that sets it.
        setting: &'static str,
    },
    /// The address is `https`, and the crate was built without the feature `tls`.
    NoTls,
    /// A client is already running. Only one can run at a time.
    AlreadyInitialized,
    /// The output file cannot be opened.
    #[non_exhaustive]
    File {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The operating system could not start a thread.
    #[non_exhaustive]
    Thread {
        /// The error of the operating system.
        source: io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingApiKey => f.write_str(
                "no API key: set DD_API_KEY, or run a Datadog Agent and set DD_LLMOBS_AGENTLESS_ENABLED=false, or set \
                 LLMOBS_EXPORTER=console to see the spans without Datadog",
            ),
            Self::MissingSite => f.write_str(
                "no Datadog site: DD_SITE is empty; unset it for datadoghq.com or set it to your site, such as datadoghq.eu",
            ),
            Self::InvalidSite => {
                f.write_str("DD_SITE is not a host name: set it to your Datadog site, such as datadoghq.eu")
            }
            Self::InvalidApiKey => f.write_str(
                "DD_API_KEY has characters that are not allowed in an HTTP header: copy the key again, without line breaks",
            ),
            Self::InvalidUrl { setting, problem } => write!(f, "{setting} {problem}"),
            Self::UnixSocket { setting } => write!(
                f,
                "{setting} names a Unix socket, which llmobs can use on Unix alone: set it to the http address of the \
                 Agent, such as http://localhost:8126"
            ),
            Self::NoTls => f.write_str(
                "an https address needs the feature `tls` of the llmobs crate: enable it, or report to an Agent",
            ),
            Self::AlreadyInitialized => {
                f.write_str("llmobs is already initialized: drop the guard of the first `init` before calling `init` again")
            }
            Self::File { path, .. } => write!(f, "cannot open {} to write spans to it", path.display()),
            Self::Thread { .. } => f.write_str("cannot start the thread that delivers spans"),
        }
    }
}

impl Error {
    /// Returns the text of the error and of its source.
    pub(crate) fn chain(&self) -> String {
        match std::error::Error::source(self) {
            Some(source) => format!("{self}: {source}"),
            None => self.to_string(),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } | Self::Thread { source } => Some(source),
            _ => None,
        }
    }
}
