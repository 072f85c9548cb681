//! The explorer: a store, the routes and a server.

use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpListener;

use crate::access::Access;
use crate::console::print_line;
use crate::error::Error;
use crate::routes::routes;
use crate::server;
use crate::store::{Location, Opened, Retention, Store};

/// The options of an explorer.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The address to listen on. If it is not a loopback address, requests need a token.
    pub(crate) host: IpAddr,
    /// The port. 0 is any free port.
    pub(crate) port: u16,
    /// Where traces are kept.
    pub(crate) location: Location,
    /// How much is kept.
    pub(crate) retention: Retention,
}

/// An explorer that listens.
#[derive(Debug)]
pub(crate) struct Explorer {
    listener: TcpListener,
    store: Store,
    access: Access,
    address: SocketAddr,
}

impl Explorer {
    /// Opens the store and listens. Requests wait until [`serve`](Self::serve). Reports a damaged store that was replaced.
    pub(crate) async fn start(options: &Options) -> Result<Self, Error> {
        let (listener, address) = server::listen(options.host, options.port).await?;
        let access = if options.host.is_loopback() {
            Access::Loopback { port: address.port() }
        } else {
            Access::Token(random_text()?)
        };
        let Opened { store, set_aside } = Store::open(&options.location, options.retention)?;
        if let Some(aside) = set_aside {
            print_line(format_args!(
                "the store was damaged; it is kept as {}, and a new one was made",
                aside.display()
            ));
        }
        Ok(Self { listener, store, access, address })
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

    /// Answers requests until `end` is ready.
    pub(crate) async fn serve(self, end: impl Future<Output = ()>) -> Result<(), Error> {
        let routes = routes(self.store.clone(), &self.origin(), &random_text()?);
        server::serve(self.listener, routes, self.access, end).await;
        Ok(())
    }
}

/// 128 random bits as text.
fn random_text() -> Result<String, getrandom::Error> {
    Ok(format!("{:016x}{:016x}", getrandom::u64()?, getrandom::u64()?))
}
