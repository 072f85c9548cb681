//! The page of a trace: its spans as a tree and a waterfall, and the panel of one of them.

use std::collections::HashSet;

use maud::{Markup, html};

use super::format;
use super::layout::{Section, kind, kind_class, page, status, trace_status};
use super::panel::Panel;
use super::{path_segment, span_url};
use crate::traces::Node;
use crate::tree::{Line, Tree};

/// The number of lines of a trace to show initially.
const LINES: usize = 400;
/// The width of the waterfall, in its own units.
const WIDTH: i64 = 1000;
/// Deeper spans are not indented further.
const DEEPEST: usize = 24;
/// The most results of a search for names to show.
const FOUND: usize = 200;

/// The part of a trace that a page shows.
#[derive(Debug, Default)]
pub(crate) struct TraceView {
    /// The span in the panel, by position.
    pub(crate) selected: usize,
    /// The spans whose children are shown, by position.
    pub(crate) opened: HashSet<usize>,
    /// The text to find in names.
    pub(crate) find: String,
    /// Whether spans may still arrive. The page then updates itself.
    pub(crate) live: bool,
}

/// Returns the whole page.
pub(crate) fn trace(trace_id: &str, tree: &Tree, view: &TraceView, panel: &Panel) -> Markup {
    let head = tree.nodes.first();
    let name = head.map_or("trace", |head| head.name.as_str());
    let content = html! {
        (banner(trace_id, tree))
        div.trace data-live[view.live] {
            div.beside {
                section.tree aria-label="Spans" {
                    (tools(trace_id, tree, view))
                    @if view.find.is_empty() {
                        (grid(trace_id, tree, view, &lines(tree, view)))
                    } @else {
                        (found(trace_id, tree, view))
                    }
                }
                (details(panel))
            }
            (content(panel))
        }
    };
    page(Section::Traces, name, &content)
}

/// Shows the parts of the panel, for a page that is already loaded.
pub(crate) fn parts(panel: &Panel) -> Markup {
    html! { (content(panel)) (details(panel)) }
}

