//! The page of evaluations and feedback by label, with their distributions.

use maud::{Markup, html};

use super::format;
use super::layout::{Section, page};
use crate::query::filter;
use crate::traces::Label;

/// Shows all labels.
pub(crate) fn evaluations(labels: &[Label]) -> Markup {
    let content = html! {
        h1 { "Evaluations" }
        @if labels.is_empty() {
            section.notice {
                h2 { "No evaluations yet" }
                p { "Evaluate a span, and the evaluation appears here: " code { "llmobs::eval::Evaluation::score(\"faithfulness\", 0.93).for_span(span.export()).submit()?" } "." }
            }
        }
        div.cards { @for label in labels { (card(label)) } }
    };
    page(Section::Evaluations, "Evaluations", &content)
}

fn card(label: &Label) -> Markup {
    let (words, field) =
        if label.feedback { ("feedback", "feedback") } else { (label.metric_type.as_str(), "evaluation") };
    let path = format!("{field}.{}", label.name);
    let most = label.values.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
    html! {
        section.card {
            h2 { a href=(spans(&format!("@{path}.value:*"))) { (label.name) } " " small { (words) } }
            dl.facts {
                div { dt { "Judged" } dd { (format::count(label.count)) } }
                @if label.pass + label.fail > 0 {
                    div { dt { "Pass" } dd { a href=(spans(&filter(&format!("{path}.assessment"), "pass"))) { (format::count(label.pass)) } } }
                    div { dt { "Fail" } dd { a href=(spans(&filter(&format!("{path}.assessment"), "fail"))) { (format::count(label.fail)) } } }
                }
                @if let Some((least, mean, most)) = label.numbers {
                    div { dt { "Mean" } dd { (format::number(mean)) } }
                    div { dt { "From" } dd { (format::number(least)) } }
                    div { dt { "To" } dd { (format::number(most)) } }
                }
            }
            @if !label.bars.is_empty() { (bars(label)) }
            @else {
                ul.spread {
                    @for (value, count) in &label.values {
                        li {
                            a href=(spans(&filter(&format!("{path}.value"), value))) { (value) }
                            svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
                                rect x="0" y="0" width=(count * 100 / most) height="8" {}
                            }
                            span.count { (format::count(*count)) }
                        }
                    }
                    @if label.other_values > 0 { li.others { "and " (format::things(label.other_values, "other value")) } }
                }
            }
        }
    }
}

/// Shows the histogram of scores.
fn bars(label: &Label) -> Markup {
    let most = label.bars.iter().copied().max().unwrap_or(1).max(1);
    let width = label.bars.len() * 10;
    html! {
        svg.bars viewBox={ "0 0 " (width) " 40" } preserveAspectRatio="none" role="img"
            aria-label={ "Distribution of " (label.name) ": " (label.bars.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")) } {
            @for (at, count) in label.bars.iter().enumerate() {
                @let height = if *count == 0 { 0 } else { (count * 40 / most).max(2) };
                rect x=(at * 10 + 1) y=(40 - height) width="8" height=(height) { title { (count) } }
            }
        }
        @if let Some((least, _, most)) = label.numbers {
            p.ends aria-hidden="true" { span { (format::number(least)) } span { (format::number(most)) } }
        }
    }
}

fn spans(query: &str) -> String {
    let pairs = [("view", "spans"), ("q", query)];
    format!("/traces?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
}
