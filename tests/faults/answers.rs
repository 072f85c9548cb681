//! Servers that reject requests, redirect, limit the rate, or send invalid answers.

use std::time::{Duration, SystemTime};

use llmobs_test_support::{FaultRequest, FaultServer, Reply, Script};

use crate::Case;
use crate::outcome::Outcome;
use crate::program::{
    DELAY, FLUSH_TIMEOUT, KEY, LONGEST_PAUSE, NEVER, PROBE, RECORDER, SHORT_TIMEOUT, SHUTDOWN, TIMEOUT,
    agent, ended, intake, spans, timed,
};

pub(crate) const CASES: &[Case] = &[
    Case::new("A12", "413 and a close while a body arrives", early_413),
    Case::new("A13", "413 above 256 KiB", size_limit),
    Case::new("A14", "one event that is too large", large_event),
    Case::new("A15", "one event that is rejected", poison),
    Case::new("A16", "400 for all requests", refused),
    Case::new("A17", "403, then 202", key_becomes_valid),
    Case::new("A17", "401 until shutdown", key_stays_invalid),
    Case::new("A18", "404 of an Agent, then 202", route_appears),
    Case::new("A19", "408, 425 and 5xx three times", busy),
    Case::new("A20", "429 with Retry-After in seconds", || waits("retry-after", "2", Duration::from_secs(2))),
    Case::new("A20", "429 with Retry-After as a date", retry_after_date),
    Case::new("A20", "429 with x-ratelimit-reset in seconds", || {
        waits("x-ratelimit-reset", "2", Duration::from_secs(2));
    }),
    Case::new("A20", "429 with x-ratelimit-reset as a time", reset_at_a_time),
    Case::new("A20", "429 with invalid waits", invalid_waits),
    Case::new("A20", "429 for 31 years, then shutdown", shutdown_while_waiting),
    Case::new("A21", "redirects to another server", redirects),
    Case::new("A22", "answers that are not HTTP", garbage),
    Case::new("A22", "endless headers", || first(Reply::endless_headers().kept())),
    Case::new("A22", "endless 100 Continue", || first(Reply::endless_continue())),
    Case::new("A22", "202 with a broken length", broken_length),
    Case::new("A23", "202 with an endless body", endless_body),
];

fn early_413() {
    let early = |request: &FaultRequest| {
        (request.length() > 256 * 1024).then(|| Reply::status(413).then_close().after_bytes(4096))
    };
    let server = Script::accepting().at_head(early).start();
    let _llmobs = intake(&server).flush_interval(NEVER).init().unwrap();
    spans(1000, 1024);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 1000).is("1000 delivered, 1000 kept");
    assert!(server.post_count() <= 24, "{}", server.post_count());
}

fn above(limit: usize) -> Script {
    Script::new(move |request| if request.length() > limit { Reply::status(413) } else { Reply::accepted() })
}

fn size_limit() {
    let server = above(256 * 1024).start();
    let _llmobs = intake(&server).flush_interval(NEVER).init().unwrap();
    spans(1000, 1024);
    assert_eq!(llmobs::flush(FLUSH_TIMEOUT).delivered, 1000);
    let first = server.posts().len();
    spans(1000, 1024);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 2000).is("2000 delivered, 2000 kept");
    assert!(first <= 16, "{first}");
    let refused = server.posts()[first..].iter().filter(|post| post.length() > 256 * 1024).count();
    assert!(refused <= 1, "{refused} more rejections");
}

fn large_event() {
    let server = above(1_000_000).start();
    let _llmobs = intake(&server).flush_interval(NEVER).max_capture_bytes(8 * 1024 * 1024).init().unwrap();
    spans(500, 100);
    spans(1, 4_000_000);
    spans(499, 100);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 1000).is("1000 delivered, 1000 kept");
    assert_eq!(report.stripped, 1);
    let marked =
        server.posts().iter().filter(|post| post.length() <= 1_000_000 && post.has("dropped_io")).count();
    assert_eq!(marked, 1);
}

fn poison() {
    let server =
        Script::new(|request| if request.has("poison") { Reply::status(400) } else { Reply::accepted() })
            .start();
    let _llmobs = intake(&server).flush_interval(NEVER).init().unwrap();
    spans(613, 100);
    llmobs::task("poison").start().finish();
    spans(386, 100);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 1000).is("999 delivered, 1 dropped (rejected), 999 kept");
    assert!(server.post_count() <= 24, "{}", server.post_count());
}

fn refused() {
    let server = Script::new(|_| Reply::status(400)).start();
    let _llmobs = intake(&server).flush_interval(NEVER).init().unwrap();
    spans(1000, 100);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 1000).is("1000 dropped (rejected)");
    assert!(server.post_count() <= 24, "{}", server.post_count());
}

