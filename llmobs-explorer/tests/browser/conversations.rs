//! Conversations: roles, tool calls and their results, reasoning, pictures, Markdown.

use serde_json::{Value, json};

use super::page::{Page, with_page};
use super::spans::{MILLISECOND, SECOND, now, root, span};

/// A picture of one red pixel.
const RED: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

/// A model call with a tool call, the tool, and a model call that answers.
fn send(page: &Page<'_>, input: &Value, output: &Value) {
    let start = now() - 10 * SECOND;
    let at = |milliseconds: i64| json!({ "start_ns": start + milliseconds * MILLISECOND, "duration": 100 * MILLISECOND });
    let mut first = at(10);
    first["meta"] = json!({ "input": { "messages": input }, "output": { "messages": output } });
    page.explorer.send(&[
        root("t", "answer", at(0)),
        span(("t", "2", "1"), "llm", "decide", first),
        span(("t", "3", "1"), "tool", "sea_state", at(200)),
        span(("t", "4", "1"), "tool", "sea_state", at(400)),
    ]);
    page.visit("/traces/t?span=2");
}

/// The class and the text of each message.
fn messages(page: &Page<'_>) -> Vec<(String, String)> {
    let classes = page.ask("[...document.querySelectorAll('.message')].map((one) => one.className)");
    let classes: Vec<String> = serde_json::from_value(classes).unwrap();
    classes.into_iter().zip(page.texts(".message")).collect()
}

#[test]
fn messages_are_shown_as_a_conversation() {
    with_page(|page| {
        let call = |id: &str, hour: u8| json!({ "name": "sea_state", "tool_id": id, "type": "function", "arguments": { "hour": hour } });
        let input = json!([
            { "role": "system", "content": "You help travellers." },
            { "role": "user", "content": "Is the sea **calm**?" },
            { "role": "tool", "content": "", "tool_results": [{ "name": "harbour", "tool_id": "call_0", "result": "open" }] },
        ]);
        let output = json!([{ "role": "assistant", "content": "", "tool_calls": [call("call_1", 20), call("call_2", 21), { "name": "other", "arguments": {} }] }]);
        send(page, &input, &output);
        let expected = [
            ("message system", "system You help travellers."),
            ("message user", "user Is the sea calm?"),
            ("message tool", "tool result of harbour call_0 open"),
            (
                "message assistant",
                "assistant calls sea_state call_1 the span that ran it { \"hour\": 20 } \
                 calls sea_state call_2 the span that ran it { \"hour\": 21 } calls other {}",
            ),
        ];
        assert_eq!(messages(page), expected.map(|(class, text)| (class.to_owned(), text.to_owned())));
        assert_eq!(page.texts(".message.user strong"), ["calm"]);
        // Each call links to its own span, in order.
        let links = page
            .ask("[...document.querySelectorAll('section.tool a')].map((link) => link.getAttribute('href'))");
        assert_eq!(links, json!(["/traces/t?span=3", "/traces/t?span=4"]));
        page.follow("section.tool a");
        assert_eq!(page.texts(".panel h2"), ["tool sea_state ✓ ok"]);
    });
}

#[test]
fn reasoning_is_folded() {
    with_page(|page| {
        let output = json!([
            { "role": "reasoning", "content": "Let me see." },
            { "role": "assistant", "content": "<think>Waves of 0.4 m.</think>\n\nYes, it is calm." },
        ]);
        send(page, &json!([]), &output);
        let expected = [
            ("message thought", "reasoning Reasoning"),
            ("message assistant", "assistant Reasoning Yes, it is calm."),
        ];
        assert_eq!(messages(page), expected.map(|(class, text)| (class.to_owned(), text.to_owned())));
        page.click(".message.assistant summary");
        assert_eq!(page.texts(".message.assistant details .text"), ["Waves of 0.4 m."]);
    });
}

