//! Accessibility: screen readers, keys and contrast, in both themes.

use serde_json::{Value, json};

use super::page::{Page, with_page};
use super::showcase;

/// Every kind of page.
fn each_page(page: &Page<'_>, mut check: impl FnMut(&str)) {
    page.visit("/setup");
    check("/setup, empty");
    showcase::send(page.explorer);
    let trace = format!("/traces/{}?span=8", showcase::OPENED);
    let found = format!("/traces/{}?find=a", showcase::OPENED);
    let failed = "/traces?view=spans&q=%40status%3Aerror&column=tag.user_id";
    for path in
        ["/traces", failed, &trace, &found, "/sessions", "/sessions/traveller-2041", "/evaluations", "/setup"]
    {
        page.visit(path);
        check(path);
    }
    page.expect("Failed to load resource: the server responded with a status of 40");
    for path in ["/traces?q=%28", "/traces/nothing"] {
        page.visit(path);
        check(path);
    }
}

#[test]
fn every_page_has_a_heading_a_language_a_title_and_named_fields() {
    with_page(|page| {
        each_page(page, |path| {
            let facts = page.ask(
                "[document.documentElement.lang, document.title.endsWith(' · llmobs'), document.querySelectorAll('h1').length,
                document.querySelectorAll('main').length, document.querySelectorAll('h1')[0].textContent.trim() !== '']",
            );
            assert_eq!(facts, json!(["en", true, 1, 1, true]), "{path}");
            let nameless = "[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
                .filter((field) => field.labels.length === 0 && !field.ariaLabel).map((field) => field.outerHTML)";
            assert_eq!(page.ask(nameless), json!([]), "{path}");
            let nameless = "[...document.querySelectorAll('a[href], button')]
                .filter((one) => !(one.ariaLabel || one.textContent).trim()).map((one) => one.outerHTML)";
            assert_eq!(page.ask(nameless), json!([]), "{path}");
            let doubled = "(() => { const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
                return ids.filter((id, at) => ids.indexOf(id) !== at) })()";
            assert_eq!(page.ask(doubled), json!([]), "{path}");
            let unnamed = "[...document.querySelectorAll('img:not([alt]), svg:not([aria-hidden]):not([aria-label])')].map((one) => one.outerHTML)";
            assert_eq!(page.ask(unnamed), json!([]), "{path}");
            // No heading is skipped: after an h1 an h2, not an h3.
            let skipped = "(() => { let last = 0; return [...document.querySelectorAll('h1, h2, h3')].filter((head) => {
                const level = Number(head.tagName[1]); const skips = level > last + 1; last = level; return skips }).map((head) => head.outerHTML) })()";
            assert_eq!(page.ask(skipped), json!([]), "{path}");
        });
    });
}

#[test]
fn the_tree_of_spans_is_a_treegrid() {
    with_page(|page| {
        showcase::send(page.explorer);
        page.visit(&format!("/traces/{}?span=6", showcase::OPENED));
        let rows = page.ask(
            "[...document.querySelectorAll('[role=treegrid] tbody [role=row]')].map((row) => ['aria-level', 'aria-expanded', 'aria-selected', 'tabindex']
            .map((name) => row.getAttribute(name)).concat(row.querySelector('.name').innerText))",
        );
        let row = |level: &str, open: Value, name: &str| {
            let selected = name == "ask_harbour";
            json!([level, open, selected.to_string(), if selected { "0" } else { "-1" }, name])
        };
        let expected = [
            row("1", json!("true"), "travel_desk"),
            row("2", Value::Null, "embed_question"),
            row("2", Value::Null, "search_handbook"),
            row("2", Value::Null, "choose_step"),
            row("2", json!("true"), "timetable"),
            row("3", Value::Null, "ask_harbour"),
            row("3", Value::Null, "parse_answer"),
            row("2", Value::Null, "write_answer"),
        ];
        assert_eq!(rows, json!(expected));
        // The tree is one stop for the key Tab: the selected row.
        let stops =
            "[...document.querySelectorAll('.waterfall *')].filter((one) => one.tabIndex >= 0).length";
        assert_eq!(page.ask(stops), 1);
        page.press("j");
        assert_eq!(page.ask(stops), 1);
        assert_eq!(page.texts("[tabindex='0'][aria-selected=true] .name"), ["parse_answer"]);
        let cells = "[...new Set([...document.querySelectorAll('.waterfall tbody tr > *')].map((cell) => cell.getAttribute('role')))]";
        assert_eq!(page.ask(cells), json!(["rowheader", "gridcell"]));
    });
}

