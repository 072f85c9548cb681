//! The explorer: a store, the routes and a server.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use tokio::net::TcpListener;

use crate::access::Access;
use crate::arrivals::Arrivals;
use crate::console::print_line;
use crate::error::{Error, other};
use crate::routes::routes;
use crate::server;
use crate::store::{Location, Opened, Retention, Store};

/// The options of an explorer.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The address to listen on. If it is not a loopback address, requests need a token.
    pub(crate) host: IpAddr,
    /// The port. 0 means any free port.
    pub(crate) port: u16,
    /// The port for OpenTelemetry over HTTP.
    pub(crate) otlp_http: OtlpPort,
    /// The port for OpenTelemetry over gRPC.
    pub(crate) otlp_grpc: OtlpPort,
    /// Where to keep traces.
    pub(crate) location: Location,
    /// How much to keep.
    pub(crate) retention: Retention,
}

/// A port that programs with OpenTelemetry send to by default. The port of the explorer accepts the same requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtlpPort {
    /// No port.
    Off,
    /// This port. 0 means any free port.
    Port(u16),
}

impl FromStr for OtlpPort {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self::Off),
            port => port.parse().map(Self::Port).map_err(|_| "expected a port or `off`"),
        }
    }
}

/// An explorer that listens.
#[derive(Debug)]
pub(crate) struct Explorer {
    /// The first listener serves the pages.
    listeners: Vec<(TcpListener, Access)>,
    /// The other addresses for OpenTelemetry, with the names of their protocols.
    otlp: Vec<(&'static str, SocketAddr)>,
    store: Store,
    token: Option<String>,
    address: SocketAddr,
}

impl Explorer {
    /// Opens the store and listens. Requests wait until [`serve`](Self::serve). Prints a line if it replaced a damaged store.
    pub(crate) async fn start(options: &Options) -> Result<Self, Error> {
        let (listener, address) = server::listen(options.host, options.port).await?;
        let token = if options.host.is_loopback() { None } else { Some(random_text()?) };
        let access = |port| match &token {
            Some(token) => Access::Token(token.clone()),
            None => Access::Loopback { port },
        };
        let Opened { store, set_aside } = Store::open(&options.location, options.retention)?;
        if let Some(aside) = set_aside {
            print_line(format_args!(
                "the store was damaged: moved it to {} and created a new one",
                aside.display()
            ));
        }
        let mut listeners = vec![(listener, access(address.port()))];
        let mut otlp = Vec::new();
        for (port, name, option) in
            [(options.otlp_http, "HTTP", "--otlp-http-port"), (options.otlp_grpc, "gRPC", "--otlp-grpc-port")]
        {
            let OtlpPort::Port(port) = port else { continue };
            match server::listen(options.host, port).await {
                Ok((listener, address)) => {
                    listeners.push((listener, access(address.port())));
                    otlp.push((name, address));
                }
                Err(Error::PortTaken { port }) => print_line(format_args!(
                    "port {port} is taken by another program, perhaps a collector; OpenTelemetry over {name} is only received \
                     at http://{address}; choose another port: {option} {}",
                    other(port)
                )),
                Err(error) => return Err(error),
            }
        }
        Ok(Self { listeners, otlp, store, token, address })
    }

    /// The address to open, without a path, such as `http://127.0.0.1:8126`.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The other addresses for OpenTelemetry: the name of the protocol, and the address.
    pub(crate) fn otlp(&self) -> &[(&'static str, SocketAddr)] {
        &self.otlp
    }

    /// The token for the first request, if requests need one.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Answers requests until `end` is ready.
    pub(crate) async fn serve(self, end: impl Future<Output = ()>) -> Result<(), Error> {
        let arrivals = Arrivals::default();
        let routes =
            routes(self.store.clone(), &self.origin(), &self.otlp, &random_text()?, arrivals.clone());
        server::serve(self.listeners, routes, &arrivals, end).await;
        Ok(())
    }
}

/// Returns 128 random bits as text.
fn random_text() -> Result<String, getrandom::Error> {
    Ok(format!("{:016x}{:016x}", getrandom::u64()?, getrandom::u64()?))
}
