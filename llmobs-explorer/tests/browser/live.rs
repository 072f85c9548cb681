//! Traces appear by themselves while the page is looked at, and do not where it is paused.

use serde_json::json;

use super::page::with_page;
use super::spans::{root, span};

#[test]
fn a_trace_appears_by_itself() {
    with_page(|page| {
        page.explorer.send(&[root("a", "first", json!({}))]);
        page.visit("/traces");
        page.ask("window.stayed = true");
        page.click(".facets summary");
        page.explorer.send(&[root("b", "second", json!({}))]);
        page.until("document.querySelectorAll('.rows tbody tr').length === 2");
        assert_eq!(page.texts(".rows tbody th > a"), ["second", "first"]);
        // The page was not loaded anew, the folded facets stay folded, and a screen reader is told.
        assert_eq!(page.ask("[window.stayed, document.querySelector('.facets').open]"), json!([true, false]));
        assert_eq!(page.texts("#said"), ["1 to 2 of 2"]);
        // What does not match the filter stays away, what matches comes.
        page.submit("#q", "@name:third");
        page.explorer.send(&[root("c", "other", json!({})), root("d", "third", json!({}))]);
        page.until("document.querySelectorAll('.rows tbody tr').length === 1");
        assert_eq!(page.texts(".rows tbody th > a"), ["third"]);
        // A span of a trace that is there is counted with it.
        page.explorer.send(&[span(("d", "2", "1"), "task", "step", json!({}))]);
        page.until("document.querySelector('[data-label=Spans]').innerText === '2'");
    });
}

#[test]
fn a_paused_list_stays_as_it_is() {
    with_page(|page| {
        page.explorer.send(&[root("a", "first", json!({}))]);
        page.visit("/traces");
        page.click("#live");
        assert_eq!(page.texts("#live"), ["Paused"]);
        assert_eq!(page.ask("document.querySelector('#live').getAttribute('aria-pressed')"), "false");
        // Paused stays paused on the next page; there, no question for changes is under way.
        page.visit("/traces");
        assert_eq!(page.texts("#live"), ["Paused"]);
        page.ask("window.asked = 0; const before = fetch; window.fetch = (...of) => { window.asked += 1; return before(...of) }; 0");
        page.explorer.send(&[root("b", "second", json!({}))]);
        // Longer than the page waits between two looks at whether it is still paused.
        page.ask("new Promise((done) => setTimeout(done, 1200))");
        assert_eq!(page.ask("window.asked"), 0);
        assert_eq!(page.texts(".rows tbody th > a"), ["first"]);
        page.click("#live");
        assert_eq!(page.texts("#live"), ["Live"]);
        page.explorer.send(&[root("c", "third", json!({}))]);
        page.until("document.querySelectorAll('.rows tbody tr').length === 3");
    });
}

/// What is drawn anew between the press of a button and its release would not get the click.
#[test]
fn a_list_that_changes_does_not_swallow_a_click() {
    with_page(|page| {
        page.explorer.send(&[root("a", "first", json!({}))]);
        page.visit("/traces");
        page.press_down(".facets summary");
        page.explorer.send(&[root("b", "second", json!({}))]);
        // Longer than a change needs to arrive and to be drawn.
        page.ask("new Promise((done) => setTimeout(done, 600))");
        assert_eq!(page.texts(".rows tbody th > a"), ["first"]);
        page.release(".facets summary");
        page.until("document.querySelectorAll('.rows tbody tr').length === 2");
        assert_eq!(page.ask("document.querySelector('.facets').open"), false);
    });
}