#[test]
fn focus_is_visible_and_a_link_skips_to_the_content() {
    with_page(|page| {
        showcase::send(page.explorer);
        page.visit("/traces");
        page.press("Tab");
        assert_eq!(page.texts(":focus"), ["Skip to content"]);
        assert_eq!(page.ask("document.activeElement.getBoundingClientRect().x >= 0"), true);
        page.press("Enter");
        assert_eq!(page.ask("document.activeElement.id"), "main");
        page.press("Tab");
        let seen = "(() => { const style = getComputedStyle(document.activeElement); return [style.outlineStyle, style.outlineWidth] })()";
        assert_eq!(page.ask(seen), json!(["solid", "2px"]));
    });
}

/// The lowest contrast below 4.5 of the texts of a page, with the colours after all mixing.
const CONTRASTS: &str = "(() => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const rgba = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const over = (top, below) => top.slice(0, 3).map((part, at) => part * top[3] / 255 + below[at] * (1 - top[3] / 255));
    const back = (one) => {
        if (!one) return [255, 255, 255];
        const colour = rgba(getComputedStyle(one).backgroundColor);
        return colour[3] === 255 ? colour.slice(0, 3) : over(colour, back(one.parentElement));
    };
    const light = (colour) => {
        const [r, g, b] = colour.map((part) => part / 255).map((part) => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
        return .2126 * r + .7152 * g + .0722 * b;
    };
    const low = new Set();
    for (const one of document.querySelectorAll('body *')) {
        if (![...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) || !one.checkVisibility()) continue;
        if (one.closest('svg, option, .hidden, .skip')) continue;
        const ground = back(one);
        const text = over(rgba(getComputedStyle(one).color), ground);
        const [a, b] = [light(text), light(ground)].sort((x, y) => y - x);
        const contrast = (a + .05) / (b + .05);
        if (contrast < 4.5) low.add(`${one.tagName}.${one.className} ${contrast.toFixed(2)} ${text} on ${ground}`);
    }
    return [...low];
})()";

#[test]
fn texts_have_enough_contrast_in_both_themes() {
    with_page(|page| {
        for dark in [false, true] {
            page.dark(dark);
            each_page(page, |path| assert_eq!(page.ask(CONTRASTS), json!([]), "dark: {dark}, {path}"));
            // Each kind of span has its own colour, which must have enough contrast in a selected row too.
            for span in 1..=8 {
                page.visit(&format!("/traces/{}?span={span}", showcase::OPENED));
                assert_eq!(page.ask(CONTRASTS), json!([]), "dark: {dark}, span {span}");
            }
        }
    });
}

/// Each colour of texts, on each background of texts.
#[test]
fn colours_of_the_stylesheet_have_enough_contrast() {
    let style = include_str!("../../src/assets/style.css");
    let colour = |name: &str, dark: bool| {
        let line = style
            .lines()
            .find_map(|line| line.trim().strip_prefix(&format!("--{name}: light-dark(")))
            .unwrap();
        let both: Vec<_> = line.trim_end_matches(");").split(", ").collect();
        let colour =
            u32::from_str_radix(both[usize::from(dark)].trim_start_matches('#'), 16).unwrap().to_be_bytes();
        let part = |at: usize| f64::from(colour[at]) / 255.0;
        let linear =
            |part: f64| if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) };
        0.2126 * linear(part(1)) + 0.7152 * linear(part(2)) + 0.0722 * linear(part(3))
    };
    let mut low = Vec::new();
    for dark in [false, true] {
        for ground in ["back", "card", "soft"] {
            for text in [
                "text",
                "quiet",
                "link",
                "ok",
                "bad",
                "agent",
                "workflow",
                "llm",
                "tool",
                "task",
                "embedding",
                "retrieval",
                "other",
            ] {
                let (text_light, ground_light) = (colour(text, dark), colour(ground, dark));
                let (more, less) = (text_light.max(ground_light), text_light.min(ground_light));
                let contrast = (more + 0.05) / (less + 0.05);
                if contrast < 4.5 {
                    low.push(format!("{text} on {ground}, dark: {dark}: {contrast:.2}"));
                }
            }
        }
    }
    assert_eq!(low, Vec::<String>::new());
}