#[test]
fn pictures_of_messages_are_shown_and_others_are_not_fetched() {
    with_page(|page| {
        let picture = |mime: &str, content: &str| json!({ "mime_type": mime, "content": content });
        let input = json!([
            { "role": "user", "content": "What is this?", "image_parts": [
                picture("image/png", RED),
                picture("image/svg+xml", "PHN2Zy8+"),
                picture("image/png", "https://example.com/p.png?a"),
                { "mime_type": "image/png", "attachment_key": "a-1" },
            ] },
            { "role": "user", "content": "![spy](https://example.com/spy.png) <img src=https://example.com/spy2.png>" },
        ]);
        send(page, &input, &json!([]));
        let pictures = "[...document.images].map((picture) => [picture.getAttribute('src'), picture.naturalWidth, picture.alt])";
        page.until("[...document.images].every((picture) => picture.complete)");
        assert_eq!(
            page.ask(pictures),
            json!([[format!("data:image/png;base64,{RED}"), 1, "Picture of a message, image/png"]])
        );
        assert_eq!(
            page.texts(".message"),
            [
                "user What is this? Picture, image/svg+xml Picture, image/png Picture, image/png, kept as a-1",
                "user [picture https://example.com/spy.png: spy] <img src=https://example.com/spy2.png>",
            ]
        );
        let elsewhere = "performance.getEntriesByType('resource').filter((one) => !one.name.startsWith(location.origin) && !one.name.startsWith('data:')).length";
        assert_eq!(page.ask(elsewhere), 0);
    });
}

#[test]
fn markdown_is_rendered_safely() {
    with_page(|page| {
        let text = "# Sea\n\n| hour | waves |\n|---|---|\n| 20 | 0.4 m |\n\n- `calm`\n\n\
                    [out](https://example.com/a) [in](javascript:window.__xss=1) <b onclick=window.__xss=1>bold</b>";
        send(page, &json!([]), &json!([{ "role": "assistant", "content": text }]));
        assert_eq!(page.texts(".message td"), ["20", "0.4 m"]);
        assert_eq!(page.texts(".message li code"), ["calm"]);
        let links =
            page.ask("[...document.querySelectorAll('.message a')].map((link) => link.getAttribute('href'))");
        assert_eq!(links, json!(["https://example.com/a", "#"]));
        assert!(page.texts(".message").concat().contains("<b onclick=window.__xss=1>bold</b>"));
        // A heading in a text is not a heading of the page.
        assert_eq!(page.count("h1"), 1);
        page.click(".message a:nth-of-type(2)");
        assert_eq!(page.ask("window.__xss === undefined"), true);
    });
}

#[test]
fn long_texts_are_folded() {
    with_page(|page| {
        let text = format!("{}END", "word ".repeat(4000));
        send(page, &json!([]), &json!([{ "role": "assistant", "content": text }]));
        assert!(!page.texts(".message").concat().contains("END"));
        assert_eq!(page.texts(".message summary"), ["Show 14 003 more characters"]);
        page.click(".message summary");
        page.until("document.querySelector('.message').innerText.endsWith('END')");
    });
}

