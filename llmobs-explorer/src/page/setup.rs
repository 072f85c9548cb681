//! The setup page: the configuration of programs, a sample trace, and recently refused requests.

use std::cmp::Reverse;
use std::net::SocketAddr;

use maud::{Markup, html};

use super::format;
use super::layout::{Section, page};
use crate::arrivals::{Arrived, TurnedAway};
use crate::traces::Rejection;

/// The headings of the counts of requests.
const ARRIVED: [&str; 4] = ["Requests", "Spans and evaluations", "Other spans, ignored", "Refused"];

/// The content of the page.
#[derive(Debug)]
pub(crate) struct Setup<'a> {
    /// The address of the explorer, such as `http://127.0.0.1:8126`.
    pub(crate) origin: &'a str,
    /// The other addresses for OpenTelemetry, with the names of their protocols.
    pub(crate) otlp: &'a [(&'static str, SocketAddr)],
    /// The key that forms send, which prevents cross-site requests.
    pub(crate) form_key: &'a str,
    /// The counts of the last minute, by path of the requests.
    pub(crate) arrived: &'a [(String, Arrived)],
    /// The refused requests, the latest first.
    pub(crate) rejections: &'a [Rejection],
    /// The requests that did not reach the store, the latest first.
    pub(crate) turned_away: &'a [TurnedAway],
    /// Whether there are no traces yet.
    pub(crate) empty: bool,
}

/// Returns the page.
pub(crate) fn setup(setup: &Setup<'_>) -> Markup {
    let origin = setup.origin;
    // One variable per line, for a shell.
    let variables =
        format!("DD_LLMOBS_ENABLED=1 \\\nDD_LLMOBS_ML_APP=my-app \\\nDD_TRACE_AGENT_URL={origin} \\\n");
    let rejections = setup.rejections.iter().map(|one| (one.at_ms, &one.path, &one.reason, 1));
    let turned_away = setup.turned_away.iter().map(|one| (one.at_ms, &one.path, &one.reason, one.times));
    let mut refused: Vec<_> = rejections.chain(turned_away).collect();
    refused.sort_by_key(|(at_ms, ..)| Reverse(*at_ms));
    let content = html! {
        header.banner {
            @if setup.empty { h1 { "No traces yet" } p { "Send the first one. This page listens on " code { (origin) } "." } }
            @else { h1 { "Setup" } p { "This page listens on " code { (origin) } "." } }
            form action="/sample" method="post" {
                input type="hidden" name="key" value=(setup.form_key);
                button.main type="submit" { "Send a sample trace" }
                " " span.quiet { "Example data to explore." }
            }
        }
        div.cards.wide {
            section.card {
                h2 { "Any program" }
                p { "Run it with this command, and it sends its spans here:" }
                pre data-copy="" { "llmobs run -- cargo run" }
            }
            section.card {
                h2 { "Rust" }
                pre data-copy="" { "cargo add llmobs" }
                pre data-copy="" { "#[llmobs::workflow]\nfn answer(question: &str) -> String {\n    format!(\"an answer to {question}\")\n}\n\nfn main() {\n    let _llmobs = llmobs::init();\n    answer(\"What is a span?\");\n}" }
                pre data-copy="" { "DD_LLMOBS_ML_APP=my-app DD_TRACE_AGENT_URL=" (origin) " cargo run" }
            }
            section.card {
                h2 { "Python" }
                pre data-copy="" { "pip install ddtrace" }
                pre data-copy="" { (variables) "ddtrace-run python app.py" }
            }
            section.card {
                h2 { "Node" }
                pre data-copy="" { "npm install dd-trace" }
                pre data-copy="" { (variables) "node --import dd-trace/initialize.mjs app.js" }
            }
            section.card {
                h2 { "OpenTelemetry" }
                p { "With the attributes of " code { "gen_ai" } ", OpenInference, OpenLLMetry or Langfuse, over HTTP or gRPC:" }
                pre data-copy="" { "OTEL_EXPORTER_OTLP_ENDPOINT=" (origin) }
                @if !setup.otlp.is_empty() {
                    p.quiet {
                        "By default, programs send spans to port 4318 or 4317. This explorer also listens at"
                        @for (protocol, address) in setup.otlp { " " code { "http://" (address) } " for " (protocol) }
                        "."
                    }
                }
            }
        }
        section #arrived {
            h2 { "Arrived in the last minute" }
            @if setup.arrived.is_empty() { p.quiet { "Nothing arrived." } }
            @else {
                div.scroll { table.rows.stack {
                    thead { tr {
                        th scope="col" { "Sent to" }
                        @for name in ARRIVED { th.n scope="col" { (name) } }
                    } }
                    tbody {
                        @for (path, arrived) in setup.arrived {
                            @let numbers = [arrived.requests, arrived.events, arrived.passed_over, arrived.refused];
                            tr {
                                th scope="row" { code { (path) } }
                                @for (name, number) in ARRIVED.iter().zip(numbers) {
                                    td.n data-label=(name) { (number) }
                                }
                            }
                        }
                    }
                } }
            }
        }
        section #refused {
            h2 { "Recently refused" }
            @if refused.is_empty() { p.quiet { "Nothing was refused." } }
            @else {
                div.scroll { table.rows {
                    thead { tr { th scope="col" { "When" } th scope="col" { "Sent to" } th scope="col" { "Reason" } } }
                    tbody {
                        @for (at_ms, path, reason, times) in refused {
                            tr {
                                td.time { (format::time(at_ms.saturating_mul(1_000_000))) }
                                td { code { (path) } }
                                td { (reason) @if times > 1 { " (" (format::things(times, "time")) ")" } }
                            }
                        }
                    }
                } }
            }
        }
    };
    page(Section::Setup, "Setup", &content)
}
