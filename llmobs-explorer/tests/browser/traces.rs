//! A trace: the tree and the panel, with mouse and keys.

use serde_json::{Value, json};

use super::page::{Page, with_page};
use super::spans::{MILLISECOND, SECOND, now, root, span};

const NAMES: &str = ".waterfall .name";

/// A root with two branches. The second one has failed spans.
fn send(page: &Page<'_>) {
    let start = now() - 10 * SECOND;
    let at = |from: i64, takes: i64| json!({ "start_ns": start + from * MILLISECOND, "duration": takes * MILLISECOND });
    let failed = |from: i64, message: &str| {
        let mut more = at(from, 10);
        more["status"] = "error".into();
        more["meta"] =
            json!({ "error": { "type": "Timeout", "message": message, "stack": "at search.rs:7" } });
        more
    };
    page.explorer.send(&[
        root("t", "answer", at(0, 1000)),
        span(("t", "2", "1"), "task", "plan", at(10, 400)),
        span(("t", "3", "2"), "task", "plan_first", at(20, 100)),
        span(("t", "4", "2"), "task", "plan_second", at(150, 100)),
        span(("t", "5", "1"), "agent", "act", at(500, 400)),
        span(("t", "6", "5"), "tool", "search", failed(510, "no answer after 3 attempts")),
        span(("t", "7", "5"), "tool", "search_again", failed(600, "no answer again")),
    ]);
}

/// Waits until the panel has this heading.
fn panel(page: &Page<'_>, head: &str) {
    page.until(&format!(
        "document.querySelector('.panel h2').innerText.replace(/\\s+/g, ' ').startsWith({})",
        json!(head)
    ));
}

/// The names of the selected rows, and the address.
fn selected(page: &Page<'_>) -> (Vec<String>, Value) {
    (page.texts("tr[aria-selected=true] .name"), page.ask("location.search"))
}

#[test]
fn a_click_on_a_span_shows_it() {
    with_page(|page| {
        send(page);
        page.visit("/traces");
        page.follow(".rows tbody td.io");
        assert_eq!(page.ask("document.title"), "answer · llmobs");
        assert_eq!(
            page.texts(NAMES),
            ["answer", "plan", "plan_first", "plan_second", "act", "search", "search_again"]
        );
        assert_eq!(page.texts(".banner dd").get(2..5).unwrap(), ["1.00s", "7 ✕ 2 errors", "0"]);
        page.click("tr[data-span='6'] .name");
        panel(page, "tool search ✕ error");
        assert_eq!(selected(page), (vec!["search".to_owned()], json!("?span=6")));
        assert_eq!(
            page.texts("section.error p, section.error > pre"),
            ["Timeout", "no answer after 3 attempts"]
        );
        page.click("section.error summary");
        assert_eq!(page.texts("section.error details pre"), ["at search.rs:7"]);
        // A click next to the name selects the span too, and the address restores the selection.
        page.click("tr[data-span='3'] .lane");
        panel(page, "task plan_first");
        page.visit("/traces/t?span=3");
        assert_eq!(selected(page).0, ["plan_first"]);
    });
}

#[test]
fn keys_move_through_the_tree() {
    with_page(|page| {
        send(page);
        page.visit("/traces/t");
        for (key, name) in [
            ("j", "plan"),
            ("ArrowDown", "plan_first"),
            ("ArrowLeft", "plan"),
            ("k", "answer"),
            ("k", "answer"),
            ("End", "search_again"),
            ("ArrowUp", "search"),
            ("Home", "answer"),
            ("ArrowRight", "plan"),
        ] {
            page.press(key);
            assert_eq!(selected(page).0, [name], "{key}");
            assert_eq!(page.texts("tr:focus .name"), [name], "{key}");
        }
        panel(page, "task plan");
        page.press("Enter");
        assert_eq!(page.ask("document.activeElement.id"), "panel");
        page.press("Escape");
        assert_eq!(page.texts("tr:focus .name"), ["plan"]);
        page.press("?");
        assert!(page.texts("#said").concat().contains("next error"));
    });
}

#[test]
fn branches_fold_and_unfold() {
    with_page(|page| {
        send(page);
        page.visit("/traces/t");
        let all = ["answer", "plan", "plan_first", "plan_second", "act", "search", "search_again"];
        let folded = ["answer", "plan", "act", "search", "search_again"];
        let state = |id: &str| {
            page.ask(&format!(
                "(() => {{ const row = document.querySelector(\"tr[data-span='{id}']\"); const link = row.querySelector('.fold');
                return [row.ariaExpanded, link.innerText, link.ariaLabel, row.querySelectorAll('.count').length] }})()"
            ))
        };
        page.click("tr[data-span='2'] .fold");
        page.until("document.querySelectorAll('tr[data-span]').length === 5");
        assert_eq!(page.texts(NAMES), folded);
        assert_eq!(state("2"), json!(["false", "▸", "Unfold plan", 0]));
        page.click("tr[data-span='2'] .fold");
        page.until("document.querySelectorAll('tr[data-span]').length === 7");
        assert_eq!(page.texts(NAMES), all);
        assert_eq!(state("2"), json!(["true", "▾", "Fold plan", 0]));
        // With keys: folds, and continues from the current row.
        page.press("j");
        page.press("ArrowLeft");
        assert_eq!(page.texts(NAMES), folded);
        page.press("ArrowRight");
        page.until("document.querySelectorAll('tr[data-span]').length === 7");
        page.press("ArrowDown");
        assert_eq!(selected(page).0, ["plan_first"]);
        // Folding a branch moves the selection from inside the branch to its head.
        page.click("tr[data-span='2'] .fold");
        page.until("document.querySelectorAll('tr[data-span]').length === 5");
        assert_eq!(selected(page), (vec!["plan".to_owned()], json!("?span=2")));
        page.press("j");
        assert_eq!(selected(page).0, ["act"]);
        panel(page, "agent act");
    });
}