/// Checks that a server that rejects all requests is probed, rarely, and that this is logged once.
fn is_probed(server: &FaultServer) {
    for gap in &server.gaps()[..2] {
        assert!((PROBE / 2..PROBE * 2).contains(gap), "{gap:?}");
    }
    assert_eq!(RECORDER.warnings().len(), 1, "{:?}", RECORDER.warnings());
}

fn after_two_rejections(status: u16) -> Script {
    Script::new(move |request| match request.number {
        0..2 => Reply::status(status),
        _ => Reply::accepted(),
    })
}

fn key_becomes_valid() {
    let server = after_two_rejections(403).start();
    let _llmobs = intake(&server).timeout(SHORT_TIMEOUT).init().unwrap();
    spans(10, 100);
    server.wait_for_posts(1);
    spans(10, 100);
    // A flush would send a request immediately.
    server.wait_for_posts(3);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 20).is("20 delivered, 20 kept");
    is_probed(&server);
}

fn key_stays_invalid() {
    let server = Script::new(|_| Reply::status(401)).start();
    let llmobs = intake(&server).init().unwrap();
    let first = llmobs::task("first").start();
    let context = first.context();
    drop(first);
    spans(9, 100);
    server.wait_for_posts(1);
    let ((), took) = timed(|| drop(llmobs));
    let report = ended(&context);
    Outcome::of(&report, &server, 10).is("10 dropped (denied)");
    assert!(took < SHUTDOWN + DELAY, "{took:?}");
    assert!(server.post_count() <= 2, "{}", server.post_count());
}

fn route_appears() {
    let server = after_two_rejections(404).agent_with(&["/v0.4/traces"]).start();
    let _llmobs = agent(&server.url()).timeout(SHORT_TIMEOUT).init().unwrap();
    spans(10, 100);
    server.wait_for_posts(3);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 10).is("10 delivered, 10 kept");
    is_probed(&server);
}

fn busy() {
    for status in [408, 425, 429, 500, 502, 503, 504] {
        let server = Script::new(move |request| match request.number {
            0..3 => Reply::status(status),
            _ => Reply::accepted(),
        })
        .start();
        let _llmobs = intake(&server).init().unwrap();
        spans(10, 100);
        let report = llmobs::flush(FLUSH_TIMEOUT);
        Outcome::of(&report, &server, 10).is("10 delivered, 10 kept");
        assert_eq!(server.post_count(), 4, "{status}");
        // Random parts of 10, 20 and 40 ms, and the time of an attempt, which may be long once on a busy machine.
        let mut gaps = server.gaps();
        gaps.sort();
        assert!(gaps[1] < Duration::from_millis(250), "{gaps:?}");
    }
}

/// Answers 429 with this header, and checks that the next request comes after at least this time.
fn waits(header: &'static str, value: &str, least: Duration) {
    let value = value.to_owned();
    let server = Script::new(move |request| match request.number {
        0 => Reply::with_header(429, header, &value),
        _ => Reply::accepted(),
    })
    .start();
    let _llmobs = intake(&server).init().unwrap();
    spans(10, 100);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 10).is("10 delivered, 10 kept");
    let gap = server.gaps()[0];
    assert!((least..least + Duration::from_secs(3)).contains(&gap), "{gap:?}");
}

fn retry_after_date() {
    // A date has no fractions of a second. No other code here formats dates.
    let seconds = seconds_from_now(3);
    let (hours, minutes, seconds) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let (day, month, year) = civil_date(seconds_from_now(3) / 86_400);
    let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][month];
    let weekday =
        ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][(seconds_from_now(3) / 86_400 % 7) as usize];
    let date = format!("{weekday}, {day:02} {month} {year} {hours:02}:{minutes:02}:{seconds:02} GMT");
    waits("retry-after", &date, Duration::from_millis(1500));
}

fn reset_at_a_time() {
    waits("x-ratelimit-reset", &seconds_from_now(3).to_string(), Duration::from_millis(1500));
}

fn seconds_from_now(seconds: u64) -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() + seconds
}

