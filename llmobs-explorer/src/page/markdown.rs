//! Renders untrusted Markdown as safe HTML.

use maud::{Markup, PreEscaped};
use pulldown_cmark::{CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, html};

/// Longer texts are not rendered.
const LONGEST: usize = 60_000;

/// Converts Markdown to HTML. Raw HTML becomes text, links only lead to http(s), and images become text with their URL. `None` if the text
/// is too long.
pub(crate) fn markdown(text: &str) -> Option<Markup> {
    if text.len() > LONGEST {
        return None;
    }
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let events = Parser::new_ext(text, options).map(safe);
    let mut html = String::new();
    html::push_html(&mut html, events);
    Some(PreEscaped(html))
}

fn safe(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
        Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
        Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
        // Loading an image would tell its server that someone reads the text. The alternative text is between these two events.
        Event::Start(Tag::Image { dest_url, .. }) => Event::Text(format!("[picture {dest_url}: ").into()),
        Event::End(TagEnd::Image) => Event::Text("]".into()),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = if leads_out(&dest_url) { dest_url } else { CowStr::from("#") };
            let link_type = if link_type == LinkType::Email { LinkType::Inline } else { link_type };
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        // The headings of a text are below the headings of the page.
        Event::Start(Tag::Heading { level, id, classes, attrs }) => {
            Event::Start(Tag::Heading { level: below_page(level), id, classes, attrs })
        }
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(below_page(level))),
        Event::InlineMath(math) | Event::DisplayMath(math) => Event::Code(math),
        other => other,
    }
}

fn below_page(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H4,
        HeadingLevel::H2 => HeadingLevel::H5,
        _ => HeadingLevel::H6,
    }
}

fn leads_out(url: &str) -> bool {
    let url = url.trim_start().to_ascii_lowercase();
    url.starts_with("https://") || url.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_neither_executed_nor_fetched() {
        let cases = [
            ("**bold** `x<y`", "<p><strong>bold</strong> <code>x&lt;y</code></p>\n"),
            ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
            ("a <img src=x onerror=alert(1)> b", "<p>a &lt;img src=x onerror=alert(1)&gt; b</p>\n"),
            ("[x](javascript:alert(1))", "<p><a href=\"#\">x</a></p>\n"),
            ("[x](JaVaScRiPt:alert(1))", "<p><a href=\"#\">x</a></p>\n"),
            ("[x](data:text/html,hi)", "<p><a href=\"#\">x</a></p>\n"),
            ("<me@example.com>", "<p><a href=\"#\">me@example.com</a></p>\n"),
            ("[x](https://a.b/?\"onclick=1)", "<p><a href=\"https://a.b/?%22onclick=1\">x</a></p>\n"),
            ("![alt](https://evil/p.png)", "<p>[picture https://evil/p.png: alt]</p>\n"),
            ("# One\n## Two\n### Three", "<h4>One</h4>\n<h5>Two</h5>\n<h6>Three</h6>\n"),
            ("[x]: javascript:a\n\n[x]", "<p><a href=\"#\">x</a></p>\n"),
        ];
        for (text, html) in cases {
            assert_eq!(markdown(text).unwrap().into_string(), html, "{text}");
        }
        assert!(markdown(&"x".repeat(LONGEST + 1)).is_none());
    }
}
