//! Sessions. Each is a conversation, and its turns are traces.

use llmobs_providers::json::Json;
use maud::{Markup, html};

use super::conversation::text;
use super::format;
use super::json::inside;
use super::layout::{Section, kind, page, pager, trace_status};
use super::path_segment;
use super::span_url;
use crate::traces::{SESSIONS, Session, TURNS, Turn};

/// Shows all sessions, the latest first.
pub(crate) fn sessions(sessions: &[Session], total: u64, number: u64) -> Markup {
    let at = |number: u64| format!("/sessions?page={}", number + 1);
    let first = number * u64::from(SESSIONS);
    let last = first + sessions.len() as u64;
    let content = html! {
        h1 { "Sessions" }
        @if sessions.is_empty() {
            section.notice {
                h2 { "No sessions yet" }
                p { "A session groups the traces of one conversation. In Rust: " code { "#[llmobs::workflow(session_id = request.session)]" } "." }
            }
        } @else {
            div.scroll {
                table.rows.stack {
                    thead {
                        tr {
                            th scope="col" { "Last turn" } th scope="col" { "Session" } th scope="col" { "App" } th scope="col" { "First input" }
                            th scope="col" .n { "Turns" } th scope="col" .n { "Errors" } th scope="col" .n { "Tokens" }
                            th scope="col" .n { "Total duration" }
                        }
                    }
                    tbody {
                        @for session in sessions {
                            @let address = format!("/sessions/{}", path_segment(&session.id));
                            tr data-href=(address) {
                                td.time { time datetime=(format::iso(session.last_ns)) { (format::time(session.last_ns)) } }
                                th scope="row" { a href=(address) { (session.id) } }
                                td { @if let Some(app) = &session.ml_app { (app) } }
                                td.io { div.in dir="auto" { (session.first_input) } }
                                td.n data-label="Turns" { (format::count(session.turns)) }
                                td.n data-label="Errors" { @if session.errors > 0 { span.status.failed { "✕ " (format::count(session.errors)) } } }
                                td.n data-label="Tokens" { @if let Some(tokens) = session.total_tokens { (format::count(tokens)) } }
                                td.n data-label="Total duration" { (format::duration(session.duration_ns)) }
                            }
                        }
                    }
                }
            }
            (pager((number > 0).then(|| at(number - 1)),
                &format!("{} to {} of {}", format::count(first + 1), format::count(last), format::count(total)),
                (last < total).then(|| at(number + 1))))
        }
    };
    page(Section::Sessions, "Sessions", &content)
}

/// A turn with the data that it shows.
#[derive(Debug)]
pub(crate) struct ShownTurn {
    pub(crate) turn: Turn,
    /// The JSON text of the event of its first span.
    pub(crate) event: String,
    /// Whether its trace may still be running.
    pub(crate) running: bool,
}

/// Shows the turns of a session as one conversation.
pub(crate) fn session(id: &str, turns: &[ShownTurn], total: u64, number: u64) -> Markup {
    let at = |number: u64| format!("/sessions/{}?page={}", path_segment(id), number + 1);
    let first = number * u64::from(TURNS);
    let last = first + turns.len() as u64;
    let content = html! {
        header.banner.session { h1 { "Session " code { (id) } } p { (format::things(total, "turn")) } }
        ol.turns {
            @for turn in turns { (one_turn(turn)) }
        }
        (pager((number > 0).then(|| at(number - 1)),
            &format!("turns {} to {} of {}", format::count(first + 1), format::count(last), format::count(total)),
            (last < total).then(|| at(number + 1))))
    };
    page(Section::Sessions, id, &content)
}

fn one_turn(ShownTurn { turn, event, running }: &ShownTurn) -> Markup {
    let event = Json::read(event).unwrap_or(Json::Null);
    let (input, output) = (event.get("meta").get("input"), event.get("meta").get("output"));
    html! {
        li.turn {
            p.meta {
                time datetime=(format::iso(turn.start_ns)) { (format::time(turn.start_ns)) } " "
                (kind(&turn.kind)) " " a href=(span_url(&turn.trace_id, &turn.span_id)) { (turn.name) } " " (trace_status(turn.failed, *running)) " "
                (format::duration(turn.duration_ns)) " " small title="all turns so far" { "Σ " (format::duration(turn.duration_so_far_ns)) }
                @if let Some(tokens) = turn.total_tokens {
                    " " (format::things(tokens, "token")) " " small title="all turns so far" { "Σ " (format::count(turn.tokens_so_far)) }
                }
            }
            div.message.user { p.role { "in" } (turn_text(input, &turn.input, true)) }
            @if !turn.output.is_empty() || output.is_object() {
                div.message.assistant { p.role { "out" } (turn_text(output, &turn.output, false)) }
            }
        }
    }
}

/// Shows the text of one side of a turn: the last message of an input, the first message of an output, a value, or else the preview.
fn turn_text(side: &Json<'_>, preview: &str, input: bool) -> Markup {
    let messages = side.list("messages");
    let from_user = |message: &&Json<'_>| message.str("role") == "user";
    let message =
        if input { messages.iter().rev().find(from_user).or(messages.last()) } else { messages.first() };
    let whole =
        message.and_then(|message| message.get("content").as_str()).or_else(|| side.get("value").as_str());
    let Some(whole) = whole else { return text(preview) };
    // The arguments of a function are an object. If the object has one field, the text is the value of the field.
    match inside(whole).as_ref().map(Json::fields) {
        Some([(_, Json::Text(only))]) => text(only),
        _ => text(whole),
    }
}