/// The day from 1, the month from 0, and the year of a day since 1970.
fn civil_date(mut day: u64) -> (u64, usize, u64) {
    let is_leap =
        |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while day >= 365 + u64::from(is_leap(year)) {
        day -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let mut month = 0;
    for length in [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    (day + 1, month, year)
}

fn invalid_waits() {
    let headers = [
        ("retry-after", "-1"),
        ("retry-after", "NaN"),
        ("retry-after", ""),
        ("retry-after", "Wed, 99 Foo 2026 77:00:00 GMT"),
        ("x-ratelimit-reset", "-1"),
        ("x-ratelimit-reset", "inf"),
        ("x-other", "1"),
    ];
    let server = Script::new(move |request| match headers.get(request.number) {
        Some((name, value)) => Reply::with_header(429, name, value),
        None => Reply::accepted(),
    })
    .start();
    let _llmobs = intake(&server).init().unwrap();
    spans(10, 100);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 10).is("10 delivered, 10 kept");
    assert_eq!(server.post_count(), headers.len() + 1);
    assert!(server.gaps().iter().all(|gap| *gap < LONGEST_PAUSE), "{:?}", server.gaps());
}

fn shutdown_while_waiting() {
    let server = Script::new(|_| Reply::with_header(429, "retry-after", "999999999")).start();
    let llmobs = intake(&server).init().unwrap();
    let first = llmobs::task("first").start();
    let context = first.context();
    drop(first);
    spans(9, 100);
    let timeout = Duration::from_secs(1);
    let (report, flushed) = timed(|| llmobs::flush(timeout));
    assert_eq!((report.pending(), server.post_count()), (10, 1));
    assert!(flushed < timeout + DELAY, "{flushed:?}");
    let ((), took) = timed(|| drop(llmobs));
    let report = ended(&context);
    Outcome::of(&report, &server, 10).is("10 dropped (shutdown)");
    assert!(took < SHUTDOWN + DELAY, "{took:?}");
    assert_eq!(server.post_count(), 1);
}

fn redirects() {
    let target = Script::accepting().start();
    let mut refused = 0;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("{}/{KEY}", target.url());
        let server = Script::new(move |_| Reply::with_header(status, "location", &location)).start();
        let llmobs = intake(&server).init().unwrap();
        let span = llmobs::task("step").start();
        let context = span.context();
        drop(span);
        server.wait_for_posts(1);
        let ((), took) = timed(|| drop(llmobs));
        let report = ended(&context);
        Outcome::of(&report, &server, 1).is("1 dropped (denied)");
        assert!(took < SHUTDOWN + DELAY, "{took:?}");
        refused += server.post_count();
    }
    assert_eq!(target.connections(), 0);
    assert!((5..=10).contains(&refused), "{refused}");
}

fn garbage() {
    let server = Script::new(|request| match request.number {
        0 => Reply::raw([0, 159, 146, 150].repeat(1000)),
        1 => Reply::raw("SSH-2.0-OpenSSH_9.6\r\n"),
        2 => Reply::raw("HTTP/1.1 999999 Status\r\n\r\n"),
        3 => Reply::raw("HTTP/1.1 \r\n\r\n"),
        4 => Reply::raw("HTTP/9.9 503 Status\r\ncontent-length: -1\r\n\r\n"),
        _ => Reply::accepted(),
    })
    .start();
    let _llmobs = intake(&server).init().unwrap();
    spans(10, 100);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 10).is("10 delivered, 10 kept");
    // A receiver that did not answer may be probed before it gets the same spans again.
    assert!((6..=8).contains(&server.post_count()), "{}", server.post_count());
}

/// Answers the first request with this reply, and checks that the client gives up at the timeout.
fn first(fault: Reply) {
    let server =
        Script::new(move |request| if request.number == 0 { fault.clone() } else { Reply::accepted() })
            .start();
    let _llmobs = intake(&server).init().unwrap();
    spans(10, 100);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 10).is("10 delivered, 10 kept");
    let longest = server.gaps().into_iter().max().unwrap_or_default();
    assert!(longest < TIMEOUT + DELAY, "{longest:?}");
}

fn broken_length() {
    let server = Script::new(|request| match request.number {
        0 => Reply::raw("HTTP/1.1 202 Accepted\r\ncontent-length: -5\r\n\r\n").kept(),
        1 => Reply::raw("HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n").kept(),
        2 => Reply::raw("HTTP/1.1 202 Accepted\r\ncontent-length: 100\r\n\r\nshort").kept(),
        _ => Reply::accepted(),
    })
    .start();
    let _llmobs = intake(&server).init().unwrap();
    let mut report = llmobs::stats();
    for _ in 0..3 {
        spans(10, 100);
        report = llmobs::flush(FLUSH_TIMEOUT);
    }
    Outcome::of(&report, &server, 30).is("30 delivered, 30 kept");
}

fn endless_body() {
    let server = Script::new(|request| match request.number {
        0 => Reply::endless_body(202),
        1 => Reply::with_header(202, "content-encoding", "gzip"),
        _ => Reply::accepted(),
    })
    .start();
    // Far longer than reading a part of the body takes.
    let timeout = Duration::from_secs(20);
    let _llmobs = intake(&server).timeout(timeout).init().unwrap();
    let mut report = llmobs::stats();
    let ((), took) = timed(|| {
        for _ in 0..3 {
            spans(10, 100);
            report = llmobs::flush(FLUSH_TIMEOUT);
        }
    });
    Outcome::of(&report, &server, 30).is("30 delivered, 30 kept");
    assert_eq!(server.post_count(), 3);
    assert!(took < timeout / 2, "{took:?}");
}
