//! Pages fit on narrow screens and use wide ones.

use super::page::with_page;
use super::showcase;

#[test]
fn pages_fit_into_360_pixels() {
    with_page(|page| {
        page.resize(360, 740);
        let trace = format!("/traces/{}?span=8", showcase::OPENED);
        let fits = || page.ask("[document.documentElement.scrollWidth, innerWidth]");
        page.visit("/setup");
        assert_eq!(fits(), serde_json::json!([360, 360]), "/setup");
        showcase::send(page.explorer);
        let paths = [
            "/traces",
            "/traces?view=spans&column=tag.user_id&q=user_id%3Au-41",
            &trace,
            "/sessions",
            "/sessions/traveller-2041",
            "/evaluations",
            "/setup",
        ];
        for path in paths {
            page.visit(path);
            assert_eq!(fits(), serde_json::json!([360, 360]), "{path}");
            // No element extends beyond the edge of its scroll area.
            let beyond = "[...document.querySelectorAll('main *')].filter((one) => !one.closest('pre, .raw, .scroll') && one.getBoundingClientRect().right > 361).map((one) => one.outerHTML.slice(0, 99))";
            assert_eq!(page.ask(beyond), serde_json::json!([]), "{path}");
        }
    });
}

#[test]
fn rows_are_cards_with_facets_folded_above_them() {
    with_page(|page| {
        page.resize(360, 740);
        showcase::send(page.explorer);
        page.visit("/traces");
        assert_eq!(page.ask("document.querySelector('.facets').open"), false);
        assert_eq!(page.texts("thead tr"), ["Started ▼ Name Duration First token Tokens Spans"]);
        page.click(".facets summary");
        page.follow(".facets a[title='@status:error']");
        assert_eq!(page.texts(".pager span"), ["1 to 3 of 3"]);
        page.follow(".rows tbody td.io");
        assert_eq!(page.texts("h1"), ["agent travel_desk"]);
        page.click("tr[data-span='5'] .name");
        page.until("document.querySelector('.panel h2').innerText.includes('timetable')");
    });
}

#[test]
fn wide_pages_use_their_width() {
    with_page(|page| {
        showcase::send(page.explorer);
        // Also with wide fonts.
        for width in [1600, 2560, 3840] {
            page.resize(width, 1200);
            page.visit("/traces");
            let hidden = "(() => { const box = document.querySelector('.results .scroll'); return box.scrollWidth - box.clientWidth })()";
            assert_eq!(page.ask(hidden), 0, "{width}");
        }
    });
}
