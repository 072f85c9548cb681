//! The pages to measure, and the table of results.

use std::time::Duration;

use super::explorer::{Explorer, Times};
use super::traces::{Traces, Wide, large_id};
use super::{Failed, LARGE};

/// A page and its name in the table.
struct Page {
    name: &'static str,
    path: String,
    /// Whether to write a trace before each request, which invalidates caches.
    changed: bool,
}

pub(crate) fn measure(explorer: &Explorer, traces: &Traces, rounds: usize) -> Result<(), Failed> {
    println!("| page | first byte, median | whole page, median | worst | CPU, median | KiB |");
    println!("|---|--:|--:|--:|--:|--:|");
    let mut failed = None;
    for Page { name, path, changed } in pages(traces) {
        let mut times = Vec::with_capacity(rounds);
        for round in 0..rounds {
            if changed {
                explorer.spans(&traces.change(round as u64))?;
            }
            match explorer.get(&path) {
                Ok(taken) => times.push(taken),
                Err(error) => failed = Some(error),
            }
        }
        let (first, _) = median_and_worst(&times, |times| times.first_byte);
        let (total, total_worst) = median_and_worst(&times, |times| times.total);
        let (work, _) = median_and_worst(&times, |times| times.work);
        let kib = times.last().map_or(0, |times| times.bytes / 1024);
        println!(
            "| {name} | {} | {} | {} | {} | {kib} |",
            millis(first),
            millis(total),
            millis(total_worst),
            millis(work),
        );
    }
    // The results of the other pages are printed in any case.
    failed.map_or(Ok(()), Err)
}

fn median_and_worst(times: &[Times], which: impl Fn(&Times) -> Duration) -> (Duration, Duration) {
    let mut durations: Vec<Duration> = times.iter().map(which).collect();
    durations.sort_unstable();
    let median = durations.get(durations.len() / 2).copied().unwrap_or_default();
    (median, durations.last().copied().unwrap_or_default())
}

fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}

fn pages(traces: &Traces) -> Vec<Page> {
    let page = |name, path: String| Page { name, path, changed: false };
    let list = |name, pairs: &str| page(name, format!("/traces?{pairs}"));
    let query = |name, query: &str| {
        let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
        page(name, format!("/traces?q={query}"))
    };
    let (deep, flat) = (large_id(Wide::Deep), large_id(Wide::Flat));
    vec![
        page("list", "/traces".to_owned()),
        Page { changed: true, ..page("list, after a change", "/traces".to_owned()) },
        list("list, second page", "page=2"),
        list("list, a page in the middle", &format!("page={}", traces.count() / 100)),
        list("list, last page", &format!("page={}", traces.count() / 50)),
        list("list, the oldest first", "order=asc"),
        list("list by duration", "sort=duration"),
        list("list by tokens", "sort=tokens"),
        list("list by number of spans", "sort=spans"),
        list("list by name", "sort=name&order=asc"),
        list("list, last hour", "last=1h"),
        list("list, last day", "last=1d"),
        list("list, a column", "column=tag.user_id&column=meta.metadata.temperature"),
        query("`status:error`", "status:error"),
        query("`@meta.span.kind:agent`", "@meta.span.kind:agent"),
        query("`@name:support*`", "@name:support*"),
        query("`user_id:u-17`", "user_id:u-17"),
        query("`team:search`, a fifth", "team:search"),
        query("`env:prod`, most", "env:prod"),
        query("`tags:*u-1*`", "tags:*u-1*"),
        query("a word, rare", "zanzibar"),
        query("a word, in most", "diquipli"),
        query("two words in quotes", "\"the zanzibar\""),
        query("`@duration:>5s`", "@duration:>5s"),
        query("`@trace.total_tokens:>2000`", "@trace.total_tokens:>2000"),
        query("`@meta.metadata.attempt:>2`", "@meta.metadata.attempt:>2"),
        query("`@session_id:s-77`", "@session_id:s-77"),
        query("`@child.@name:search_web`", "@child.@name:search_web"),
        query("`@child.@status:error`", "@child.@status:error"),
        query("`@child.@metrics.input_tokens:>900`", "@child.@metrics.input_tokens:>900"),
        query("`@evaluation.faithfulness.value:<0.5`", "@evaluation.faithfulness.value:<0.5"),
        query("`-@status:error -team:search`", "-@status:error -team:search"),
        query("`-zanzibar OR @duration:<1s`", "-zanzibar OR @duration:<1s"),
        query("nothing: a value", "@name:no_such_name"),
        query("nothing: a word", "nosuchword"),
        list("spans", "view=spans"),
        list("spans, second page", "view=spans&page=2"),
        list("spans by duration", "view=spans&sort=duration"),
        list("spans `status:error`", "view=spans&q=status%3Aerror"),
        list("spans `env:prod`, most", "view=spans&q=env%3Aprod"),
        list("spans `zanzibar`", "view=spans&q=zanzibar"),
        list("spans `@duration:>5s`", "view=spans&q=%40duration%3A%3E5s"),
        list("LLM calls", "view=llm"),
        list("LLM calls by tokens", "view=llm&sort=tokens"),
        page("trace, 6 spans", format!("/traces/{}", traces.id_of_six())),
        Page { changed: true, ..page("trace, 50,000 spans, after a change", format!("/traces/{deep}")) },
        page("trace, 50,000 spans", format!("/traces/{deep}")),
        Page {
            changed: true,
            ..page("one panel of it, after a change", format!("/traces/{deep}/spans/777"))
        },
        page("one panel of it", format!("/traces/{deep}/spans/777")),
        page("rows of it", format!("/traces/{deep}/rows?of=2&after=0")),
        page("an event of it", format!("/traces/{deep}/spans/777/event.json")),
        page("a name in it", format!("/traces/{deep}?find=step_7")),
        Page { changed: true, ..page("trace, 49,999 children, after a change", format!("/traces/{flat}")) },
        page("trace, 49,999 children", format!("/traces/{flat}")),
        page("its last span", format!("/traces/{flat}?span={LARGE}")),
        page("one panel of it", format!("/traces/{flat}/spans/{LARGE}")),
        page("rows of it", format!("/traces/{flat}/rows?of=1&after=40000")),
        page("sessions", "/sessions".to_owned()),
        page("sessions, 100th page", "/sessions?page=100".to_owned()),
        page("a session", "/sessions/s-77".to_owned()),
        page("evaluations", "/evaluations".to_owned()),
        page("`/api/changes`", "/api/changes".to_owned()),
        page("`/api/ended`", "/api/ended?after=1".to_owned()),
        page("setup", "/setup".to_owned()),
    ]
}
