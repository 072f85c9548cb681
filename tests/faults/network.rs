//! Servers that are unreachable, slow or silent, and names and sockets that do not resolve or connect.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use llmobs_test_support::{FaultRequest, FaultServer, Reply, Script};

use crate::Case;
use crate::outcome::Outcome;
use crate::program::{
    DELAY, FLUSH_TIMEOUT, LONGEST_PAUSE, NEVER, RECORDER, SHUTDOWN, TIMEOUT, agent, ended, intake, spans,
    timed, times_of_spans,
};

pub(crate) const CASES: &[Case] = &[
    Case::new("A1", "unreachable for 2 s", unreachable),
    Case::new("A2", "unreachable until the queue is full", unreachable_until_the_queue_is_full),
    Case::new("A2", "busy for 6 s", busy),
    Case::new("A3", "unreachable until shutdown", unreachable_until_shutdown),
    Case::new("A4", "up and down every 100 ms", up_and_down),
    Case::new("A5", "headers that arrive byte by byte", dripping_head),
    Case::new("A6", "202 with a body that arrives slowly", dripping_body),
    Case::new("A7", "accepts and never reads", never_reads),
    Case::new("A7", "reads 500 kB/s", reads_slowly),
    Case::new("A8", "reads and never answers", never_answers),
    Case::new("A8", "answers after the timeout", answers_late),
    Case::new("A9", "reset in the middle of a body", reset_in_a_body),
    Case::new("A10", "closes idle connections", closes_idle_connections),
    Case::new("A11", "closes at the next request", closes_at_the_next_request),
    #[cfg(unix)]
    Case::new("A25", "a DNS that hangs", hanging_dns).in_shell(HANGING_DNS),
    Case::new("A26", "a name that does not exist", unknown_name),
    #[cfg(unix)]
    Case::new("A27", "proxies in the environment", proxies).in_shell(PROXIES),
    #[cfg(unix)]
    Case::new("A30", "no descriptors left", no_descriptors).in_shell("ulimit -n 64; exec \"$0\""),
    Case::new("A31", "IPv6 refused, IPv4 accepted", only_ipv4),
    #[cfg(target_os = "linux")]
    Case::new("A31", "no network at all", unreachable_until_shutdown).in_shell(WITHOUT_NETWORK),
    Case::new("A32", "an Agent that stops and restarts", agent_restarts),
    Case::new("A32", "an Agent that appears late", agent_appears_late),
];

fn unreachable() {
    let server = Script::accepting().absent();
    let _llmobs = intake(&server).init().unwrap();
    let mut times = times_of_spans(1000, 1024);
    sleep(Duration::from_secs(2));
    server.resume();
    let (report, flushed) = timed(|| llmobs::flush(FLUSH_TIMEOUT));
    Outcome::of(&report, &server, 1000).is("1000 delivered, 1000 kept");
    times.sort();
    assert!(times[500] < Duration::from_micros(500), "{:?}", times[500]);
    assert!(flushed < LONGEST_PAUSE + Duration::from_secs(2), "{flushed:?}");
}

fn unreachable_until_the_queue_is_full() {
    let server = Script::accepting().absent();
    let _llmobs = intake(&server).max_queue_bytes(1024 * 1024).init().unwrap();
    spans(2000, 2048);
    sleep(Duration::from_secs(6));
    server.resume();
    let report = llmobs::flush(FLUSH_TIMEOUT);
    let delivered = report.delivered;
    let lost = 2000 - delivered;
    Outcome::of(&report, &server, 2000)
        .is(&format!("{delivered} delivered, {lost} dropped (queue full), {delivered} kept"));
    assert!(delivered >= 300, "{delivered}");
}

fn busy() {
    let is_up = Arc::new(AtomicBool::new(false));
    let up = Arc::clone(&is_up);
    let answer = move |_: &FaultRequest| {
        if up.load(Ordering::Relaxed) { Reply::accepted() } else { Reply::status(503) }
    };
    let server = Script::new(answer).start();
    let _llmobs = intake(&server).init().unwrap();
    spans(100, 100);
    sleep(Duration::from_secs(6));
    let attempts = server.post_count();
    is_up.store(true, Ordering::Relaxed);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 100).is("100 delivered, 100 kept");
    assert!((4..=30).contains(&attempts), "{attempts}");
}

fn unreachable_until_shutdown() {
    let server = Script::accepting().absent();
    let llmobs = intake(&server).init().unwrap();
    let first = llmobs::task("first").start();
    let context = first.context();
    drop(first);
    spans(99, 100);
    let ((), took) = timed(|| drop(llmobs));
    let report = ended(&context);
    Outcome::of(&report, &server, 100).is("100 dropped (shutdown)");
    assert!(took < SHUTDOWN + DELAY, "{took:?}");
    // One warning that spans wait, and one that they are lost.
    let warnings = RECORDER.warnings();
    let losses = warnings.iter().filter(|line| line.contains("are lost")).count();
    assert!(losses == 1 && warnings.len() <= 2, "{warnings:?}");
}

