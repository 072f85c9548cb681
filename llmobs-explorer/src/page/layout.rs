//! The parts that all pages share: head, navigation, badges.

use maud::{DOCTYPE, Markup, html};

/// The sections of the navigation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Traces,
    Sessions,
    Evaluations,
    Setup,
}

const SECTIONS: [(Section, &str, &str); 4] = [
    (Section::Traces, "/traces", "Traces"),
    (Section::Sessions, "/sessions", "Sessions"),
    (Section::Evaluations, "/evaluations", "Evaluations"),
    (Section::Setup, "/setup", "Setup"),
];

/// Returns a whole page.
pub(crate) fn page(part: Section, title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · llmobs" }
                link rel="icon" type="image/svg+xml" href="/assets/icon.svg";
                link rel="stylesheet" href="/assets/style.css";
                script src="/assets/theme.js" {}
                @for script in ["page", "trace", "live"] { script src={ "/assets/" (script) ".js" } defer {} }
            }
            body {
                a.skip href="#main" { "Skip to content" }
                header.bar {
                    a.brand href="/traces" { (icon()) "llmobs" }
                    nav aria-label="Parts" {
                        @for (known, address, name) in SECTIONS {
                            a href=(address) aria-current=[(known == part).then_some("page")] { (name) }
                        }
                    }
                    div.tools {
                        button #live type="button" hidden aria-pressed="true" title="New data appears automatically" {
                            span.dot aria-hidden="true" {} span { "Live" }
                        }
                        button #theme type="button" hidden title="Light or dark" aria-label="Light or dark" { "◐" }
                    }
                }
                main #main tabindex="-1" { (content) }
                div #said role="status" aria-live="polite" {}
            }
        }
    }
}

fn icon() -> Markup {
    html! {
        svg.icon viewBox="0 0 32 32" aria-hidden="true" {
            rect x="3" y="5" width="26" height="5" rx="2.5" {}
            rect x="8" y="13.5" width="17" height="5" rx="2.5" {}
            rect x="13" y="22" width="10" height="5" rx="2.5" {}
        }
    }
}

/// Shows the kind of a span as word, colour and shape.
pub(crate) fn kind(kind: &str) -> Markup {
    html! { span class={ "kind " (kind_class(kind)) } { (kind) } }
}

/// Returns the CSS class of a kind.
pub(crate) fn kind_class(kind: &str) -> &'static str {
    match kind {
        "agent" => "k-agent",
        "workflow" => "k-workflow",
        "llm" => "k-llm",
        "tool" => "k-tool",
        "task" => "k-task",
        "embedding" => "k-embedding",
        "retrieval" => "k-retrieval",
        _ => "k-other",
    }
}

/// Shows the status as sign and word.
pub(crate) fn status(failed: bool) -> Markup {
    html! {
        @if failed {
            span.status.failed { span aria-hidden="true" { "✕" } " error" }
        } @else {
            span.status.ok { span aria-hidden="true" { "✓" } " ok" }
        }
    }
}

/// Shows the status of a trace. A trace that may still be running is not `ok`, but it may have failed.
pub(crate) fn trace_status(failed: bool, running: bool) -> Markup {
    html! {
        @if running {
            span.status.running title="A parent span has not ended, or was lost" { span aria-hidden="true" { "◌" } " running" }
        }
        @if failed || !running { @if running { " " } (status(failed)) }
    }
}

/// Shows an evaluation as a badge.
pub(crate) fn badge(label: &str, value: &str, assessment: Option<&str>) -> Markup {
    let class = match assessment {
        Some("pass") => "pass",
        Some("fail") => "fail",
        _ => "neutral",
    };
    let mark = match class {
        "pass" => "✓ ",
        "fail" => "✕ ",
        _ => "",
    };
    let short: String = value.chars().take(24).collect();
    html! { span class={ "badge " (class) } title={ (label) ": " (value) } { (mark) (label) " " b { (short) } } }
}

/// Shows the links to the previous and the next page.
pub(crate) fn pager(earlier: Option<String>, text: &str, later: Option<String>) -> Markup {
    html! {
        nav.pager aria-label="Pages" {
            @if let Some(url) = earlier { a rel="prev" href=(url) { "← Previous" } }
            span { (text) }
            @if let Some(url) = later { a rel="next" href=(url) { "Next →" } }
        }
    }
}

/// Returns a page with a message, for errors.
pub(crate) fn notice(title: &str, text: &str) -> Markup {
    let content =
        html! { section.notice { h1 { (title) } p { (text) } p { a href="/traces" { "All traces" } } } };
    page(Section::Traces, title, &content)
}
