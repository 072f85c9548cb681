//! V3 of the fault matrix: the content of spans is text. It is neither executed nor fetched, and does not change the page around it.

use serde_json::{Value, json};

use super::page::{Page, with_page};
use super::spans::{evaluation, root, span};

/// Each text would set `window.__xss`, open a dialog, or fetch from another server.
const CORPUS: [&str; 18] = [
    "<script>window.__xss=1</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "\"><svg/onload=window.__xss=1>",
    "' onmouseover='alert(1)' x='",
    "\" autofocus onfocus=\"alert(1)",
    "javascript:alert(1)",
    "[x](javascript:alert(1)) ![x](javascript:alert(1)) <javascript:alert(1)>",
    "[x](  JaVa\tScRiPt:alert(1)) [y](vbscript:x) [z](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "<iframe srcdoc='<script>parent.__xss=1</script>'></iframe>",
    "</pre></table></main></textarea></title><script>alert(1)</script>",
    "<base href=https://evil.example><form action=https://evil.example><input name=q>",
    "<style>*{background:url(https://evil.example/x)}</style><link rel=stylesheet href=https://evil.example>",
    "<meta http-equiv=refresh content=0;url=https://evil.example>",
    "<math><mtext></table><mglyph><style><img src onerror=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#60;img src=x onerror=alert(1)&#62;",
    "\u{202e}<script>alert(1)</script>\u{0}${alert(1)}{{constructor.constructor('alert(1)')()}}",
];

/// Spans with a text in every field.
fn spans_with_text(number: usize, text: &str) -> [Value; 2] {
    let trace = format!("x{number}");
    let message = json!({
        "role": text, "content": text,
        "tool_calls": [{ "name": text, "tool_id": text, "type": text, "arguments": { text: text } }],
        "tool_results": [{ "name": text, "tool_id": text, "type": text, "result": text }],
        "image_parts": [{ "mime_type": text, "content": text }, { "mime_type": "image/png", "content": text }],
        "audio_parts": [{ "mime_type": text, "content": text, "attachment_key": text }],
    });
    let assistant = json!({ "role": "assistant", "content": format!("<think>{text}</think>{text}") });
    let document = json!({ "text": text, "name": text, "id": text, "score": 0.5 });
    let llm = span(
        (&trace, &format!("{text}2"), "1"),
        "llm",
        text,
        json!({
            "status": "error", "session_id": text,
            "tags": [format!("{text}:{text}"), format!("k:{text}"), format!("ml_app:{text}"), text],
            "meta": {
                "model_name": text, "model_provider": text, "intent": text, "expected_output": { "value": text },
                "metadata": { text: text, "deep": { text: [text] } },
                "error": { "type": text, "message": text, "stack": text },
                "input": { "messages": [message, assistant], "value": text, "prompt": {
                    "id": text, "version": text, "template": text, "variables": { text: text },
                    "chat_template": [{ "role": text, "content": text }], "tags": { text: text } } },
                "output": { "documents": [document], "messages": [assistant] },
                "tool_definitions": [{ "name": text, "description": text, "version": text, "schema": { text: text } }],
            },
            "span_links": [{ "trace_id": text, "span_id": text, "attributes": { "from": text, "to": text } }],
        }),
    );
    let top = root(
        &trace,
        text,
        json!({
            "session_id": text, "tags": [format!("ml_app:{text}"), format!("service:{text}"), format!("env:{text}")],
            "meta": { "span": { "kind": text }, "input": { "value": text }, "output": { "value": text } },
        }),
    );
    [top, llm]
}

fn send(page: &Page<'_>, only: impl Fn(&Value) -> bool) {
    for (number, text) in CORPUS.iter().enumerate() {
        for span in spans_with_text(number, text).into_iter().filter(&only) {
            // Refused events cannot be shown, but the setup page shows the reasons.
            let answer = page.explorer.post("/api/v2/llmobs", &json!([{ "spans": [span] }]));
            assert!([202, 400].contains(&answer.0), "{answer:?}");
        }
        let judged = [
            evaluation(
                &format!("x{number}"),
                "1",
                text,
                json!({
                "metric_type": "categorical", "categorical_value": text, "assessment": text, "reasoning": text }),
            ),
            evaluation(
                &format!("x{number}"),
                "1",
                "plain",
                json!({
                "metric_type": "categorical", "categorical_value": text, "reasoning": text, "tags": [text] }),
            ),
        ];
        let body = |metric: &Value| json!({ "data": { "type": "evaluation_metric", "attributes": { "metrics": [metric] } } });
        for metric in &judged {
            let answer = page.explorer.post("/api/intake/llm-obs/v2/eval-metric", &body(metric));
            assert!([202, 400].contains(&answer.0), "{answer:?}");
        }
    }
}

