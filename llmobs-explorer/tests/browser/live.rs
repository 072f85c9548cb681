//! Pages update automatically unless they are paused.

use serde_json::json;

use super::page::with_page;
use super::spans::{MINUTE, now, root, span};

#[test]
fn new_traces_appear_automatically() {
    with_page(|page| {
        page.explorer.send(&[root("a", "first", json!({}))]);
        page.visit("/traces");
        page.ask("window.stayed = true");
        page.click(".facets summary");
        page.explorer.send(&[root("b", "second", json!({}))]);
        page.until("document.querySelectorAll('.rows tbody tr').length === 2");
        assert_eq!(page.texts(".rows tbody th > a"), ["second", "first"]);
        // The page was not reloaded, the folded facets are still folded, and screen readers are notified.
        assert_eq!(page.ask("[window.stayed, document.querySelector('.facets').open]"), json!([true, false]));
        assert_eq!(page.texts("#said"), ["1 to 2 of 2"]);
        // Only traces that match the filter appear.
        page.submit("#q", "@name:third");
        page.explorer.send(&[root("c", "other", json!({})), root("d", "third", json!({}))]);
        page.until("document.querySelectorAll('.rows tbody tr').length === 1");
        assert_eq!(page.texts(".rows tbody th > a"), ["third"]);
        // A new span is counted in its existing trace.
        page.explorer.send(&[span(("d", "2", "1"), "task", "step", json!({}))]);
        page.until("document.querySelector('[data-label=Spans]').innerText === '2'");
    });
}

/// A trace is not shown as ok before its root has ended.
#[test]
fn a_running_trace_is_updated_until_its_end() {
    with_page(|page| {
        let below = |id: &str, parent: &str, name: &str| {
            span(("t", id, parent), "task", name, json!({ "meta": { "input": { "value": name } } }))
        };
        let statuses = || page.texts(".status");
        page.explorer.send(&[below("2", "1", "first"), below("3", "2", "inner")]);
        page.visit("/traces");
        assert_eq!(page.texts(".rows tbody .time .status"), ["◌ running"]);
        page.follow(".rows tbody th > a");
        assert_eq!(
            (statuses(), page.texts(".pending")),
            (vec!["◌ running".to_owned(), "✓ ok".to_owned()], vec!["parent running".to_owned()])
        );
        page.ask("window.stayed = true");
        page.click("tr[data-span='2'] .fold");
        page.until("document.querySelectorAll('tr[data-span]').length === 1");
        // New spans appear, the folded branch remains folded, and the panel keeps the selected span.
        page.click("tr[data-span='2'] .name");
        page.until("location.search === '?span=2'");
        page.explorer.send(&[below("4", "1", "second"), below("5", "4", "broken")]);
        page.until("document.querySelectorAll('tr[data-span]').length === 3");
        assert_eq!(page.texts("tr[data-span] .name"), ["first", "second", "broken"]);
        assert_eq!(page.texts("tr[aria-selected=true] .name, .panel h2"), ["first", "task first ✓ ok"]);
        assert_eq!(page.texts("tr:focus .name"), ["first"]);
        let mut end = root("t", "all", json!({ "start_ns": now() - 2 * MINUTE, "duration": 2 * MINUTE }));
        end["status"] = "error".into();
        page.explorer.send(&[end]);
        page.until("document.querySelectorAll('tr[data-span]').length === 4");
        assert_eq!(page.texts("tr[data-span] .name"), ["all", "first", "second", "broken"]);
        assert_eq!(
            (page.texts(".banner .status"), page.count(".pending")),
            (vec!["✕ error".to_owned(), "✕ 1 error".to_owned()], 0)
        );
        assert_eq!(
            (page.texts("#said, .next-error"), page.ask("window.stayed")),
            (vec!["Next error".to_owned(), "5 ✕ 1 error".to_owned()], json!(true))
        );
        page.visit("/traces");
        assert_eq!(page.texts(".rows tbody .time .status"), ["✕ error"]);
    });
}

/// Without a span in the address, the panel shows the root as soon as it arrives.
#[test]
fn the_panel_shows_the_root_when_it_arrives() {
    with_page(|page| {
        page.explorer.send(&[span(("t", "2", "1"), "task", "first", json!({ "session_id": "s" }))]);
        page.visit("/sessions/s");
        assert_eq!(page.texts(".turn .status"), ["◌ running"]);
        page.visit("/traces/t");
        assert_eq!(page.texts(".panel h2"), ["task first ✓ ok"]);
        page.explorer.send(&[root("t", "all", json!({}))]);
        page.until("document.querySelector('.panel h2').innerText.includes('all')");
        assert_eq!(page.texts("tr[aria-selected=true] .name"), ["all"]);
        assert_eq!(page.texts(".banner .status"), ["✓ ok"]);
    });
}

#[test]
fn a_paused_list_does_not_change() {
    with_page(|page| {
        page.explorer.send(&[root("a", "first", json!({}))]);
        page.visit("/traces");
        page.click("#live");
        assert_eq!(page.texts("#live"), ["Paused"]);
        assert_eq!(page.ask("document.querySelector('#live').getAttribute('aria-pressed')"), "false");
        // The next page is paused too, and does not ask for changes.
        page.visit("/traces");
        assert_eq!(page.texts("#live"), ["Paused"]);
        page.ask("window.asked = 0; const before = fetch; window.fetch = (...of) => { window.asked += 1; return before(...of) }; 0");
        page.explorer.send(&[root("b", "second", json!({}))]);
        // Waits longer than the interval in which the page checks whether it is paused.
        page.ask("new Promise((done) => setTimeout(done, 1200))");
        assert_eq!(page.ask("window.asked"), 0);
        assert_eq!(page.texts(".rows tbody th > a"), ["first"]);
        page.click("#live");
        assert_eq!(page.texts("#live"), ["Live"]);
        page.explorer.send(&[root("c", "third", json!({}))]);
        page.until("document.querySelectorAll('.rows tbody tr').length === 3");
    });
}

/// An element that is replaced between the press and the release of a button would not get the click.
#[test]
fn a_changing_list_does_not_lose_a_click() {
    with_page(|page| {
        page.explorer.send(&[root("a", "first", json!({}))]);
        page.visit("/traces");
        page.press_down(".facets summary");
        page.explorer.send(&[root("b", "second", json!({}))]);
        // Waits longer than a change takes to appear.
        page.ask("new Promise((done) => setTimeout(done, 600))");
        assert_eq!(page.texts(".rows tbody th > a"), ["first"]);
        page.release(".facets summary");
        page.until("document.querySelectorAll('.rows tbody tr').length === 2");
        assert_eq!(page.ask("document.querySelector('.facets').open"), false);
    });
}
