//! One browser for all tests of this program, controlled through the DevTools protocol.
//!
//! The messages go through two pipes, with zero bytes between them, so the tests need no WebSocket and no driver. The crates for the
//! protocol (chromiumoxide, headless_chrome, thirtyfour with chromedriver) have an async client or generated code of many thousand lines
//! for the two dozen calls here. When this program ends for any reason, the pipes close and the browser ends too.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::{Duration, Instant};
use std::{env, io, thread};

use serde_json::{Value, json};

/// How long the browser may take to answer, on a machine that is busy with other tests.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The browser reads from descriptor 3 and writes to 4. Its directory is removed after its end.
const START: &str = r#"
    trap "" INT TERM
    directory=$(mktemp -d)
    "$@" --user-data-dir="$directory" 3<&0 4>&1 </dev/null >/dev/null 2>&1
    rm -rf "$directory"
"#;
const OPTIONS: [&str; 12] = [
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--lang=en-US",
];

#[derive(Debug)]
pub(crate) struct Browser {
    pipe: Arc<Mutex<ChildStdin>>,
    inbox: Arc<Inbox>,
}

/// The messages of the browser.
#[derive(Debug, Default)]
struct Inbox {
    messages: Mutex<Messages>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct Messages {
    calls: u64,
    answers: HashMap<u64, Value>,
    /// By session.
    events: HashMap<String, Vec<Value>>,
    closed: bool,
}

/// The browser, or `None` if there is none.
pub(crate) fn browser() -> Option<&'static Browser> {
    static BROWSER: OnceLock<Option<Browser>> = OnceLock::new();
    BROWSER
        .get_or_init(|| {
            let program = find();
            if program.is_none() {
                let line =
                    "skipped: the tests with a browser need one; install it with: apt-get install chromium";
                assert!(env::var_os("LLMOBS_REQUIRE_BROWSER").is_none_or(|value| value != "1"), "{line}");
                // The test harness shows the output of `eprintln!` only for failed tests.
                io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
            }
            program.map(Browser::start)
        })
        .as_ref()
}

fn find() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
    let folders: Vec<_> = env::split_paths(&env::var_os("PATH")?).collect();
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file())
}

impl Browser {
    fn start(program: PathBuf) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", START, "sh"])
            .arg(program)
            .args(OPTIONS)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh starts");
        let answers = child.stdout.take().unwrap();
        let pipe = Arc::new(Mutex::new(child.stdin.take().unwrap()));
        let inbox = Arc::<Inbox>::default();
        let (listening, answering) = (Arc::clone(&inbox), Arc::clone(&pipe));
        thread::spawn(move || {
            listening.listen(answers, &answering);
            drop(child.wait());
        });
        Self { pipe, inbox }
    }

    /// Calls a method, and returns its result.
    pub(crate) fn call(&self, session: &str, method: &str, params: &Value) -> Result<Value, String> {
        let call = self.send(session, method, params);
        let until = Instant::now() + TIMEOUT;
        let mut messages = self.inbox.messages.lock().unwrap();
        loop {
            if let Some(mut answer) = messages.answers.remove(&call) {
                return match answer.get("error") {
                    Some(error) => Err(format!("{method}: {error}")),
                    None => Ok(answer["result"].take()),
                };
            }
            assert!(!messages.closed, "the browser ended before it answered {method}");
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the browser does not answer {method} {params}");
            messages = self.inbox.more.wait_timeout(messages, left).unwrap().0;
        }
    }

    fn send(&self, session: &str, method: &str, params: &Value) -> u64 {
        let call = {
            let mut messages = self.inbox.messages.lock().unwrap();
            messages.calls += 1;
            messages.calls
        };
        let mut message = json!({ "id": call, "method": method, "params": params });
        if !session.is_empty() {
            message["sessionId"] = session.into();
        }
        write(&self.pipe, &message);
        call
    }

    /// All events of a session.
    pub(crate) fn events(&self, session: &str) -> Vec<Value> {
        self.inbox.messages.lock().unwrap().events.get(session).cloned().unwrap_or_default()
    }
}

impl Inbox {
    fn listen(&self, answers: ChildStdout, pipe: &Mutex<ChildStdin>) {
        for message in BufReader::new(answers).split(0) {
            let Ok(message) = message else { break };
            let message: Value = serde_json::from_slice(&message).expect("JSON from the browser");
            if message["method"] == "Page.javascriptDialogOpening" {
                // A dialog blocks its page until it is closed. No call has the number 0.
                let close = json!({ "id": 0, "sessionId": message["sessionId"],
                    "method": "Page.handleJavaScriptDialog", "params": { "accept": true } });
                write(pipe, &close);
            }
            let mut messages = self.messages.lock().unwrap();
            if let Some(call) = message["id"].as_u64() {
                messages.answers.insert(call, message);
            } else if let Some(session) = message["sessionId"].as_str() {
                messages.events.entry(session.to_owned()).or_default().push(message);
            }
            self.more.notify_all();
        }
        self.messages.lock().unwrap().closed = true;
        self.more.notify_all();
    }
}

fn write(pipe: &Mutex<ChildStdin>, message: &Value) {
    let mut message = message.to_string().into_bytes();
    message.push(0);
    pipe.lock().unwrap().write_all(&message).expect("a browser that reads");
}