/// JSON keeps the order of keys and the digits of numbers. Texts have their lines, and JSON in texts is shown as JSON.
#[test]
fn json_keeps_its_order_and_json_in_texts_is_parsed() {
    with_page(|page| {
        let query = r#"{"sql": "SELECT 1\nFROM sea", "limit": 1.50}"#;
        let event = format!(
            r#"{{"trace_id": "t", "span_id": "1", "name": "ask", "start_ns": {start}, "duration": 1,
            "meta": {{"span": {{"kind": "llm"}},
                "input": {{"messages": [{{"role": "tool", "tool_call_id": "call_7", "content": {arguments}}}]}},
                "output": {{"messages": [{{"role": "assistant", "tool_calls": [
                    {{"id": "call_8", "function": {{"name": "query", "arguments": {arguments}}}}}]}}]}},
                "metadata": {{"zebra": {{"z": 1, "a": [2]}}, "apple": 123456789012345678901}}}}}}"#,
            start = now(),
            arguments = json!(query),
        );
        page.explorer.send_text(&event);
        page.visit("/traces/t");
        let opened = "{\n  \"sql\": \"\"\"\n    SELECT 1\n    FROM sea\n  \"\"\",\n  \"limit\": 1.50\n}";
        let shown =
            "[...document.querySelectorAll('.message .role, .message pre')].map((one) => one.innerText)";
        assert_eq!(
            page.ask(shown),
            json!(["tool call_7", opened, "assistant", "calls query call_8", opened])
        );
        let metadata =
            page.ask("[...document.querySelectorAll('table.facts tr')].map((row) => row.innerText)");
        assert_eq!(
            metadata,
            json!(["zebra\t\n{\n  \"z\": 1,\n  \"a\": [2]\n}", "apple\t123456789012345678901"])
        );
        page.click("details.raw summary");
        let raw = page.ask("document.querySelector('.raw pre').textContent.replace(/\\s/g, '')");
        assert_eq!(raw.as_str().unwrap(), event.replace(char::is_whitespace, ""));
    });
}

#[test]
fn sql_has_one_line_per_clause() {
    with_page(|page| {
        let statement = "SELECT f.name, count(*) AS trips FROM ferry f WHERE f.place = 'Capri' GROUP BY f.name ORDER BY trips DESC";
        let clauses = [
            "SELECT f.name, count(*) AS trips",
            "FROM ferry f",
            "WHERE f.place = 'Capri'",
            "GROUP BY f.name",
            "ORDER BY trips DESC",
        ];
        let prose = "Select a ferry from the list of those that leave today, and tell me where it goes to; the last one is fine.";
        let arguments = json!({ "sql": statement }).to_string();
        send(
            page,
            &json!([{ "role": "user", "content": prose }, { "role": "user", "content": statement }]),
            &json!([{ "role": "assistant", "content": "", "tool_calls": [{ "name": "query", "arguments": arguments }] }]),
        );
        let shown = page.ask("[...document.querySelectorAll('.message .text')].map((one) => one.innerText)");
        let argument = format!("{{\n  \"sql\": \"\"\"\n    {}\n  \"\"\"\n}}", clauses.join("\n    "));
        assert_eq!(shown, json!([prose, clauses.join("\n"), argument]));
    });
}

/// The newest messages of a long call and its answer are visible, also without scripts.
#[test]
fn a_long_history_is_folded() {
    with_page(|page| {
        page.without_scripts();
        let message = |at: u32| json!({ "role": if at % 2 == 1 { "user" } else { "assistant" }, "content": format!("No{at} {}", "word ".repeat(40)) });
        let input: Value = (0..50).map(message).collect();
        send(page, &input, &json!([{ "role": "assistant", "content": "The answer." }]));
        assert_eq!(page.texts(".earlier summary"), ["48 earlier messages"]);
        let inside = "[...document.querySelectorAll('.message')].filter((one) => one.checkVisibility())
            .map((one) => [one.innerText.split(' ')[0].replace(/\\s+/, ' '), one.getBoundingClientRect().bottom < innerHeight])";
        assert_eq!(
            page.ask(inside),
            json!([["assistant No48", true], ["user No49", true], ["assistant The", true]])
        );
        page.click(".earlier summary");
        assert_eq!(
            page.ask(
                "[...document.querySelectorAll('.message')].filter((one) => one.checkVisibility()).length"
            ),
            51
        );
    });
}

#[test]
fn texts_have_their_own_direction() {
    with_page(|page| {
        send(
            page,
            &json!([{ "role": "user", "content": "שלום" }, { "role": "user", "content": "hello" }]),
            &json!([]),
        );
        let directions =
            "[...document.querySelectorAll('.message .text')].map((one) => getComputedStyle(one).direction)";
        assert_eq!(page.ask(directions), json!(["rtl", "ltr"]));
    });
}
