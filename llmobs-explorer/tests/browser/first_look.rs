//! The first minute: an empty explorer, the commands to paste, the sample.

use super::page::with_page;

#[test]
fn an_empty_explorer_shows_commands_to_paste() {
    with_page(|page| {
        page.visit("/");
        assert_eq!(page.ask("location.pathname"), "/setup");
        assert_eq!(page.texts("h1"), ["No traces yet"]);
        let origin = &page.explorer.origin;
        let variables =
            format!("DD_LLMOBS_ENABLED=1 \\\nDD_LLMOBS_ML_APP=my-app \\\nDD_TRACE_AGENT_URL={origin} \\\n");
        let rust = "#[llmobs::workflow]\nfn answer(question: &str) -> String {\n    format!(\"an answer to {question}\")\n}\n\n\
                    fn main() {\n    let _llmobs = llmobs::init();\n    answer(\"What is a span?\");\n}";
        let lines = page.ask("[...document.querySelectorAll('pre')].map((pre) => pre.firstChild.data)");
        let expected = [
            "llmobs run -- cargo run".to_owned(),
            "cargo add llmobs".to_owned(),
            rust.to_owned(),
            format!("DD_LLMOBS_ML_APP=my-app DD_TRACE_AGENT_URL={origin} cargo run"),
            "pip install ddtrace".to_owned(),
            format!("{variables}ddtrace-run python app.py"),
            "npm install dd-trace".to_owned(),
            format!("{variables}node --import dd-trace/initialize.mjs app.js"),
            format!("OTEL_EXPORTER_OTLP_ENDPOINT={origin}"),
        ];
        assert_eq!(lines, serde_json::json!(expected));
        assert_eq!(page.count("pre button.copy"), 9);
    });
}

#[test]
fn the_sample_is_one_click_away() {
    with_page(|page| {
        page.visit("/setup");
        page.follow("form button");
        assert_eq!(page.texts("h1"), ["agent travel_desk"]);
        assert_eq!(
            page.texts(".waterfall .name"),
            [
                "travel_desk",
                "embed_question",
                "search_timetables",
                "choose_step",
                "sea_state",
                "write_answer"
            ]
        );
        page.visit("/");
        assert_eq!(page.ask("location.pathname"), "/traces");
        assert_eq!(page.texts(".rows tbody th > a"), ["travel_desk"]);
    });
}

#[test]
fn refused_requests_are_shown_with_their_reasons() {
    with_page(|page| {
        let refused =
            page.explorer.post("/api/v2/llmobs", &serde_json::json!([{ "spans": [{ "name": 7 }] }]));
        assert_eq!(refused.0, 400, "{}", refused.1);
        page.visit("/setup");
        let reasons = page.texts("#refused tbody td:nth-child(n + 2)");
        let answer: serde_json::Value = serde_json::from_str(&refused.1).unwrap();
        assert_eq!(reasons, ["/api/v2/llmobs", answer["errors"][0].as_str().unwrap()]);
    });
}

#[test]
fn the_theme_follows_the_system_until_one_is_chosen() {
    with_page(|page| {
        let back = "getComputedStyle(document.body).backgroundColor";
        page.visit("/setup");
        let light = page.ask(back);
        page.dark(true);
        let dark = page.ask(back);
        assert_ne!(light, dark);
        page.click("#theme");
        assert_eq!(page.ask(back), light);
        // The choice is kept.
        page.visit("/sessions");
        assert_eq!(page.ask(back), light);
        page.click("#theme");
        assert_eq!(page.ask(back), dark);
    });
}