fn up_and_down() {
    let server = Script::new(|_| Reply::accepted().then_close()).start();
    let _llmobs = intake(&server).init().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..10 {
                server.drain();
                sleep(Duration::from_millis(100));
                server.resume();
                sleep(Duration::from_millis(100));
            }
        });
        for _ in 0..100 {
            spans(10, 100);
            sleep(Duration::from_millis(20));
        }
    });
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 1000).is("1000 delivered, 1000 kept");
}

fn dripping_head() {
    let server = Script::new(|request| match request.number {
        0..2 => Reply::dripping_head(202, Duration::from_millis(100)),
        _ => Reply::accepted(),
    })
    .start();
    let _llmobs = intake(&server).init().unwrap();
    spans(10, 100);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 10).is_ambiguous();
    ends_in_time(&server);
}

/// Checks that each failed attempt ends at its timeout, which doubles for a slow receiver.
fn ends_in_time(server: &FaultServer) {
    let mut timeout = TIMEOUT;
    for gap in server.gaps() {
        assert!(gap < timeout + DELAY, "{:?}", server.gaps());
        timeout *= 2;
    }
}

fn dripping_body() {
    let server = Script::new(|_| Reply::dripping_body(202, 100_000, Duration::from_millis(10))).start();
    let _llmobs = intake(&server).init().unwrap();
    spans(10, 100);
    let (report, took) = timed(|| llmobs::flush(FLUSH_TIMEOUT));
    Outcome::of(&report, &server, 10).is("10 delivered, 10 kept");
    assert_eq!(server.post_count(), 1);
    assert!(took < Duration::from_secs(2), "{took:?}");
}

fn never_reads() {
    let server = Script::accepting().at_connection(|number| (number == 0).then(Reply::hang)).start();
    let _llmobs = intake(&server).init().unwrap();
    // Several mebibytes: more than the kernel buffers.
    spans(5000, 1024);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 5000).is("5000 delivered, 5000 kept");
}

fn reads_slowly() {
    let server = Script::accepting().reading(500_000).start();
    let _llmobs = intake(&server).init().unwrap();
    spans(1000, 1024);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 1000).is("1000 delivered, 1000 kept");
}

fn never_answers() {
    let server = Script::new(|request| match request.number {
        0..2 => Reply::hang().kept(),
        _ => Reply::accepted(),
    })
    .start();
    let _llmobs = intake(&server).init().unwrap();
    spans(10, 100);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 10).is_ambiguous();
    ends_in_time(&server);
}

fn answers_late() {
    let server = Script::new(|_| Reply::accepted().late(TIMEOUT * 3)).start();
    let _llmobs = intake(&server).init().unwrap();
    spans(10, 100);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 10).is_ambiguous();
}

fn reset_in_a_body() {
    let server = Script::accepting()
        .at_head(|request| (request.number < 2).then(|| Reply::close().after_bytes(1000)))
        .start();
    let _llmobs = intake(&server).flush_interval(NEVER).init().unwrap();
    // More than the kernel buffers.
    spans(1000, 4096);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 1000).is("1000 delivered, 1000 kept");
}

fn closes_idle_connections() {
    let server = Script::new(|_| Reply::accepted().then_close_after(Duration::from_millis(20))).start();
    let _llmobs = intake(&server).init().unwrap();
    let mut report = llmobs::stats();
    for _ in 0..20 {
        spans(1, 100);
        report = llmobs::flush(FLUSH_TIMEOUT);
        server.wait_until_closed();
    }
    Outcome::of(&report, &server, 20).is("20 delivered, 20 kept");
    assert_eq!(server.post_count(), 20);
}

fn closes_at_the_next_request() {
    let server = Script::new(|_| Reply::accepted().then_close_at_next()).start();
    let _llmobs = intake(&server).init().unwrap();
    let mut report = llmobs::stats();
    let mut times = Vec::new();
    for _ in 0..20 {
        spans(1, 100);
        let took;
        (report, took) = timed(|| llmobs::flush(FLUSH_TIMEOUT));
        times.push(took);
    }
    Outcome::of(&report, &server, 20).is("20 delivered, 20 kept");
    assert_eq!(server.connections(), 20);
    times.sort();
    assert!(times[times.len() / 2] < Duration::from_millis(60), "{times:?}");
}