#[test]
fn many_children_are_shown_in_parts() {
    with_page(|page| {
        let start = now() - 10 * SECOND;
        let child = |at: i64| {
            let times = json!({ "start_ns": start + at * MILLISECOND, "duration": MILLISECOND });
            span(("t", &format!("c{at}"), "1"), "task", &format!("step_{at}"), times)
        };
        page.explorer.send(&[root("t", "answer", json!({ "start_ns": start }))]);
        page.explorer.send(&(0..250).map(child).collect::<Vec<_>>());
        page.visit("/traces/t");
        let shown = page.count("tr[data-span]");
        assert!((50..250).contains(&shown), "{shown}");
        assert_eq!(page.texts("tr.more a"), [format!("Show more: {} spans left", 251 - shown)]);
        while page.count("tr.more") > 0 {
            let before = page.count("tr[data-span]");
            page.click("tr.more a");
            page.until(&format!("document.querySelectorAll('tr[data-span]').length > {before}"));
        }
        let mut names = vec!["answer".to_owned()];
        names.extend((0..250).map(|at| format!("step_{at}")));
        assert_eq!(page.texts(NAMES), names);
        // The address of a span far down shows the span and scrolls to it.
        page.visit("/traces/t?span=c249");
        assert_eq!(selected(page).0, ["step_249"]);
        let inside =
            "(() => { const box = document.querySelector('tr[aria-selected=true]').getBoundingClientRect();
            return box.top >= 0 && box.bottom <= innerHeight })()";
        assert_eq!(page.ask(inside), true);
    });
}

#[test]
fn spans_are_found_by_name_and_errors_one_after_another() {
    with_page(|page| {
        send(page);
        page.visit("/traces/t");
        page.press("/");
        page.submit("#find", "PLAN_");
        assert_eq!(page.texts(NAMES), ["plan_first", "plan_second"]);
        assert!(page.texts("[role=status].quiet").concat().starts_with("2 spans with “PLAN_” in the name"));
        page.click("tr[data-span='4'] .name");
        panel(page, "task plan_second");
        page.follow(".tree .quiet a");
        assert_eq!(page.count("tr[data-span]"), 7);
        page.follow(".next-error");
        assert_eq!(selected(page).0, ["search"]);
        let loads = page.ask("performance.timeOrigin");
        page.press("e");
        page.until(&format!("performance.timeOrigin !== {loads} && document.readyState === 'complete'"));
        assert_eq!(selected(page).0, ["search_again"]);
        // The search begins at the selected span, not at the span of the address.
        page.click("tr[data-span='2'] .name");
        panel(page, "task plan");
        page.follow(".next-error");
        assert_eq!(selected(page).0, ["search"]);
    });
}

#[test]
fn all_parts_of_a_span_are_shown() {
    with_page(|page| {
        let more = json!({
            "duration": 2 * SECOND,
            "meta": {
                "model_name": "gpt-4o", "model_provider": "openai",
                "metadata": { "temperature": 0.2, "nested": { "a": [1] } },
                "input": { "messages": [{ "role": "user", "content": "Hello" }], "prompt": {
                    "id": "greet", "version": "3", "template": "Greet {{name}}.", "variables": { "name": "Ada" } } },
                "output": { "documents": [{ "name": "Handbook", "id": "h-1", "score": 0.5, "text": "How to greet" }] },
                "tool_definitions": [{ "name": "wave", "description": "Waves", "schema": { "type": "object" } }],
            },
            "metrics": { "input_tokens": 1200, "output_tokens": 7, "time_to_first_token": 0.25 },
            "span_links": [{ "trace_id": "t", "span_id": "1", "attributes": { "from": "output", "to": "input" } }],
        });
        page.explorer.send(&[span(("t", "1", ""), "llm", "greet", more)]);
        page.visit("/traces/t");
        let heads = [
            "Prompt",
            "Variables",
            "Metrics",
            "Metadata",
            "Available tools",
            "Tags",
            "Links",
            "Input",
            "Output",
        ];
        assert_eq!(
            page.ask("[...document.querySelectorAll('.trace h3')].map((head) => head.textContent)"),
            json!(heads)
        );
        assert_eq!(
            page.texts(".panel > .facts dd").get(1..7).unwrap(),
            ["2.00s", "2.00s", "250ms", "gpt-4o openai", "1 200", "7"]
        );
        assert_eq!(page.texts(".documents li"), ["Handbook h-1 score 0.5 How to greet"]);
        assert_eq!(page.texts(".prompt dd"), ["greet", "3"]);
        page.follow("#details .facts a.value");
        assert_eq!(page.ask("document.querySelector('#q').value"), "@metrics.input_tokens:1200");
        assert_eq!(page.texts(".rows tbody th > a"), ["greet"]);
        page.visit("/traces/t");
        page.click("details.raw summary");
        let raw: Value = serde_json::from_str(
            page.ask("document.querySelector('.raw pre').textContent").as_str().unwrap(),
        )
        .unwrap();
        // A JSON page names no icon, so the browser may request one.
        page.expect("404 (Not Found) http://127.0.0.1");
        page.follow(".raw a");
        let whole: Value =
            serde_json::from_str(page.ask("document.body.textContent").as_str().unwrap()).unwrap();
        assert_eq!((&raw["name"], &whole), (&json!("greet"), &raw));
    });
}

