//! Where requests are sent while Agents start and stop. Each test compares the requests that each server received.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::super::*;
use crate::base::secret::Secret;
use crate::deliver::transport::FailureKind;
use crate::deliver::transport::endpoint::Endpoint;
use crate::deliver::transport::loopback::{Request, Server};

const INFO: &str = "GET /info";
const THROUGH_AGENT: &str = "POST /evp_proxy/v2/api/v2/llmobs";
const DIRECT: &str = "POST /api/v2/llmobs";
/// A path that does not exist.
const NO_SOCKET: &str = "/nowhere/llmobs/apm.socket";

fn answer(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn info(endpoints: &str) -> String {
    answer(200, &format!(r#"{{"version":"7.70.0","endpoints":[{endpoints}]}}"#))
}

/// Answers like an Agent that accepts spans.
fn agent(request: &Request) -> String {
    if request.target == INFO { info(r#""/v0.4/traces","/evp_proxy/v2/""#) } else { answer(202, "{}") }
}

/// Answers like an older Agent.
fn old_agent(request: &Request) -> String {
    if request.target == INFO { info(r#""/v0.4/traces""#) } else { answer(404, "404 page not found\n") }
}

/// Returns an address without a listener.
fn unused_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn settings(agent: SocketAddr) -> Settings {
    Settings {
        agent_url: Some(format!("http://{agent}")),
        timeout: Duration::from_secs(60),
        ..Settings::default()
    }
}

/// Returns a transport with an Agent at one address and Datadog at the other.
fn http(agent: SocketAddr, datadog: Option<SocketAddr>) -> Http {
    let settings = settings(agent);
    let mut http = Http::new(&settings).unwrap();
    if let Some(datadog) = datadog {
        let origin = Some(format!("http://{datadog}"));
        let settings = Settings { api_key: Some(Secret::new("key")), override_origin: origin, ..settings };
        http.route.intake = Endpoint::intake(&settings);
    }
    http
}

fn send(http: &mut Http) -> Result<(), (FailureKind, String)> {
    let mut body = "[]".to_owned();
    http.send(Payload::Events(&mut body)).map_err(|failure| (failure.kind, failure.message))
}

#[test]
fn the_agent_is_queried_once_when_spans_are_sent() {
    let server = Server::answering(None, agent);
    let mut http = http(server.address(), None);
    assert_eq!(server.connections(), 0);
    for _ in 0..3 {
        assert_eq!(send(&mut http), Ok(()));
    }
    let evaluations = ["1".to_owned(), "2".to_owned()];
    assert!(http.send(Payload::Evaluations(&evaluations)).is_ok());
    let through_agent = "POST /evp_proxy/v2/api/intake/llm-obs/v2/eval-metric";
    assert_eq!(server.targets(), [INFO, THROUGH_AGENT, THROUGH_AGENT, THROUGH_AGENT, through_agent]);
}

#[test]
fn without_an_agent_and_a_key_spans_wait_for_an_agent() {
    let address = unused_address();
    let mut http = http(address, None);
    let message = format!(
        "no Datadog Agent answers at http://{address}: start one, set DD_TRACE_AGENT_URL to its address, set DD_API_KEY to \
         send straight to Datadog, or LLMOBS_EXPORTER=console to see the spans without it"
    );
    for _ in 0..2 {
        assert_eq!(send(&mut http), Err((FailureKind::Unavailable, message.clone())));
    }
    let server = Server::answering(Some(address), old_agent);
    let (kind, message) = send(&mut http).unwrap_err();
    assert_eq!(kind, FailureKind::Unavailable);
    assert!(
        message.starts_with(&format!(
            "the Datadog Agent at http://{address} does not support LLM Observability: update it, set"
        )),
        "{message}"
    );
    assert_eq!(server.targets(), [INFO]);
    drop(server);
    let server = Server::answering(Some(address), agent);
    assert_eq!(send(&mut http), Ok(()));
    assert_eq!(server.targets(), [INFO, THROUGH_AGENT]);
    drop(server);
    // The Agent stops and starts again.
    assert_eq!(send(&mut http).unwrap_err().0, FailureKind::Unavailable);
    let server = Server::answering(Some(address), agent);
    assert_eq!(send(&mut http), Ok(()));
    assert_eq!(server.targets(), [INFO, THROUGH_AGENT]);
}

#[test]
fn with_a_key_spans_go_to_datadog_while_the_agent_is_gone() {
    let statuses = [202, 202, 500, 403, 202];
    let answered = AtomicUsize::new(0);
    let datadog =
        Server::answering(None, move |_| answer(statuses[answered.fetch_add(1, Ordering::SeqCst)], ""));
    let server = Server::answering(None, agent);
    let address = server.address();
    let mut http = http(address, Some(datadog.address()));
    assert_eq!(send(&mut http), Ok(()));
    assert_eq!(server.targets(), [INFO, THROUGH_AGENT]);
    drop(server);
    assert_eq!(send(&mut http), Ok(()));
    assert_eq!(datadog.targets(), [DIRECT]);
    let server = Server::answering(Some(address), agent);
    assert_eq!(send(&mut http), Ok(()));
    assert_eq!(send(&mut http).unwrap_err().0, FailureKind::Unavailable);
    assert_eq!((datadog.targets().len(), server.targets().len()), (3, 0));
    // After a refusal, the other endpoint is tried.
    assert_eq!(send(&mut http), Ok(()));
    assert_eq!(datadog.targets().len(), 4);
    assert_eq!(server.targets(), [INFO, THROUGH_AGENT]);
}

#[test]
fn an_agent_that_stops_accepting_spans_is_replaced_by_datadog() {
    let datadog = Server::answering(None, |_| answer(202, ""));
    let queries = AtomicUsize::new(0);
    let server = Server::answering(None, move |request| {
        let is_new = request.target == INFO && queries.fetch_add(1, Ordering::SeqCst) == 0;
        if is_new { agent(request) } else { old_agent(request) }
    });
    let mut http = http(server.address(), Some(datadog.address()));
    for _ in 0..2 {
        assert_eq!(send(&mut http), Ok(()));
    }
    assert_eq!(server.targets(), [INFO, THROUGH_AGENT, INFO]);
    assert_eq!(datadog.targets(), [DIRECT, DIRECT]);
    assert!(datadog.requests()[0].headers.contains(&"dd-api-key: key".to_owned()));
    let key = |request: &Request| request.headers.iter().any(|header| header.contains("key"));
    assert!(!server.requests().iter().any(key));
}

#[test]
fn no_agent_is_queried_if_the_settings_choose() {
    let server = Server::answering(None, |_| answer(404, ""));
    let choice = Settings { agentless: Some(false), ..settings(server.address()) };
    let mut http = Http::new(&choice).unwrap();
    let message = format!(
        "http://{}/evp_proxy/v2/api/v2/llmobs answers 404 Not Found; the Agent may be too old for LLM Observability",
        server.address()
    );
    assert_eq!(send(&mut http), Err((FailureKind::Denied, message)));
    assert_eq!(server.targets(), [THROUGH_AGENT]);

    let choice = Settings {
        agentless: Some(true),
        api_key: Some(Secret::new("key")),
        override_origin: Some(server.url()),
        ..settings(unused_address())
    };
    let mut http = Http::new(&choice).unwrap();
    assert_eq!(send(&mut http).unwrap_err().0, FailureKind::Denied);
    assert_eq!(server.targets(), [THROUGH_AGENT, DIRECT]);
}

#[test]
fn spans_go_to_the_public_api_if_configured() {
    let server = Server::answering(None, agent);
    let mut http = Http::new(&Settings { public_api: true, ..settings(server.address()) }).unwrap();
    let event = r#"[{"spans":[{"name":"step","meta":{"span":{"kind":"task"}}}]}]"#;
    let mut body = event.to_owned();
    assert!(http.send(Payload::Events(&mut body)).is_ok());
    // The spans can be sent again.
    assert_eq!(body, event);
    assert_eq!(server.targets(), [INFO, "POST /evp_proxy/v2/api/intake/llm-obs/v1/trace/spans"]);
    let request = server.requests().pop().unwrap();
    assert!(request.headers.contains(&"x-datadog-evp-subdomain: api".to_owned()), "{request:?}");
    let spans = r#"[{"name":"step","meta":{"kind":"task"}}]"#;
    let expected =
        format!(r#"{{"data":{{"type":"span","attributes":{{"ml_app":"unnamed-ml-app","spans":{spans}}}}}}}"#);
    assert_eq!(String::from_utf8(request.body).unwrap(), expected);
}

#[test]
fn settings_that_cannot_work_are_errors() {
    let base = || Settings { agent_url: Some("http://localhost:8126".to_owned()), ..Settings::default() };
    let key = || Some(Secret::new("key"));
    let error = |settings: &Settings| Http::new(settings).err().map(|error| format!("{error:?}"));
    assert_eq!(error(&base()), None);
    let agentless = |agentless| Settings { agentless: Some(agentless), ..base() };
    assert_eq!(error(&agentless(false)), None);
    assert_eq!(error(&agentless(true)).as_deref(), Some("MissingApiKey"));
    let bad_site = |site: &str| Settings { site: site.to_owned(), api_key: key(), ..agentless(true) };
    assert_eq!(error(&bad_site("")).as_deref(), Some("MissingSite"));
    assert_eq!(error(&bad_site("x@y")).as_deref(), Some("InvalidSite"));
    // An Agent needs no site.
    assert_eq!(error(&Settings { agentless: None, ..bad_site("") }), None);
    let bad_url = |agentless| Settings { agentless, agent_url: Some("ftp://agent".to_owned()), ..base() };
    for agentless in [None, Some(false)] {
        assert!(error(&bad_url(agentless)).unwrap().starts_with("InvalidUrl"));
    }
    // Datadog needs no Agent.
    let with_key = Settings { api_key: key(), ..bad_url(None) };
    assert_eq!(error(&with_key), if cfg!(feature = "tls") { None } else { Some("NoTls".to_owned()) });
}

#[cfg(unix)]
mod unix {
    use std::fs;
    use std::os::unix::net::UnixListener;
    use std::path::PathBuf;
    use std::sync::mpsc::{Receiver, channel};
    use std::thread;

    use super::*;
    use crate::base::random::random;
    use crate::deliver::transport::loopback::Connection;

    /// A socket in a separate folder, which is removed on drop.
    struct Socket(PathBuf);

    impl Socket {
        fn new() -> Self {
            let folder = std::env::temp_dir().join(format!("llmobs-{}-{:x}", std::process::id(), random()));
            fs::create_dir(&folder).unwrap();
            Self(folder.join("apm.socket"))
        }

        /// Serves connections like an Agent, one for each query and one for spans, and returns their requests.
        fn serve(&self, connections: usize) -> Receiver<Vec<String>> {
            let listener = UnixListener::bind(&self.0).unwrap();
            let (requests, served) = channel();
            thread::spawn(move || {
                for stream in listener.incoming().take(connections) {
                    let mut connection = Connection::new(stream.unwrap());
                    let mut targets = Vec::new();
                    while let Some(request) = connection.request() {
                        connection.send(&agent(&request));
                        targets.push(request.target);
                    }
                    requests.send(targets).unwrap();
                }
            });
            served
        }
    }

    impl Drop for Socket {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(self.0.parent().unwrap());
        }
    }

    #[test]
    fn an_agent_listens_at_a_unix_socket() {
        for (scheme, agentless) in [("unix://", None), ("", None), ("unix:", Some(false))] {
            let socket = Socket::new();
            let url = format!("{scheme}{}", socket.0.display());
            let settings = Settings { agent_url: Some(url), agentless, ..Settings::default() };
            let mut http = Http::new(&settings).unwrap();
            // The socket is created later.
            let (kind, message) = send(&mut http).unwrap_err();
            assert_eq!(kind, FailureKind::Unavailable);
            assert!(message.contains(&format!("unix://{}", socket.0.display())), "{message}");
            let served = socket.serve(if agentless.is_none() { 2 } else { 1 });
            for _ in 0..2 {
                assert_eq!(send(&mut http), Ok(()));
            }
            drop(http);
            let served: Vec<String> = served.iter().flatten().collect();
            let queries = if agentless.is_none() { &[INFO][..] } else { &[] };
            assert_eq!(served, [queries, &[THROUGH_AGENT, THROUGH_AGENT]].concat());
        }
    }

    #[test]
    fn without_an_address_an_existing_socket_is_used() {
        let server = Server::answering(None, agent);
        for agentless in [None, Some(false)] {
            let socket = Socket::new();
            let settings = Settings { agentless, ..Settings::default() };
            let http = || {
                Http::with_route(Route::with_default(&settings, &socket.0, &server.url()).unwrap(), &settings)
            };
            let before = server.targets().len();
            assert_eq!(send(&mut http()), Ok(()));
            assert_eq!(server.targets().last().unwrap(), THROUGH_AGENT);
            let over_tcp = server.targets().len();
            assert_ne!(over_tcp, before);
            let requests = socket.serve(if agentless.is_none() { 2 } else { 1 });
            assert_eq!(send(&mut http()), Ok(()));
            assert_eq!(requests.iter().flatten().last().unwrap(), THROUGH_AGENT);
            assert_eq!(server.targets().len(), over_tcp);
        }
    }

    #[test]
    fn a_socket_without_a_server_is_skipped() {
        let server = Server::answering(None, agent);
        let socket = Socket::new();
        drop(UnixListener::bind(&socket.0).unwrap());
        let settings = Settings::default();
        let route = Route::with_default(&settings, &socket.0, &server.url()).unwrap();
        assert_eq!(send(&mut Http::with_route(route, &settings)), Ok(()));
        assert_eq!(server.targets(), [INFO, THROUGH_AGENT]);
        let route = Route::with_default(&settings, Path::new(NO_SOCKET), &server.url()).unwrap();
        assert_eq!(send(&mut Http::with_route(route, &settings)), Ok(()));
    }
}
