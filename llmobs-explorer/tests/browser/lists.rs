//! The list: rows, the filter bar, facets, errors of queries, order, columns, the time range.

use serde_json::json;

use super::page::{Page, with_page};
use super::showcase;
use super::spans::{MILLISECOND, MINUTE, SECOND, evaluation, now, root, span};

/// Four traces. The first one is the latest.
fn send(page: &Page<'_>) {
    let ago = |minutes: i64, milliseconds: i64| json!({ "start_ns": now() - minutes * MINUTE, "duration": milliseconds * MILLISECOND });
    let trace = |id: &str, name: &str, minutes: i64, milliseconds: i64, user: &str| {
        let mut span = root(id, name, ago(minutes, milliseconds));
        span["tags"].as_array_mut().unwrap().push(format!("user_id:{user}").into());
        span
    };
    let mut failed = trace("d", "refund", 4, 50, "u-2");
    failed["status"] = "error".into();
    let child = span(("d", "2", "1"), "llm", "judge_refund", json!({ "meta": { "model_name": "gpt-4o" } }));
    page.explorer.send(&[
        trace("a", "answer", 1, 3000, "u-1"),
        trace("b", "greet", 2, 20, "u-1"),
        trace("c", "answer", 3, 700, "u-2"),
        failed,
        child,
    ]);
}

fn names(page: &Page<'_>) -> Vec<String> {
    page.texts(".rows tbody th > a")
}

#[test]
fn the_filter_bar_filters_rows() {
    with_page(|page| {
        send(page);
        page.visit("/traces");
        assert_eq!(names(page), ["answer", "greet", "answer", "refund"]);
        assert_eq!(page.texts(".rows tbody tr:last-child .time .status"), ["✕ error"]);
        page.submit("#q", "@duration:>500ms user_id:u-2");
        assert_eq!(page.ask("location.search"), "?q=%40duration%3A%3E500ms+user_id%3Au-2");
        assert_eq!(names(page), ["answer"]);
        assert_eq!(page.texts(".pager span"), ["1 to 1 of 1"]);
        // The back button of the browser works.
        page.ask("history.back()");
        page.until("document.querySelectorAll('.rows tbody tr').length === 4");
        page.follow(".tabs a:nth-child(3)");
        assert_eq!(names(page), ["judge_refund"]);
        page.follow(".rows tbody td.io");
        assert_eq!(page.ask("location.pathname + location.search"), "/traces/d?span=2");
    });
}

#[test]
fn a_facet_adds_and_removes_its_term() {
    with_page(|page| {
        send(page);
        page.visit("/traces?q=user_id%3Au-2");
        let refund = ".facets a[title='@name:refund']";
        assert_eq!(page.texts(refund), ["refund 1"]);
        page.follow(refund);
        assert_eq!(page.ask("document.querySelector('#q').value"), "user_id:u-2 @name:refund");
        assert_eq!(names(page), ["refund"]);
        assert_eq!(
            page.ask(&format!("document.querySelector(\"{refund}\").getAttribute('aria-current')")),
            "true"
        );
        page.follow(refund);
        assert_eq!(page.ask("document.querySelector('#q').value"), "user_id:u-2");
        assert_eq!(names(page), ["answer", "refund"]);
    });
}

#[test]
fn query_errors_mark_their_column() {
    with_page(|page| {
        page.expect("Failed to load resource: the server responded with a status of 400");
        send(page);
        page.visit("/traces");
        page.submit("#q", "@name:answer (@status:ok");
        assert_eq!(page.texts("#q-error mark"), ["("]);
        assert_eq!(page.texts("#q-error .query"), ["@name:answer (@status:ok"]);
        let error = page.texts("#q-error").remove(0);
        assert!(error.contains("column 14: "), "{error}");
        assert_eq!(
            page.ask("['aria-invalid', 'aria-describedby'].map((name) => document.querySelector('#q').getAttribute(name))"),
            json!(["true", "q-error"])
        );
        // The query is kept, so that the user can correct it.
        page.submit("#q", "@name:answer (@status:ok)");
        assert_eq!(names(page), ["answer", "answer"]);
    });
}