/// Opens a page, unfolds all details and hovers over all elements.
fn inspect(page: &Page<'_>, path: &str) {
    page.visit(path);
    let trigger = "(() => { document.querySelectorAll('details').forEach((one) => (one.open = true));
        document.querySelectorAll('main *').forEach((one) => { one.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }));
        one.focus?.() }); document.activeElement.blur(); return [window.__xss === undefined, location.origin] })()";
    assert_eq!(page.ask(trigger), json!([true, page.explorer.origin]), "{path}");
    // The page contains only elements of its templates.
    let strange = "[
        ...document.querySelectorAll('iframe, object, embed, base, style, math, meta[http-equiv], script:not([src^=\"/assets/\"]), link:not([href^=\"/assets/\"])'),
        ...[...document.querySelectorAll('*')].filter((one) => [...one.attributes].some((attribute) => /^on|^style$|^srcdoc$/i.test(attribute.name))),
        ...[...document.querySelectorAll('[href], [src], [action]')].filter((one) => ['href', 'src', 'action'].some((name) =>
            one.hasAttribute(name) && !/^(\\/[^\\/]|#|data:(image|audio)\\/|https?:)/.test(one.getAttribute(name)))),
        ].map((one) => one.outerHTML.slice(0, 200))";
    assert_eq!(page.ask(strange), json!([]), "{path}");
    let elsewhere = "performance.getEntriesByType('resource').map((one) => one.name).filter((name) => !name.startsWith(location.origin) && !name.startsWith('data:'))";
    assert_eq!(page.ask(elsewhere), json!([]), "{path}");
    assert_eq!(page.count("main h1"), 1, "{path}");
    assert_eq!(page.browser_errors(), Vec::<String>::new(), "{path}");
}

#[test]
fn content_of_spans_is_never_executed() {
    with_page(|page| {
        send(page, |_| true);
        for path in [
            "/traces",
            "/traces?view=spans",
            "/traces?view=llm&column=tag.k&column=meta.metadata.deep",
            "/sessions",
            "/evaluations",
            "/setup",
        ] {
            inspect(page, path);
        }
        for number in 0..CORPUS.len() {
            inspect(page, &format!("/traces/x{number}"));
            let spans = page.count("tr[data-span]");
            if spans > 1 {
                // The script that inserts the panel is tested too.
                page.press("j");
                page.until("document.querySelector('.panel').getAttribute('aria-busy') === null");
                assert_eq!(page.ask("window.__xss === undefined"), true);
                let path = page.ask("location.pathname + location.search");
                inspect(page, path.as_str().unwrap());
            }
        }
        let sessions =
            "[...document.querySelectorAll('.rows tbody th a')].map((link) => link.getAttribute('href'))";
        page.visit("/sessions");
        let sessions: Vec<String> = serde_json::from_value(page.ask(sessions)).unwrap();
        assert!(sessions.len() >= CORPUS.len() / 2, "{sessions:?}");
        for path in &sessions {
            inspect(page, path);
        }
    });
}

#[test]
fn addresses_are_text() {
    with_page(|page| {
        send(page, |span| span["span_id"] == "1");
        page.expect("Failed to load resource: the server responded with a status of 40");
        for text in CORPUS {
            let coded =
                form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
            for path in [
                format!("/traces?q={coded}"),
                format!("/traces?q=%22{coded}"),
                format!("/traces?column={coded}&q=%40name%3A{coded}"),
                format!("/traces/x0?find={coded}&span={coded}&open={coded}"),
                format!("/traces/{coded}"),
                format!("/sessions/{coded}"),
            ] {
                // Refused addresses have no page with a heading.
                page.visit(&path);
                if page.count("h1") > 0 {
                    inspect(page, &path);
                }
                assert_eq!(page.ask("window.__xss === undefined"), true, "{path}");
            }
        }
    });
}

#[test]
fn every_answer_forbids_execution() {
    with_page(|page| {
        send(page, |_| true);
        let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        let paths = [
            "/traces",
            "/traces?q=(",
            "/traces/x0",
            "/traces/x0?span=1",
            "/traces/none",
            "/traces/x0/rows?of=1&after=0",
            "/traces/x0/spans/1",
            "/traces/x0/spans/1/event.json",
            "/sessions",
            "/sessions/none",
            "/evaluations",
            "/setup",
            "/assets/page.js",
            "/nowhere",
            "/info",
        ];
        for path in paths {
            let (head, body) = page.explorer.get(path);
            assert_eq!(head.headers["content-security-policy"], policy, "{path}");
            assert_eq!(head.headers["x-content-type-options"], "nosniff", "{path}");
            let html = head
                .headers
                .get("content-type")
                .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
            if html {
                assert!(!body.contains("<script>") && !body.contains("onerror=alert(1)>\""), "{path}");
            }
        }
    });
}
