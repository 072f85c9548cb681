//! Servers that answer piece by piece, when a test asks for it, or not at all.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

/// A timeout, far longer than anything on loopback takes. A wait ends as soon as its condition is met.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

/// A server that answers one request with a stream.
pub(crate) struct Lockstep {
    pub(crate) url: String,
    pieces: UnboundedSender<String>,
}

impl Lockstep {
    pub(crate) async fn start() -> Self {
        Self::with_head("200 OK\r\ncontent-type: text/event-stream").await
    }

    /// A server whose answers begin with this status and these headers.
    pub(crate) async fn with_head(head: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1/chat/completions", listener.local_addr().unwrap());
        let (pieces, receiver) = unbounded_channel();
        tokio::spawn(async move { serve(listener.accept().await.unwrap().0, head, receiver).await });
        Self { url, pieces }
    }

    /// Sends a piece. The answer ends when the server is dropped.
    pub(crate) fn send(&self, piece: &str) {
        self.pieces.send(piece.to_owned()).unwrap();
    }
}

/// A server that gets one request and never answers.
pub(crate) struct Silent {
    pub(crate) url: String,
    signals: UnboundedReceiver<()>,
}

impl Silent {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, signals) = unbounded_channel();
        tokio::spawn(async move {
            let mut stream = listener.accept().await.unwrap().0;
            read_request(&mut stream).await;
            sender.send(()).unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
            let _ = sender.send(());
        });
        Self { url, signals }
    }

    /// Waits until the request has arrived.
    pub(crate) async fn arrived(&mut self) {
        self.signal().await;
    }

    /// Waits until the client has disconnected.
    pub(crate) async fn disconnected(&mut self) {
        self.signal().await;
    }

    async fn signal(&mut self) {
        timeout(TIMEOUT, self.signals.recv()).await.unwrap().unwrap();
    }
}

async fn read_request(stream: &mut TcpStream) {
    let mut request = Vec::new();
    // The body is a JSON object.
    while !request.ends_with(b"}") {
        let read = timeout(TIMEOUT, stream.read_buf(&mut request)).await.expect("a body with a length");
        assert_ne!(read.unwrap(), 0, "a whole request");
    }
}

async fn serve(mut stream: TcpStream, head: &str, mut pieces: UnboundedReceiver<String>) {
    read_request(&mut stream).await;
    let head = format!("HTTP/1.1 {head}\r\ntransfer-encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    while let Some(piece) = pieces.recv().await {
        stream.write_all(format!("{:x}\r\n{piece}\r\n", piece.len()).as_bytes()).await.unwrap();
    }
    let _ = stream.write_all(b"0\r\n\r\n").await;
}