#[test]
fn costs_are_shown_in_dollars_with_all_digits() {
    with_page(|page| {
        let paid = |id: &str, metrics: Value| {
            root(id, id, json!({ "metrics": metrics, "meta": { "metadata": { "share": 0.10 } } }))
        };
        page.explorer.send(&[
            paid("a", json!({ "total_cost": 0.00003, "estimated_total_cost": 33_000_000 })),
            paid("b", json!({ "estimated_total_cost": 33_000_001 })),
        ]);
        let shown = || page.texts("#details a.value, #panel .facts div:nth-last-child(2) dd");
        page.visit("/traces/a");
        assert_eq!(shown(), ["$0.033", "$0.00003", "0.1", "$0.00003"]);
        page.visit("/traces/b");
        assert_eq!(shown(), ["$0.033000001", "0.1", "$0.033000001 estimated"]);
        page.follow("a.value[href*=estimated_total_cost]");
        assert_eq!(
            page.ask("document.querySelector('#q').value"),
            "@metrics.estimated_total_cost:\"33000001\""
        );
        assert_eq!(page.texts(".rows tbody th > a"), ["b"]);
        page.visit("/traces?column=metrics.estimated_total_cost&column=metrics.total_cost&order=asc");
        assert_eq!(page.texts("[data-label^='metrics.']"), ["$0.033", "$0.00003", "$0.033000001", ""]);
        page.visit("/traces/a");
        page.follow("a.value[href*=share]");
        assert_eq!(page.count(".rows tbody tr"), 2);
    });
}

/// The tree and the details remain visible next to a long call.
#[test]
fn tree_and_details_remain_visible_next_to_a_long_call() {
    with_page(|page| {
        let text = "word ".repeat(5000);
        let call = json!({ "meta": { "input": { "value": text }, "output": { "value": text }, "metadata": { "a": 1 } } });
        page.explorer.send(&[root("t", "all", json!({})), span(("t", "2", "1"), "llm", "long", call)]);
        page.visit("/traces/t?span=2");
        page.ask("document.querySelectorAll('.rest').forEach((rest) => (rest.open = true))");
        page.ask("scrollTo(0, document.body.scrollHeight / 2)");
        let places = "['.tree', '#details', '#panel'].map((part) => { const box = document.querySelector(part).getBoundingClientRect();
            return [box.top >= 0 && box.bottom <= innerHeight, box.left < innerWidth * .4] })";
        assert_eq!(page.ask(places), json!([[true, true], [true, true], [false, false]]));
        // The details belong to the selected span.
        page.click("tr[data-span='1'] .name");
        page.until("document.querySelector('#details').innerText.search('Metadata') === -1");
        // In a narrow window, they are below each other.
        page.resize(700, 900);
        let order = "['.tree', '#panel', '#details'].map((part) => document.querySelector(part).getBoundingClientRect().top)";
        let tops: Vec<f64> = serde_json::from_value(page.ask(order)).unwrap();
        assert!(tops.is_sorted(), "{tops:?}");
    });
}

#[test]
fn a_wrong_clock_does_not_break_the_axis() {
    with_page(|page| {
        let long_ago = json!({ "start_ns": SECOND, "duration": SECOND });
        page.explorer.send(&[
            root("t", "all", json!({ "duration": 4 * SECOND })),
            span(("t", "2", "1"), "tool", "near", json!({ "duration": 2 * SECOND })),
            span(("t", "3", "1"), "tool", "odd", long_ago),
        ]);
        page.visit("/traces/t");
        assert_eq!(page.texts(".axis span"), ["0", "2.00s", "4.00s"]);
        assert_eq!(page.texts("tr:has(.pending) .name"), ["odd"]);
        let lanes = page.ask("[...document.querySelectorAll('.lane')].map((lane) => [lane.querySelector('.far') !== null, lane.querySelector('title').textContent.includes('before the others')])");
        assert_eq!(lanes, json!([[false, false], [true, true], [false, false]]));
    });
}