#[test]
fn headings_sort_the_list() {
    with_page(|page| {
        send(page);
        page.visit("/traces");
        let sorted = "[...document.querySelectorAll('th[aria-sort]')].map((head) => `${head.innerText.trim()} ${head.ariaSort}`)";
        assert_eq!(page.ask(sorted), json!(["Started ▼ descending"]));
        page.follow("thead th:nth-child(4) a");
        assert_eq!(page.ask(sorted), json!(["Duration ▼ descending"]));
        assert_eq!(page.texts(".rows tbody [data-label=Duration]"), ["3.00s", "700ms", "50.0ms", "20.0ms"]);
        page.follow("thead th:nth-child(4) a");
        assert_eq!(page.ask(sorted), json!(["Duration ▲ ascending"]));
        assert_eq!(page.texts(".rows tbody [data-label=Duration]"), ["20.0ms", "50.0ms", "700ms", "3.00s"]);
        assert_eq!(page.ask("location.search"), "?sort=duration&order=asc");
    });
}

#[test]
fn columns_are_added_and_removed() {
    with_page(|page| {
        send(page);
        page.visit("/traces");
        page.submit("input[name=column]:not([type=hidden])", "tag.user_id");
        page.submit("input[name=column]:not([type=hidden])", "@tag.env");
        assert_eq!(page.ask("location.search"), "?column=tag.user_id&column=%40tag.env");
        assert_eq!(page.texts("thead th:nth-child(n + 10)"), ["tag.user_id ✕", "tag.env ✕"]);
        assert_eq!(page.texts("td[data-label='tag.user_id']"), ["u-1", "u-1", "u-2", "u-2"]);
        // A value links to the rows with the same value, and keeps the columns.
        page.follow("td[data-label='tag.user_id'] a");
        assert_eq!(page.texts("td[data-label='tag.user_id']"), ["u-1", "u-1"]);
        page.follow("a[aria-label='Remove the column tag.user_id']");
        assert_eq!(page.texts("thead th:nth-child(n + 10)"), ["tag.env ✕"]);
    });
}

#[test]
fn the_time_range_is_chosen_from_a_list_or_from_the_histogram() {
    with_page(|page| {
        send(page);
        page.explorer.send(&[root(
            "e",
            "old",
            json!({ "start_ns": now() - 100 * MINUTE, "duration": SECOND }),
        )]);
        page.visit("/traces");
        assert_eq!(page.texts(".pager span"), ["1 to 5 of 5"]);
        // The first bar has the oldest row.
        page.follow(".histogram a");
        assert_eq!(names(page), ["old"]);
        page.ask("(() => { const last = document.querySelector('#last'); last.value = '1h'; last.dispatchEvent(new Event('change')) })()");
        page.until("location.search === '?last=1h' && document.readyState === 'complete'");
        assert_eq!(names(page), ["answer", "greet", "answer", "refund"]);
    });
}

#[test]
fn a_wrong_clock_does_not_distort_the_histogram() {
    with_page(|page| {
        let spans: Vec<_> = (0..60)
            .map(|at| {
                root(
                    &format!("t{at}"),
                    "step",
                    json!({ "start_ns": now() - at * MINUTE, "duration": SECOND }),
                )
            })
            .collect();
        page.explorer.send(&spans);
        page.explorer.send(&[
            root("old", "old", json!({ "start_ns": 1_000_000, "duration": SECOND })),
            root("new", "new", json!({ "start_ns": 4_070_908_800_000_000_000_i64, "duration": SECOND })),
        ]);
        page.visit("/traces");
        assert_eq!(page.texts(".pager span"), ["1 to 50 of 62"]);
        let bars = page.count(".histogram svg a");
        assert!((50..=60).contains(&bars), "{bars}");
        assert_eq!(page.texts(".histogram figcaption a"), ["1 earlier", "1 later"]);
        page.follow(".histogram figcaption span:last-child a");
        assert_eq!(names(page), ["new"]);
        page.visit("/traces");
        page.follow(".histogram figcaption a");
        assert_eq!(names(page), ["old"]);
    });
}

#[test]
fn keys_move_through_the_rows_and_open_one() {
    with_page(|page| {
        send(page);
        page.visit("/traces");
        page.press("/");
        assert_eq!(page.ask("document.activeElement.id"), "q");
        // In a field, keys write letters.
        page.press("j");
        assert_eq!(
            page.ask("[document.querySelector('#q').value, document.querySelectorAll('tr.current').length]"),
            json!(["j", 0])
        );
        page.press("Escape");
        for key in ["j", "j", "j", "k"] {
            page.press(key);
        }
        assert_eq!(page.texts("tr.current th > a"), ["greet"]);
        page.press("Enter");
        page.until("location.pathname === '/traces/b'");
    });
}

