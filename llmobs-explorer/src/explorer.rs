//! The explorer: a store, the routes and a server.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use tokio::net::TcpListener;

use crate::access::Access;
use crate::routes::routes;
use crate::server::{self, ListenError};
use crate::store::{Location, OpenError, Opened, Retention, Store};

/// The options of an explorer.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen on. If it is not a loopback address, requests need a token.
    pub host: IpAddr,
    /// The port. 0 is any free port.
    pub port: u16,
    /// Where traces are kept.
    pub location: Location,
    /// How much is kept.
    pub retention: Retention,
}

/// Why an explorer cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The explorer cannot listen.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The system has no random numbers.
    #[error("no random numbers are to be had: {0}")]
    Random(#[from] getrandom::Error),
}

/// An explorer that listens.
#[derive(Debug)]
pub(crate) struct Explorer {
    listener: TcpListener,
    store: Store,
    access: Access,
    address: SocketAddr,
    set_aside: Option<PathBuf>,
}

impl Explorer {
    /// Opens the store and listens. Requests wait until [`serve`](Self::serve).
    pub(crate) async fn start(options: &Options) -> Result<Self, StartError> {
        let listener = server::listen(options.host, options.port).await?;
        let unnamed =
            |source| ListenError::System { address: SocketAddr::new(options.host, options.port), source };
        let address = listener.local_addr().map_err(unnamed)?;
        let access = if options.host.is_loopback() {
            Access::Loopback { port: address.port() }
        } else {
            Access::Token(random_text()?)
        };
        let Opened { store, set_aside } = Store::open(&options.location, options.retention)?;
        Ok(Self { listener, store, access, address, set_aside })
    }

    /// The address to open, without a path, such as `http://127.0.0.1:8126`.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The token for the first request, if requests need one.
    pub(crate) fn token(&self) -> Option<&str> {
        match &self.access {
            Access::Loopback { .. } => None,
            Access::Token(token) => Some(token),
        }
    }

    /// The new name of a damaged store that was replaced.
    pub(crate) fn set_aside(&self) -> Option<&PathBuf> {
        self.set_aside.as_ref()
    }

    /// Answers requests until `end` is ready.
    pub(crate) async fn serve(self, end: impl Future<Output = ()>) -> Result<(), StartError> {
        let routes = routes(self.store.clone(), &self.origin(), &random_text()?);
        server::serve(self.listener, routes, self.access, end).await;
        Ok(())
    }
}

/// 128 random bits as text.
fn random_text() -> Result<String, getrandom::Error> {
    Ok(format!("{:016x}{:016x}", getrandom::u64()?, getrandom::u64()?))
}