fn content(panel: &Panel) -> Markup {
    html! { section #panel .panel aria-label="Span" tabindex="-1" { (panel.content) } }
}

fn details(panel: &Panel) -> Markup {
    html! { section #details aria-label="Details of the span" { h2.hidden { "Details" } (panel.details) } }
}

fn lines(tree: &Tree, view: &TraceView) -> Vec<Line> {
    let mut opened = view.opened.clone();
    opened.extend(tree.above(view.selected).last());
    // The selected span must be shown, even among a thousand siblings.
    opened.insert(view.selected);
    tree.lines(LINES, &opened)
}

/// Shows the rows below a span, for a page that is already loaded.
pub(crate) fn rows_below(trace_id: &str, tree: &Tree, of: Option<usize>, after: usize) -> Markup {
    let view = TraceView { selected: usize::MAX, ..TraceView::default() };
    html! { @for line in tree.children_lines(of, after) { (row(trace_id, tree, &view, &line)) } }
}

fn banner(trace_id: &str, tree: &Tree) -> Markup {
    let (from, to) = tree.range_ns();
    let Some(head) = tree.nodes.iter().find(|node| node.parent_id.is_none()).or(tree.nodes.first()) else {
        return Markup::default();
    };
    let errors = tree.nodes.iter().filter(|node| node.failed).count();
    let of_models = || tree.nodes.iter().filter(|node| matches!(node.kind.as_str(), "llm" | "embedding"));
    let sum = |tokens: fn(&Node) -> Option<i64>| {
        of_models().filter_map(tokens).reduce(i64::saturating_add).map(format::count)
    };
    html! {
        header.banner {
            h1 { (kind(&head.kind)) " " (head.name) }
            dl {
                div { dt { "Status" } dd { (trace_status(head.failed, tree.is_unfinished())) } }
                div { dt { "Started" } dd { time datetime=(format::iso(from)) { (format::time(from)) } } }
                div { dt { "Duration" } dd { (format::duration(to - from)) } }
                div { dt { "Spans" } dd.spans {
                    (format::count(tree.nodes.len() as u64))
                    @if errors > 0 { " " span.status.failed { "✕ " (format::things(errors, "error")) } }
                } }
                div { dt { "LLM calls" } dd {
                    (format::count(tree.nodes.iter().filter(|node| node.kind == "llm").count() as u64)) } }
                @if let Some(tokens) = sum(|node| node.tokens.input) { div { dt { "Tokens in" } dd { (tokens) } } }
                @if let Some(tokens) = sum(|node| node.tokens.output) { div { dt { "Tokens out" } dd { (tokens) } } }
                @if let Some(tokens) = sum(|node| node.tokens.cached) { div { dt { "Cached" } dd { (tokens) } } }
                div { dt { "Trace" } dd { code.id title=(trace_id) { (trace_id) } } }
            }
        }
    }
}

fn tools(trace_id: &str, tree: &Tree, view: &TraceView) -> Markup {
    let selected = tree.nodes.get(view.selected);
    html! {
        form.find action={ "/traces/" (path_segment(trace_id)) } method="get" role="search" {
            @if let Some(selected) = selected { input type="hidden" name="span" value=(selected.span_id); }
            label.hidden for="find" { "Find spans by name" }
            input #find name="find" type="search" value=(view.find) placeholder="Find by name" spellcheck="false" autocomplete="off";
            button type="submit" { "Find" }
            @if tree.nodes.iter().any(|node| node.failed) {
                @if let Some(next) = next_error(tree, view.selected) {
                    a.next-error href=(span_url(trace_id, &next.span_id)) { "Next error" }
                }
            }
        }
    }
}

/// Returns the first failed span after a position, or else the first of all.
fn next_error(tree: &Tree, after: usize) -> Option<&Node> {
    let later = tree.nodes.iter().skip(after + 1).find(|node| node.failed);
    later.or_else(|| tree.nodes.iter().find(|node| node.failed))
}

fn grid(trace_id: &str, tree: &Tree, view: &TraceView, lines: &[Line]) -> Markup {
    let (from, to) = tree.range_ns();
    html! {
        div.scroll {
            table.waterfall role="treegrid" aria-label="Spans of the trace" data-trace={ "/traces/" (path_segment(trace_id)) } {
                thead {
                    tr role="row" {
                        th scope="col" { "Span" }
                        th scope="col" .n { "Duration" }
                        th scope="col" .axis {
                            span { "0" } span { (format::duration((to - from) / 2)) } span { (format::duration(to - from)) }
                        }
                    }
                }
                tbody { @for line in lines { (row(trace_id, tree, view, line)) } }
            }
        }
    }
}

/// Shows the spans whose names match, as a flat list.
fn found(trace_id: &str, tree: &Tree, view: &TraceView) -> Markup {
    let wanted = view.find.to_lowercase();
    let matches = (0..).zip(&tree.nodes).filter(|(_, node)| node.name.to_lowercase().contains(&wanted));
    let positions: Vec<usize> = matches.map(|(position, _)| position).collect();
    let lines: Vec<Line> =
        positions.iter().take(FOUND).map(|&node| Line::Span { node, depth: 0, open: None }).collect();
    html! {
        p.quiet role="status" {
            (format::things(positions.len(), "span")) " with “" (view.find) "” in the name"
            @if positions.len() > FOUND { ", the first " (FOUND) " are shown" }
            ". " a href={ "/traces/" (path_segment(trace_id)) } { "Back to the tree" }
        }
        (grid(trace_id, tree, view, &lines))
    }
}

fn row(trace_id: &str, tree: &Tree, view: &TraceView, line: &Line) -> Markup {
    match *line {
        Line::Span { node, depth, open } => {
            let Some(span) = tree.nodes.get(node) else { return Markup::default() };
            span_row(trace_id, tree, view, (node, span), depth, open)
        }
        Line::More { of, depth, after, left } => {
            let above = of.and_then(|of| tree.nodes.get(of)).map_or("", |node| node.span_id.as_str());
            html! {
                tr.more role="row" aria-level=(depth + 1) {
                    td colspan="3" role="gridcell" {
                        span class={ "d d" (depth.min(DEEPEST)) } {}
                        a href={ "/traces/" (path_segment(trace_id)) "/rows?of=" (path_segment(above)) "&after=" (after) }
                            data-more="" { "Show more: " (format::things(left, "span")) " left" }
                    }
                }
            }
        }
    }
}

fn span_row(
    trace_id: &str,
    tree: &Tree,
    view: &TraceView,
    (position, span): (usize, &Node),
    depth: usize,
    open: Option<bool>,
) -> Markup {
    let selected = position == view.selected;
    let below = tree.below(position);
    let hidden_errors = tree.errors(position) - usize::from(span.failed);
    html! {
        tr role="row" aria-level=(depth + 1) aria-expanded=[open] aria-selected=(selected) tabindex=(if selected { "0" } else { "-1" })
            class=[span.failed.then_some("failed")] data-span=(span.span_id) {
            th scope="row" role="rowheader" {
                span class={ "d d" (depth.min(DEEPEST)) } {}
                @if let Some(open) = open {
                    a.fold href={ (span_url(trace_id, &span.span_id)) "&open=" (path_segment(&span.span_id)) } tabindex="-1"
                        data-fold={ "/traces/" (path_segment(trace_id)) "/rows?of=" (path_segment(&span.span_id)) "&after=0" }
                        aria-label={ @if open { "Fold " } @else { "Unfold " } (span.name) } { @if open { "▾" } @else { "▸" } }
                } @else { span.fold {} }
                (kind(&span.kind)) " "
                a.name href=(span_url(trace_id, &span.span_id)) tabindex="-1" { (span.name) }
                @if let Some(false) = open { span.count title="spans below" { (format::count(below as u64)) } }
                @if span.failed { " " (status(true)) }
                @else if open == Some(false) && hidden_errors > 0 {
                    span.status.failed { " ✕ " (format::count(hidden_errors as u64)) " below" }
                }
                @if tree.is_orphan(position) { span.pending title="The parent span has not ended, or was lost" { "parent running" } }
                @if tree.is_far(position) { span.pending title="Outside of the time axis: the clock of its machine may be wrong" { (format::time(span.start_ns)) } }
                @if let Some(model) = &span.model_name { " " small { (model) } }
            }
            td.n role="gridcell" title={ "self " (format::duration(tree.self_ns(position))) } { (format::duration(span.duration_ns)) }
            td.lane role="gridcell" { (lane(tree, position, span)) }
        }
    }
}

/// Shows the bar of a span on the time axis, with its share of self time and a tick at the first token.
fn lane(tree: &Tree, position: usize, span: &Node) -> Markup {
    let (from, to) = tree.range_ns();
    let whole = i128::from((to - from).max(1));
    let place = |nanos: i64| {
        i64::try_from(i128::from(nanos) * i128::from(WIDTH) / whole).unwrap_or_default().clamp(0, WIDTH)
    };
    let x = place(span.start_ns.saturating_sub(from));
    let width = place(span.duration_ns).max(3);
    let self_ns = tree.self_ns(position);
    let start = match span.start_ns.saturating_sub(from) {
        before @ ..0 => format!("{} before the others", format::duration(before.saturating_neg())),
        after => format!("at {}", format::duration(after)),
    };
    let title = format!(
        "starts {start}, takes {}, self time {}",
        format::duration(span.duration_ns),
        format::duration(self_ns)
    );
    #[allow(clippy::cast_possible_truncation, reason = "times of more than 290 years are at the end")]
    let first_token = span.time_to_first_token.map(|seconds| place((seconds * 1e9) as i64) + x);
    html! {
        svg viewBox={ "0 0 " (WIDTH) " 20" } preserveAspectRatio="none" role="img" aria-label=(title) {
            title { (title) }
            rect x=(x.min(WIDTH - 3)) y="4" width=(width) height="12" rx="2"
                class={ (kind_class(&span.kind)) @if span.failed { " failed" } @if tree.is_far(position) { " far" } } {}
            @if self_ns < span.duration_ns && span.duration_ns > 0 {
                rect.self x=(x.min(WIDTH - 3)) y="17" width=(place(self_ns).max(1)) height="2" {}
            }
            @if let Some(at) = first_token { rect.tick x=(at.min(WIDTH - 2)) y="1" width="2" height="18" { title { "first token" } } }
        }
        @if let Some(seconds) = span.time_to_first_token { span.hidden { "first token after " (format::seconds(seconds)) } }
    }
}
