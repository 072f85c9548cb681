//! The page with the list of traces, spans or LLM calls.

use std::collections::HashSet;

use maud::{Markup, html};

use super::address::{Address, LAST, Range, View};
use super::layout::{Section, badge, kind, page, pager, trace_status};
use super::{format, overview};
use crate::query::{Query, QueryError, filter};
use crate::traces::{ListRow, Listing, PAGE, Sort};

/// The result of a query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'a> {
    pub(crate) query: &'a Query,
    pub(crate) listing: &'a Listing,
    /// The ids of the traces that may still be running, if the rows are traces.
    pub(crate) running: &'a HashSet<String>,
}

/// Shows the list, or the error of the query.
pub(crate) fn list(address: &Address, found: Result<Found<'_>, &QueryError>) -> Markup {
    let content = html! {
        h1.quiet { "Traces" }
        div.controls { (views(address)) (bar(address, found)) }
        @if let Err(error) = found { (wrong(address, error)) }
        @match found {
            Ok(Found { query, listing, running }) => {
                div #results data-live="" {
                    div.side { (overview::facets(address, query, &listing.overview.facets)) }
                    div.results {
                        (overview::histogram(address, &listing.overview))
                        @if listing.rows.is_empty() { (nothing(address)) } @else { (table(address, query, &listing.rows, running)) }
                        @if listing.overview.matched > 0 { (pages(address, listing)) }
                    }
                }
            }
            Err(_) => {}
        }
    };
    page(Section::Traces, "Traces", &content)
}

/// Shows the types of rows.
fn views(address: &Address) -> Markup {
    const VIEWS: [(View, &str); 3] =
        [(View::Traces, "Traces"), (View::Spans, "Spans"), (View::Calls, "LLM calls")];
    html! {
        nav.tabs aria-label="Type of rows" {
            @for (view, name) in VIEWS {
                a href=(address.with(|a| a.view = view).url()) aria-current=[(view == address.view).then_some("true")] {
                    (name)
                }
            }
        }
    }
}

/// Shows the error of the query, and its position.
fn wrong(address: &Address, error: &QueryError) -> Markup {
    let before: String = address.query.chars().take(error.column.saturating_sub(1)).collect();
    let mut after = address.query.chars().skip(error.column.saturating_sub(1));
    html! {
        p #q-error .error role="alert" {
            code.query { (before) mark { (after.next().unwrap_or('␣')) } (after.collect::<String>()) }
            br;
            (error)
        }
    }
}

/// Shows the fields for query, time and columns. They are one form, so they work without scripts.
fn bar(address: &Address, found: Result<Found<'_>, &QueryError>) -> Markup {
    let error = found.err();
    let paths = found.map(|found| found.listing.paths.as_slice()).unwrap_or_default();
    html! {
        form.search action="/traces" method="get" role="search" {
            @for (key, value) in address.pairs() {
                @if !["q", "last", "from", "to", "page", "column"].contains(&key) {
                    input type="hidden" name=(key) value=(value);
                }
            }
            label for="q" { "Filter" }
            input #q name="q" type="search" value=(address.query) spellcheck="false" autocomplete="off" maxlength="4000"
                placeholder="@meta.span.kind:agent  @duration:>2s  user_id:u-1  \"words of a prompt\""
                aria-invalid=[error.map(|_| "true")] aria-describedby=[error.map(|_| "q-error")];
            (range(address))
            @for column in &address.columns { input type="hidden" name="column" value=(column); }
            label.column {
                "Add column"
                input name="column" spellcheck="false" autocomplete="off" placeholder="tag.user_id" size="12" list="paths";
                datalist #paths { @for path in paths { option value=(path); } }
            }
            button type="submit" { "Apply" }
            @if *address != Address::default() { a.clear href="/traces" { "Clear" } }
        }
    }
}

fn range(address: &Address) -> Markup {
    html! {
        label for="last" { "Time" }
        select #last name="last" {
            option value="" selected[address.range == Range::All] { "All time" }
            @for (word, name, seconds) in LAST {
                option value=(word) selected[address.range == Range::Last(seconds)] { (name) }
            }
            @if let Range::Between(..) = address.range { option value="" selected { "Custom range" } }
        }
        @if let Range::Between(from, to) = address.range {
            input type="hidden" name="from" value=(from);
            input type="hidden" name="to" value=(to);
        }
    }
}

fn table(address: &Address, query: &Query, rows: &[ListRow], running: &HashSet<String>) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Rows" {
            table.rows.stack {
                thead {
                    tr {
                        (heading(address, "Started", Some(Sort::Start), ""))
                        (heading(address, "Name", Some(Sort::Name), ""))
                        (heading(address, "Input → output", None, ""))
                        (heading(address, "Duration", Some(Sort::Duration), "n"))
                        (heading(address, "First token", Some(Sort::FirstToken), "n"))
                        (heading(address, "Tokens", Some(Sort::Tokens), "n"))
                        @if address.view == View::Traces { (heading(address, "Spans", Some(Sort::Spans), "n")) }
                        (heading(address, "Model", None, ""))
                        (heading(address, "Evaluations, tags", None, ""))
                        @for column in &address.columns {
                            th scope="col" {
                                (column) " "
                                a href=(address.with(|a| a.columns.retain(|known| known != column)).url())
                                    aria-label={ "Remove the column " (column) } { "✕" }
                            }
                        }
                    }
                }
                tbody { @for row in rows { (table_row(address, query, row, running.contains(&row.trace_id))) } }
            }
        }
    }
}

