//! The routes of the web pages.

use std::collections::HashSet;

use axum::extract::{Form, Path, Query as Pairs, RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse, Redirect, Response};
use llmobs_providers::json::Json;
use serde::Deserialize;

use super::{App, RouteError, page};
use crate::id::canonical;
use crate::page::address::{Address, LAST_PAGE, View};
use crate::page::conversation::ToolSpans;
use crate::page::list::Found;
use crate::page::panel::{Panel, SpanDetails, Tools, panel};
use crate::page::sessions::ShownTurn;
use crate::page::setup::Setup;
use crate::page::trace::TraceView;
use crate::page::{self as pages, layout};
use crate::query::Query;
use crate::sample;
use crate::store::now_ms;
use crate::traces::{Answer, ListRequest, Listing, Node, PAGE, Scope, Traces, Turn};
use crate::tree::{Tree, self_ns};

type Page = Result<Html<String>, RouteError>;

/// Redirects to the list, or to the setup page if there are no traces.
pub(super) async fn home(State(app): State<App>) -> Result<Redirect, RouteError> {
    let any = app.store.read(|traces| traces.any_span()).await?;
    Ok(Redirect::to(if any { "/traces" } else { "/setup" }))
}

/// Shows the list of traces, spans or LLM calls.
pub(super) async fn list(State(app): State<App>, RawQuery(pairs): RawQuery) -> Result<Response, RouteError> {
    let address = Address::read(&pairs.unwrap_or_default());
    let query = match Query::parse(&address.query) {
        Ok(query) => query,
        Err(error) => {
            return Ok(
                (StatusCode::BAD_REQUEST, page(pages::list::list(&address, Err(&error)))).into_response()
            );
        }
    };
    let (from_ns, to_ns) = address.range.nanos(now_ms());
    let request = ListRequest {
        scope: address.view.scope(),
        condition: match address.view {
            View::Calls => query.condition().clone().and_kind("llm"),
            View::Traces | View::Spans => query.condition().clone(),
        },
        from_ns,
        to_ns,
        sort: address.sort,
        ascending: address.ascending,
        offset: address.page.saturating_mul(u64::from(PAGE)),
        limit: PAGE,
        attributes: address.columns.clone(),
    };
    let (listing, running) = app
        .store
        .read(move |traces| {
            let listing = traces.list(&request)?;
            let running = match request.scope {
                Scope::Traces => unfinished(traces, &listing)?,
                Scope::Spans => HashSet::new(),
            };
            Ok((listing, running))
        })
        .await?;
    let found = Found { query: &query, listing: &listing, running: &running };
    Ok(page(pages::list::list(&address, Ok(found))).into_response())
}

/// Returns the traces of a list that may still be running.
fn unfinished(traces: &dyn Traces, listing: &Listing) -> Answer<HashSet<String>> {
    let mut unfinished = HashSet::new();
    for row in &listing.rows {
        if traces.is_unfinished(&row.trace_id)? {
            unfinished.insert(row.trace_id.clone());
        }
    }
    Ok(unfinished)
}

/// How long after the end of a trace further spans may arrive.
const LATE_MS: i64 = 10 * 60 * 1000;

/// The query string of a trace.
#[derive(Deserialize)]
pub(super) struct TraceAddress {
    span: Option<String>,
    open: Option<String>,
    #[serde(default)]
    find: String,
}

/// Shows a trace and one of its spans.
pub(super) async fn trace(
    State(app): State<App>,
    Path(trace_id): Path<String>,
    Pairs(address): Pairs<TraceAddress>,
) -> Page {
    let drawn = app.store.read(move |traces| {
        let Some((trace_id, tree)) = tree(traces, &trace_id)? else { return Ok(None) };
        let of = |span: &Option<String>| span.as_deref().and_then(|span| tree.find(span));
        let selected = of(&address.span).unwrap_or_else(|| tree.first_root());
        let opened = of(&address.open).into_iter().collect::<HashSet<_>>();
        let ended_ms = tree.range_ns().1 / 1_000_000;
        let live = tree.is_unfinished() || ended_ms > now_ms() - LATE_MS;
        let shown = TraceView { selected, opened, find: address.find.trim().to_owned(), live };
        let panel = match tree.nodes.get(selected) {
            Some(node) => span_panel(traces, &trace_id, node)?,
            None => Panel::default(),
        };
        Ok(Some(pages::trace::trace(&trace_id, &tree, &shown, &panel)))
    });
    drawn.await?.map(page).ok_or(RouteError::NotStored("trace"))
}

/// The query string of rows.
#[derive(Deserialize)]
pub(super) struct Below {
    of: String,
    #[serde(default)]
    after: usize,
}

/// Shows the rows below a span.
pub(super) async fn rows(
    State(app): State<App>,
    Path(trace_id): Path<String>,
    Pairs(below): Pairs<Below>,
) -> Page {
    let drawn = app.store.read(move |traces| {
        let Some((trace_id, tree)) = tree(traces, &trace_id)? else { return Ok(None) };
        let of = match below.of.as_str() {
            "" => None,
            span => match tree.find(span) {
                None => return Ok(None),
                found => found,
            },
        };
        Ok(Some(pages::trace::rows_below(&trace_id, &tree, of, below.after)))
    });
    drawn.await?.map(page).ok_or(RouteError::NotStored("span"))
}

