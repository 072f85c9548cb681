//! TLS for servers.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use axum::serve::Listener;
use rcgen::{CertificateParams, CertifiedKey, KeyPair, date_time_ymd};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};
use tokio_rustls::server::TlsStream;

use crate::fault_server::own_address;

/// The self-signed certificate of a server, and its key.
pub struct Identity(CertifiedKey<KeyPair>);

impl Identity {
    /// For `localhost`, and the address of a `FaultServer` in this process.
    pub fn generate() -> Self {
        Self::named("localhost", |_| {})
    }

    /// For another host.
    pub fn of_another_host() -> Self {
        Self::named("other.example", |_| {})
    }

    /// For `localhost`, valid only in the year 2001.
    pub fn expired() -> Self {
        Self::named("localhost", |params| {
            params.not_before = date_time_ymd(2001, 1, 1);
            params.not_after = date_time_ymd(2001, 12, 31);
        })
    }

    fn named(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let names = if name == "localhost" {
            vec![name.to_owned(), own_address().to_string()]
        } else {
            vec![name.to_owned()]
        };
        let mut params = CertificateParams::new(names).expect("a name");
        change(&mut params);
        let signing_key = KeyPair::generate().expect("a key");
        let cert = params.self_signed(&signing_key).expect("a certificate");
        Self(CertifiedKey { cert, signing_key })
    }

    /// The certificate in PEM.
    pub(crate) fn certificate(&self) -> String {
        self.0.cert.pem()
    }

    fn config(&self) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::try_from(self.0.signing_key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![self.0.cert.der().clone()], key)
            .expect("a certificate with its key");
        Arc::new(config)
    }

    pub(crate) fn listener(&self, tcp: TcpListener) -> TlsListener {
        TlsListener { tcp, acceptor: TlsAcceptor::from(self.config()) }
    }

    /// Adds TLS to a connection that was accepted.
    pub(crate) fn serve<S: Read + Write>(&self, socket: S) -> io::Result<StreamOwned<ServerConnection, S>> {
        let connection = ServerConnection::new(self.config()).map_err(io::Error::other)?;
        Ok(StreamOwned::new(connection, socket))
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity")
    }
}

pub(crate) struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let (stream, address) = Listener::accept(&mut self.tcp).await;
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}