/// Programs write ids in different formats. Spans of one trace belong together, evaluations find their span, and pasted ids are found.
#[test]
fn ids_are_found_in_every_format() {
    with_page(|page| {
        let trace = "0af7651916cd43dd8448eb211c80319c";
        page.explorer.send(&[
            span((trace, "b7ad6b7169203331", ""), "agent", "above", json!({})),
            span((&trace.to_uppercase(), "17", "13235353014750950193"), "llm", "below", json!({})),
            span((trace, "00f067aa0ba902b7", "B7AD6B7169203331"), "tool", "beside", json!({})),
            root("t", "other", json!({ "meta": { "input": { "value": "it was 00f067aa0ba902b7" } } })),
        ]);
        page.explorer.judge(&[
            evaluation(
                trace,
                "13235353014750950193",
                "one",
                json!({ "metric_type": "score", "score_value": 1 }),
            ),
            evaluation(trace, "0x11", "two", json!({ "metric_type": "score", "score_value": 2 })),
        ]);
        for (view, pasted, found) in [
            ("traces", "0AF7651916CD43DD8448EB211C80319C", "above"),
            ("traces", "0af76519-16cd-43dd-8448-eb211c80319c", "above"),
            ("traces", "0xb7ad6b7169203331", "above"),
            ("traces", "13235353014750950193", "above"),
            ("traces", "@trace_id:0x0AF7651916cd43dd8448eb211c80319c", "above"),
            // The id of a child finds the trace, and also matches words in texts.
            ("traces", "00F067AA0BA902B7", "above other"),
            ("spans", "67667974448284343", "above beside"),
            ("spans", "@parent_id:b7ad6b7169203331", "below beside"),
            ("spans", "@evaluation.one:1", "above"),
            ("spans", "@evaluation.two:2", "below"),
            ("traces", "00f067aa0ba902b8", ""),
        ] {
            page.visit(&format!("/traces?view={view}&sort=name&order=asc&q={pasted}"));
            assert_eq!(names(page).join(" "), found, "{view} {pasted}");
        }
        page.visit(&format!("/traces/{}?span=0xB7AD6B7169203331", trace.to_uppercase()));
        assert_eq!(page.texts("tr[data-span] .name"), ["above", "below", "beside"]);
        assert_eq!(page.texts(".panel .id"), ["b7ad6b7169203331"]);
    });
}

/// Many rows are visible at once, and the texts use the space that other columns do not need.
#[test]
fn twenty_rows_fit_into_a_window() {
    with_page(|page| {
        showcase::send(page.explorer);
        page.resize(1440, 900);
        page.visit("/traces");
        let inside = "[...document.querySelectorAll('.rows tbody tr')].filter((row) => row.getBoundingClientRect().bottom <= innerHeight).length";
        assert!(page.ask(inside).as_u64() >= Some(20), "{}", page.ask(inside));
        let wide = "document.querySelector('.rows td.io').offsetWidth";
        assert!(page.ask(wide).as_u64() >= Some(340), "{}", page.ask(wide));
        let before = page.ask(wide);
        page.resize(1640, 900);
        assert!(
            page.ask(wide).as_u64() >= before.as_u64().map(|width| width + 195),
            "{before} {}",
            page.ask(wide)
        );
    });
}

/// In scripts without spaces, searches find parts of sentences.
#[test]
fn words_in_scripts_without_spaces_are_found() {
    with_page(|page| {
        let with_input =
            |id: &str, text: &str| root(id, id, json!({ "meta": { "input": { "value": text } } }));
        page.explorer.send(&[
            with_input("japanese", "今日の東京の天気はどうですか。Rust製です"),
            with_input("chinese", "明天北京的天气怎么样？"),
            with_input("korean", "오늘 날씨가 좋네요"),
            with_input("spaced", "東京 天気"),
        ]);
        for (query, found) in [
            ("天気", "japanese spaced"),
            ("天", "chinese japanese spaced"),
            ("気", "japanese spaced"),
            ("東京の天気", "japanese"),
            ("\"東京 天気\"", "spaced"),
            ("天気予報", ""),
            ("天東", ""),
            ("北京", "chinese"),
            ("天气怎*", "chinese"),
            ("날씨", "korean"),
            ("Rust製", "japanese"),
            ("rust", "japanese"),
            ("天気 -どう", "spaced"),
        ] {
            let mut address = form_urlencoded::Serializer::new("/traces?sort=name&order=asc&".to_owned());
            page.visit(&address.append_pair("q", query).finish());
            assert_eq!(names(page).join(" "), found, "{query}");
        }
    });
}