fn heading(address: &Address, name: &str, sort: Option<Sort>, class: &str) -> Markup {
    let Some(sort) = sort else {
        return html! { th scope="col" class=[Some(class).filter(|c| !c.is_empty())] { (name) } };
    };
    let current = address.sort == sort;
    let order = match (current, address.ascending) {
        (false, _) => None,
        (true, true) => Some("ascending"),
        (true, false) => Some("descending"),
    };
    let next = address.with(|a| (a.sort, a.ascending) = (sort, current && !a.ascending));
    html! {
        th scope="col" class=[Some(class).filter(|c| !c.is_empty())] aria-sort=[order] {
            a href=(next.url()) {
                (name) @if let Some(order) = order { span aria-hidden="true" { @if order == "ascending" { " ▲" } @else { " ▼" } } }
            }
        }
    }
}

fn table_row(address: &Address, query: &Query, row: &ListRow, running: bool) -> Markup {
    let url = url_of(address, row);
    html! {
        tr.failed[row.failed] data-href=(url) {
            td.time {
                time datetime=(format::iso(row.start_ns)) title=(format::iso(row.start_ns)) { (format::time(row.start_ns)) }
                div { (trace_status(row.failed, running)) }
            }
            th scope="row" {
                a href=(url) { (row.name) } " " (kind(&row.kind))
                @if row.ml_app.is_some() || row.session_id.is_some() {
                    small {
                        @if let Some(app) = &row.ml_app { (app) }
                        @if row.ml_app.is_some() && row.session_id.is_some() { " · " }
                        @if let Some(session) = &row.session_id {
                            a title={ "Session " (session) } href={ "/sessions/" (super::path_segment(session)) } { (session) }
                        }
                    }
                }
            }
            td.io {
                div.in dir="auto" { (row.input) }
                @if !row.output.is_empty() { div.out dir="auto" { (row.output) } }
            }
            td.n data-label="Duration" { (format::duration(row.duration_ns)) }
            td.n data-label="First token" { @if let Some(seconds) = row.time_to_first_token { (format::seconds(seconds)) } }
            td.n data-label="Tokens" { (tokens(row)) }
            @if address.view == View::Traces {
                td.n data-label="Spans" title={ (format::things(row.llm_calls, "LLM call")) ", " (format::things(row.tool_calls, "tool call")) } {
                    (format::count(row.spans))
                    @if row.errors > 0 { " " span.status.failed { "✕" (format::count(row.errors)) } }
                }
            }
            td data-label="Model" { @if !row.models.is_empty() { div.model title=(row.models.join(", ")) { (row.models.join(", ")) } } }
            td.marks {
                div { @for (label, value, assessment) in &row.evaluations { (badge(label, value, assessment.as_deref())) " " } }
                div { @for (key, value) in &row.tags {
                    a.tag title={ (key) ":" (value) }
                        href=(address.with(|a| a.query = query.with(&filter(&format!("tag.{key}"), value))).url()) {
                        (key) @if !value.is_empty() { ":" (value) }
                    }
                    " "
                } }
            }
            @for column in &address.columns {
                td data-label=(column) {
                    @for (_, value) in row.attributes.iter().filter(|(path, _)| path == column) {
                        a href=(address.with(|a| a.query = query.with(&filter(column, value))).url()) {
                            (column.strip_prefix("metrics.").and_then(|metric| format::cost(metric, value)).as_deref().unwrap_or(value))
                        } " "
                    }
                }
            }
        }
    }
}

fn url_of(address: &Address, row: &ListRow) -> String {
    let trace = super::path_segment(&row.trace_id);
    match address.view {
        View::Traces => format!("/traces/{trace}"),
        _ => format!("/traces/{trace}?span={}", super::path_segment(&row.span_id)),
    }
}

fn tokens(row: &ListRow) -> Markup {
    let tokens = &row.tokens;
    let part = |count: Option<i64>| count.map_or_else(|| "–".to_owned(), format::count);
    html! {
        @if tokens.input.is_some() || tokens.output.is_some() {
            span title="input → output" { (part(tokens.input)) " → " (part(tokens.output)) }
            @if let Some(cached) = tokens.cached.filter(|count| *count > 0) { small { (format::count(cached)) " cached" } }
        } @else if let Some(total) = tokens.total { (format::count(total)) }
    }
}

fn nothing(address: &Address) -> Markup {
    html! {
        section.notice {
            h2 { "Nothing matches" }
            p { "No " @if address.view == View::Traces { "trace" } @else { "span" } " in this time range matches the query." }
            @if address.view == View::Traces && !address.query.is_empty() {
                p {
                    "In a list of traces, a query applies to the first span of each trace. "
                    a href=(address.with(|a| a.view = View::Spans).url()) { "Search all spans" }
                }
            }
        }
    }
}

fn pages(address: &Address, listing: &Listing) -> Markup {
    let first = address.page * u64::from(PAGE);
    let last = first + listing.rows.len() as u64;
    let at = |page| Address { page, ..address.clone() }.url();
    let text = format!(
        "{} to {} of {}",
        format::count(first + u64::from(last > first)),
        format::count(last),
        format::count(listing.overview.matched)
    );
    let earlier = (address.page > 0).then(|| at(address.page - 1));
    let later = (last < listing.overview.matched).then(|| at(address.page + 1));
    pager(earlier, &text, later)
}
