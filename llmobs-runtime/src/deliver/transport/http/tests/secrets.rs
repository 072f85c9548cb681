//! What a logger receives of secrets.

use std::sync::Mutex;
use std::time::Duration;

use llmobs_test_support::{CaptureServer, ConnectProxy, leak};
use ureq::http::{HeaderName, HeaderValue};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Proxy};

use super::super::*;
use crate::base::secret::Secret;
use crate::deliver::transport::FailureKind;
use crate::deliver::transport::endpoint::Endpoint;

// No four consecutive letters of these occur in words or hexadecimal numbers.
const KEY: &str = "zq9xwvkj7pxmnbq4hg8dp2xa0ykq5rwz";
const TOKEN: &str = "bq5vzkw0tjxm8d";
const PROMPT: &str = "vy3jqk8wzx1bnm";
const PASSWORD: &str = "wjz4kvxq0pmd";
/// `user:` and the password, in base64.
const CREDENTIALS: &str = "dXNlcjp3ano0a3Z4cTBwbWQ=";

/// Accepts all requests.
struct Recorder(Mutex<String>);

impl log::Log for Recorder {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = format!("{} {}\n", record.target(), record.args());
        self.0.lock().unwrap().push_str(&line);
    }

    fn flush(&self) {}
}

static RECORDER: Recorder = Recorder(Mutex::new(String::new()));

/// Returns a client that trusts the certificate of the server.
fn client(server: &CaptureServer, proxy: Option<&ConnectProxy>) -> Client {
    let mut token = HeaderValue::from_static(TOKEN);
    token.set_sensitive(true);
    let settings = Settings {
        agentless: Some(true),
        api_key: Some(Secret::new(KEY)),
        override_origin: Some(server.url()),
        additional_headers: vec![(HeaderName::from_static("x-token"), token)],
        ..Settings::default()
    };
    let certificate = Certificate::from_pem(server.certificate().as_bytes());
    let trusted: Vec<_> = certificate.into_iter().collect();
    let proxy =
        proxy.map(|proxy| Proxy::new(&format!("http://user:{PASSWORD}@{}", proxy.address())).unwrap());
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)))
        .proxy(proxy)
        .tls_config(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&trusted)).build())
        .build();
    let endpoint = Endpoint::intake(&settings).unwrap();
    Client::with_config(endpoint, &settings, Names::default(), config)
}

/// One test, because a process has only one logger.
#[test]
fn no_secret_is_logged_at_any_level() {
    log::set_logger(&RECORDER).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    // Longer than several buffers.
    let large = "x".repeat(300_000);
    let mut bodies = [format!(r#"["{PROMPT}"]"#), format!(r#"["{large}{PROMPT}{large}"]"#)];
    let proxy = ConnectProxy::start();
    let mut output = String::new();
    for (server, proxy) in [
        (CaptureServer::start(), None),
        (CaptureServer::start_tls(), None),
        (CaptureServer::start_tls(), Some(&proxy)),
    ] {
        let server = server
            .statuses(&[202, 500])
            .header("location", &format!("/{KEY}/{TOKEN}?{PROMPT}"))
            .header("x-echo", &format!("{KEY} {TOKEN} {PROMPT} {PASSWORD} {CREDENTIALS}"))
            .answer(format!("{KEY} {TOKEN} {PROMPT}"));
        let mut http = Http::new(&Settings { agentless: Some(false), ..Settings::default() }).unwrap();
        http.client = Some(client(&server, proxy));
        assert!(http.send(Payload::Events(&mut bodies[0])).is_ok());
        let refused = http.send(Payload::Events(&mut bodies[1])).unwrap_err();
        let message = format!("{}/api/v2/llmobs answers 500 Internal Server Error", server.url());
        assert_eq!((refused.message, refused.kind), (message, FailureKind::Unavailable));
        assert!(http.send(Payload::Evaluations(&[format!(r#""{PROMPT}""#)])).is_ok());
        output += &format!("{http:?}");

        let posts = server.posts();
        let sent: Vec<&[u8]> = posts.iter().map(|post| &*post.body).collect();
        let evaluations = evaluations_body(&[format!(r#""{PROMPT}""#)]);
        assert!(sent == [bodies[0].as_bytes(), bodies[1].as_bytes(), evaluations.as_bytes()]);
        for post in &posts {
            assert_eq!((&*post.headers["dd-api-key"], &*post.headers["x-token"]), (KEY, TOKEN));
        }
    }
    // One tunnel serves all requests.
    let heads = proxy.heads();
    assert_eq!(heads.len(), 1);
    for head in heads {
        assert!(head.contains(&format!("Basic {CREDENTIALS}\r\n")), "{head}");
        assert_eq!(leak(&head, KEY).or_else(|| leak(&head, TOKEN)), None);
    }
    output += &RECORDER.0.lock().unwrap();
    assert!(output.contains("ureq_proto::util") && output.contains("CONNECT proxy connected"), "{output}");
    for secret in [KEY, TOKEN, PROMPT, PASSWORD, CREDENTIALS] {
        assert_eq!(leak(&output, secret), None, "in\n{output}");
    }
}