/// The name server accepts queries and never answers.
#[cfg(unix)]
const HANGING_DNS: &str = r#"
if [ "$(id -u)" = 0 ]; then apart='unshare -m'; else apart='unshare -rmn'; fi
$apart true 2>/dev/null || { echo 'skipped: no namespaces'; exit 0; }
exec $apart sh -c '
    ip link set lo up
    resolv=$(mktemp) && echo "nameserver 127.0.0.1" > "$resolv" && mount --bind "$resolv" /etc/resolv.conf && exec "$0"
' "$0"
"#;

#[cfg(unix)]
#[expect(clippy::print_stdout, reason = "the parent reads the output")]
fn hanging_dns() {
    let Ok(_silent) = std::net::UdpSocket::bind("127.0.0.1:53") else {
        println!("skipped: the port of the name server is taken");
        return;
    };
    let server = Script::accepting().start();
    let config = intake(&server).override_origin(format!("http://intake.example:{}", server.port()));
    let llmobs = config.init().unwrap();
    let threads = || std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    let before = threads();
    spans(10, 100);
    let until = Instant::now() + Duration::from_secs(8);
    let mut most = 0;
    while Instant::now() < until {
        most = most.max(threads());
        sleep(Duration::from_millis(100));
    }
    Outcome::of(&llmobs::stats(), &server, 10).is("10 pending");
    assert!(most <= before + 2, "{before} threads at first, {most} at most");
    drop(llmobs);
}

fn unknown_name() {
    let server = Script::accepting().start();
    let llmobs = agent("http://no-such-host.invalid:9").init().unwrap();
    spans(10, 100);
    let timeout = Duration::from_secs(3);
    let (report, took) = timed(|| llmobs::flush(timeout));
    Outcome::of(&report, &server, 10).is("10 pending");
    assert!(took < timeout + DELAY, "{took:?}");
    assert_eq!(RECORDER.warnings().len(), 1, "{:?}", RECORDER.warnings());
    let ((), took) = timed(|| drop(llmobs));
    assert!(took < SHUTDOWN + DELAY, "{took:?}");
}

#[cfg(unix)]
fn no_descriptors() {
    let server = Script::accepting().start();
    let _llmobs = intake(&server).init().unwrap();
    let mut files = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        files.push(file);
    }
    spans(10, 100);
    assert_eq!(llmobs::flush(Duration::from_secs(1)).delivered, 0);
    drop(files);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 10).is("10 delivered, 10 kept");
}

fn only_ipv4() {
    let server = Script::accepting().start_on_localhost();
    let config = intake(&server).override_origin(format!("http://localhost:{}", server.port()));
    let _llmobs = config.init().unwrap();
    spans(10, 100);
    let (report, took) = timed(|| llmobs::flush(FLUSH_TIMEOUT));
    Outcome::of(&report, &server, 10).is("10 delivered, 10 kept");
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[cfg(target_os = "linux")]
const WITHOUT_NETWORK: &str =
    r#"unshare -rn true 2>/dev/null || { echo 'skipped: no namespaces'; exit 0; }; exec unshare -rn "$0""#;

/// A proxy that refuses connections.
#[cfg(unix)]
const PROXIES: &str = r#"
    for name in HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy; do
        export $name=http://127.0.0.1:9
    done
    unset NO_PROXY no_proxy
    exec "$0"
"#;

/// Neither an Agent nor an address of this machine is reached through a proxy.
#[cfg(unix)]
fn proxies() {
    let to_agent = |server: &FaultServer| agent(&server.url());
    for config in [to_agent, intake] {
        let server = Script::accepting().agent_with(&["/evp_proxy/v2/"]).start();
        let _llmobs = config(&server).init().unwrap();
        spans(10, 100);
        let report = llmobs::flush(Duration::from_secs(5));
        Outcome::of(&report, &server, 10).is("10 delivered, 10 kept");
    }
}

fn agent_restarts() {
    let server = Script::accepting().agent_with(&["/evp_proxy/v2/"]).start();
    let _llmobs = agent(&server.url()).agentless(None).api_key(crate::program::KEY).init().unwrap();
    spans(10, 100);
    assert_eq!(llmobs::flush(FLUSH_TIMEOUT).delivered, 10);
    server.stop();
    spans(10, 100);
    sleep(Duration::from_secs(2));
    server.resume();
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 20).is("20 delivered, 20 kept");
    assert!(server.posts().iter().all(|post| post.path.contains("evp_proxy")));
}

fn agent_appears_late() {
    let server = Script::accepting().agent_with(&["/evp_proxy/v2/"]).absent();
    let _llmobs = agent(&server.url()).agentless(None).init().unwrap();
    spans(10, 100);
    sleep(Duration::from_secs(1));
    server.resume();
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 10).is("10 delivered, 10 kept");
}
