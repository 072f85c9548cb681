//! The overview of a list: a histogram of starts, and the counts of values.

use maud::{Markup, html};

use super::address::{Address, Range};
use super::format;
use crate::query::{Query, filter};
use crate::traces::{Facet, Outside, Overview};

/// Shows the histogram of starts. Each bar links to its time range.
pub(super) fn histogram(address: &Address, overview: &Overview) -> Markup {
    let Some((from, to)) = overview.range_ns.filter(|(from, to)| from < to) else { return Markup::default() };
    let [before, after] = &overview.outside;
    let most = overview.bars.iter().map(|(ok, errors)| ok + errors).max().unwrap_or(1).max(1);
    let bars = overview.bars.len().max(1) as u64;
    let millis = |at: u64| {
        let part = i128::from(to - from) * i128::from(at) / i128::from(bars);
        (i128::from(from) + part) / 1_000_000
    };
    let height = |count: u64| if count == 0 { 0 } else { (count * 36 / most).max(2) };
    html! {
        figure.histogram {
            svg viewBox={ "0 0 " (bars * 10) " 40" } preserveAspectRatio="none" role="group" aria-label="Start times" {
                @for (at, (ok, errors)) in (0..).zip(&overview.bars) {
                    @if ok + errors > 0 {
                        @let from = i64::try_from(millis(at)).unwrap_or_default();
                        @let to = i64::try_from(millis(at + 1) + 1).unwrap_or(i64::MAX);
                        @let label = format!("{}, {}: {}", format::time(from * 1_000_000),
                            format::things(ok + errors, "row"), format::things(*errors, "error"));
                        a href=(address.with(|a| a.range = Range::Between(from, to)).url()) aria-label=(label) {
                            title { (label) }
                            rect.hit x=(at * 10) y="0" width="10" height="40" {}
                            rect.ok x=(at * 10 + 1) y=(40 - height(ok + errors)) width="8" height=(height(ok + errors)) {}
                            rect.failed x=(at * 10 + 1) y=(40 - height(*errors)) width="8" height=(height(*errors)) {}
                        }
                    }
                }
            }
            figcaption {
                span { @if let Some(before) = before { (outside(address, before, "earlier")) " · " } (format::time(from)) }
                span { (format::time(to)) @if let Some(after) = after { " · " (outside(address, after, "later")) } }
            }
        }
    }
}

/// A link to the rows beside the histogram. Their clocks may be wrong.
fn outside(address: &Address, outside: &Outside, word: &str) -> Markup {
    let (from, to) = outside.range_ns;
    let range = Range::Between(from / 1_000_000, (to / 1_000_000).saturating_add(1));
    html! {
        a href=(address.with(|a| a.range = range).url()) title={ (format::time(from)) " to " (format::time(to)) } {
            (format::count(outside.rows)) " " (word)
        }
    }
}

/// Shows the most frequent values. Each links to the query with or without its term.
pub(super) fn facets(address: &Address, query: &Query, facets: &[Facet]) -> Markup {
    if facets.iter().all(|facet| facet.values.is_empty()) {
        return Markup::default();
    }
    html! {
        details.facets open {
            summary { "Facets" }
            @for facet in facets {
                section {
                    h2 { (facet.path.trim_start_matches("meta.")) }
                    ul {
                        @for (value, count) in &facet.values {
                            @let term = filter(facet.path, value);
                            @let chosen = query.has(&term);
                            li {
                                a href=(address.with(|a| a.query = if chosen {
                                    query.without(&term)
                                } else {
                                    query.with(&term)
                                }).url()) aria-current=[chosen.then_some("true")] title=(term) {
                                    span.value { @if chosen { "✕ " } (value) }
                                    span.count { (format::count(*count)) }
                                }
                            }
                        }
                        @if facet.others > 0 { li.others { "and " (format::things(facet.others, "other value")) } }
                    }
                }
            }
        }
    }
}