/// Shows the panel of a span in a page that is already loaded.
pub(super) async fn span(State(app): State<App>, Path((trace_id, span_id)): Path<(String, String)>) -> Page {
    let drawn = app.store.read(move |traces| {
        let trace_id = canonical(&trace_id);
        let node = traces.node(&trace_id, &canonical(&span_id))?;
        let Some(node) = node else { return Ok(None) };
        Ok(Some(pages::trace::parts(&span_panel(traces, &trace_id, &node)?)))
    });
    drawn.await?.map(page).ok_or(RouteError::NotStored("span"))
}

/// Returns the event of a span as it arrived.
pub(super) async fn event(
    State(app): State<App>,
    Path((trace_id, span_id)): Path<(String, String)>,
) -> Result<Response, RouteError> {
    let event = app.store.read(move |traces| {
        let trace_id = canonical(&trace_id);
        let node = traces.node(&trace_id, &canonical(&span_id))?;
        node.map(|node| traces.event(node.row)).transpose()
    });
    let event = event.await?.ok_or(RouteError::NotStored("span"))?;
    Ok(([(CONTENT_TYPE, "application/json")], event).into_response())
}

/// Reads a trace. Also returns its id in the stored form.
fn tree(traces: &dyn Traces, trace_id: &str) -> Answer<Option<(String, Tree)>> {
    let trace_id = canonical(trace_id);
    let nodes = traces.nodes(&trace_id)?;
    Ok((!nodes.is_empty()).then(|| (trace_id, Tree::new(nodes))))
}

fn span_panel(traces: &dyn Traces, trace_id: &str, node: &Node) -> Answer<Panel> {
    let text = traces.event(node.row)?;
    // The intake accepts only valid JSON.
    let event = Json::read(&text).unwrap_or(Json::Null);
    let evaluations = traces.evaluations(node.row)?;
    let children = traces.child_times(trace_id, &node.span_id)?;
    let self_ns = self_ns(node, children.into_iter());
    // A large trace may have thousands of tool spans. Only tool calls link to them.
    let calls = text.contains("\"tool_calls\"");
    let tools = if calls { tool_spans(traces, trace_id, node)? } else { Tools::default() };
    Ok(panel(&SpanDetails { trace_id, node, self_ns, evaluations: &evaluations, event: &event }, tools))
}

/// The tool spans before and after an LLM call, in the order of their starts.
fn tool_spans(traces: &dyn Traces, trace_id: &str, llm: &Node) -> Answer<Tools> {
    let (mut before, mut after) = (ToolSpans::new(), ToolSpans::new());
    for tool in traces.tool_spans(trace_id)? {
        let tools = if tool.start_ns < llm.start_ns { &mut before } else { &mut after };
        tools.entry(tool.name).or_default().push_back(pages::span_url(trace_id, &tool.span_id));
    }
    Ok(Tools { before, after })
}

/// The query string of a list with pages.
#[derive(Deserialize)]
pub(super) struct PageNumber {
    page: Option<u64>,
}

impl PageNumber {
    /// From 0.
    fn number(&self) -> u64 {
        self.page.unwrap_or(1).saturating_sub(1).min(LAST_PAGE)
    }
}

/// Shows all sessions.
pub(super) async fn sessions(State(app): State<App>, Pairs(at): Pairs<PageNumber>) -> Page {
    let number = at.number();
    let (found, total) = app.store.read(move |traces| traces.sessions(number)).await?;
    Ok(page(pages::sessions::sessions(&found, total, number)))
}

/// Shows one session.
pub(super) async fn session(
    State(app): State<App>,
    Path(session_id): Path<String>,
    Pairs(at): Pairs<PageNumber>,
) -> Page {
    let number = at.number();
    let drawn = app.store.read(move |traces| {
        let (turns, total) = traces.turns(&session_id, number)?;
        let shown = |turn: Turn| {
            let event = traces.event(turn.row)?;
            Ok(ShownTurn { event, running: traces.is_unfinished(&turn.trace_id)?, turn })
        };
        let turns = turns.into_iter().map(shown).collect::<Answer<Vec<_>>>()?;
        Ok((total > 0).then(|| pages::sessions::session(&session_id, &turns, total, number)))
    });
    drawn.await?.map(page).ok_or(RouteError::NotStored("session"))
}

/// Shows evaluations by label.
pub(super) async fn evaluations(State(app): State<App>) -> Page {
    let labels = app.store.read(|traces| traces.labels()).await?;
    Ok(page(pages::evaluations::evaluations(&labels)))
}

/// Shows the setup page.
pub(super) async fn setup(State(app): State<App>) -> Page {
    let (refused, empty) = app.store.read(|traces| Ok((traces.rejections()?, !traces.any_span()?))).await?;
    let arrived = app.arrivals.last_minute(now_ms());
    let turned_away = app.arrivals.refusals();
    let setup = Setup {
        origin: &app.origin,
        otlp: &app.otlp,
        form_key: &app.form_key,
        arrived: &arrived,
        rejections: &refused,
        turned_away: &turned_away,
        empty,
    };
    Ok(page(pages::setup::setup(&setup)))
}

/// The fields of the form.
#[derive(Deserialize)]
pub(super) struct SampleForm {
    key: String,
}

/// Stores a sample trace and shows it.
pub(super) async fn sample(
    State(app): State<App>,
    Form(form): Form<SampleForm>,
) -> Result<Response, RouteError> {
    if form.key != *app.form_key {
        let notice = layout::notice(
            "The form is out of date",
            "The explorer was restarted. Go back and reload the page.",
        );
        return Ok((StatusCode::FORBIDDEN, page(notice)).into_response());
    }
    let sample = sample::sample(now_ms());
    app.store.write(sample.batch).await?;
    Ok(Redirect::to(&format!("/traces/{}", sample.trace_id)).into_response())
}
