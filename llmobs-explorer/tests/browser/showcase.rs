//! What a team's morning looks like: three applications, their sessions, failures and evaluations. For the pictures and the checks of
//! looks.

use serde_json::{Value, json};

use super::explorer::Explorer;
use super::spans::{MILLISECOND, MINUTE, SECOND, evaluation, merge, now, span};

/// What travellers ask, what is answered, and what is looked up for it.
const QUESTIONS: [(&str, &str, &str); 8] = [
    ("Which ferry from Naples to Capri is the last one today?", "The last ferry leaves **Molo Beverello at 20:10**.", "Naples to Capri"),
    ("And is the sea calm enough for it?", "Yes: waves of 0.4 m are expected, which is *slight*.", "Gulf of Naples, evening"),
    ("Book two seats on the 18:55, please.", "Two seats on the 18:55 are held until 18:30. Pay at the pier.", "18:55, two seats"),
    ("Can I bring a bicycle on the hydrofoil to Ischia?", "Folding bicycles only, as hand luggage.", "bicycles, hydrofoil"),
    ("How long does the night train from Munich to Rome take?", "About **12 h 20 min**, with one stop in Verona.", "Munich to Rome, night"),
    ("Is there a dining car on it?", "No, but breakfast is served from 6:30 in the sleeping cars.", "night train, meals"),
    ("My connection in Verona was missed. What now?", "Take the 7:04 to Roma Termini; your ticket is valid on it.", "Verona to Rome, morning"),
    ("Which platform?", "Platform **3**, in eleven minutes.", "Verona, departures"),
];
const REPORTS: [&str; 5] = ["Harbour traffic, week 47", "Complaints about delays", "Ticket prices of rivals", "Refunds in November", "Accidents on piers"];

/// Sends it all.
pub(crate) fn send(explorer: &Explorer) {
    let now = now();
    let (mut spans, mut judged) = (Vec::new(), Vec::new());
    for turn in 0..44_i64 {
        // More at some hours than at others, and never evenly.
        let ago = (turn * turn % 97 + turn * 5) * MINUTE + turn * 7_919 * MILLISECOND;
        let trace = format!("{:032x}", 0x5eed_0000_u64 + u64::try_from(turn * 7_919).unwrap());
        match turn % 5 {
            0 | 1 | 3 => travel(&trace, turn, now - ago - 20 * SECOND, &mut spans, &mut judged),
            2 => report(&trace, turn, now - ago - 20 * SECOND, &mut spans),
            _ => title(&trace, turn, now - ago - 20 * SECOND, &mut spans),
        }
    }
    explorer.send(&spans);
    explorer.judge(&judged);
}

/// The trace of the second picture: the latest question of a traveller.
pub(crate) const OPENED: &str = "0000000000000000000000005eed0000";

fn travel(trace: &str, turn: i64, start: i64, spans: &mut Vec<Value>, judged: &mut Vec<Value>) {
    let at = usize::try_from(turn).unwrap();
    let (question, answer, search) = QUESTIONS[at % QUESTIONS.len()];
    let scale = 80 + turn * 37 % 90;
    let step = |from: i64, takes: i64| json!({ "start_ns": start + from * scale * MILLISECOND / 100, "duration": takes * scale * MILLISECOND / 100 });
    let failed = turn % 11 == 3;
    let common = json!({
        "session_id": format!("traveller-{}", 2041 + turn / 8),
        "tags": ["ml_app:travel-desk", "service:travel-desk", "env:prod", "version:2.4.0", format!("user_id:u-{}", 40 + turn % 6)],
    });
    let mut add = |ids: (&str, &str), kind: &str, name: &str, times: Value, more: Value| {
        let mut one = span((trace, ids.0, ids.1), kind, name, common.clone());
        merge(&mut one, times);
        merge(&mut one, more);
        spans.push(one);
    };
    let system = json!({ "role": "system", "content": "You help travellers. Look things up before you answer." });
    let user = json!({ "role": "user", "content": question });
    let call = json!({ "role": "assistant", "content": "", "tool_calls": [
        { "name": "timetable", "tool_id": "call_7f2", "type": "function", "arguments": { "search": search, "day": "today" } },
    ] });
    let (shown, error) = if failed {
        (json!({}), json!({ "status": "error", "meta": { "error": {
            "type": "TimetableUnavailable", "message": "timetable: no answer after 3 attempts",
            "stack": "travel::timetable::ask\n    at src/timetable.rs:88\ntravel::answer\n    at src/main.rs:41",
        } } }))
    } else {
        (json!({ "meta": { "output": { "value": answer } } }), json!({}))
    };
    let mut whole = json!({ "meta": { "input": { "value": json!({ "question": question }).to_string() } } });
    merge(&mut whole, shown);
    merge(&mut whole, error.clone());
    add(("1", ""), "agent", "travel_desk", step(0, 3120), whole);
    add(("2", "1"), "embedding", "embed_question", step(12, 96), json!({
        "meta": { "model_name": "text-embedding-3-small", "model_provider": "openai",
            "input": { "documents": [{ "text": question }] }, "output": { "value": "[1 embedding(s) returned with size 1536]" } },
        "metrics": { "input_tokens": 14 + turn % 9 },
    }));
    add(("3", "1"), "retrieval", "search_handbook", step(115, 210), json!({
        "meta": { "input": { "value": question }, "output": { "documents": [
            { "id": "t-17", "name": "Timetable 2026", "score": 0.91, "text": "Naples, Molo Beverello to Capri: … 18:55, 20:10." },
            { "id": "h-04", "name": "Harbour notes", "score": 0.64, "text": "Above 2 m of sea, the fast ferries do not run." },
        ] } },
    }));
    add(("4", "1"), "llm", "choose_step", step(340, 820), json!({
        "meta": { "model_name": "gpt-4o", "model_provider": "openai", "metadata": { "temperature": 0.2 },
            "input": { "messages": [system, user] }, "output": { "messages": [call] } },
        "metrics": { "input_tokens": 412 + turn, "output_tokens": 28, "total_tokens": 440 + turn, "time_to_first_token": 0.31 },
    }));
    let mut tool = json!({ "meta": { "input": { "value": json!({ "search": search, "day": "today" }).to_string() } } });
    merge(&mut tool, if failed { error } else { json!({ "meta": { "output": { "value": r#"{"found": 2, "last": "20:10"}"# } } }) });
    add(("5", "1"), "tool", "timetable", step(1180, 640), tool);
    add(("6", "5"), "task", "ask_harbour", step(1200, 410), json!({}));
    add(("7", "5"), "task", "parse_answer", step(1620, 180), json!({}));
    if failed {
        return;
    }
    add(("8", "1"), "llm", "write_answer", step(1850, 1240), json!({
        "meta": { "model_name": "gpt-4o", "model_provider": "openai", "metadata": { "temperature": 0.2, "max_tokens": 400 },
            "input": { "messages": [system, user, call,
                { "role": "tool", "content": "", "tool_results": [
                    { "name": "timetable", "tool_id": "call_7f2", "type": "function", "result": r#"{"found": 2, "last": "20:10"}"# },
                ] }] },
            "output": { "messages": [{ "role": "assistant", "content": answer }] } },
        "metrics": { "input_tokens": 655 + turn, "output_tokens": 41 + turn % 13, "total_tokens": 696 + turn,
            "cache_read_input_tokens": 384, "time_to_first_token": 0.22 },
    }));
    let good = turn % 4 != 3;
    judged.push(evaluation(trace, "1", "faithfulness", json!({
        "metric_type": "score", "score_value": if good { 0.88 + 0.01 * f64::from(i32::try_from(turn % 11).unwrap()) } else { 0.41 },
        "assessment": if good { "pass" } else { "fail" },
        "reasoning": if good { "Both facts stand in the documents." } else { "The time of departure stands in no document." },
    })));
    judged.push(evaluation(trace, "1", "tone", json!({
        "metric_type": "categorical", "categorical_value": if turn % 3 == 0 { "friendly" } else { "neutral" },
    })));
}

fn report(trace: &str, turn: i64, start: i64, spans: &mut Vec<Value>) {
    let subject = REPORTS[usize::try_from(turn).unwrap() % REPORTS.len()];
    let tags = json!({ "tags": ["ml_app:reports", "service:reports", "env:prod"] });
    let mut add = |ids: (&str, &str), kind: &str, name: &str, from: i64, takes: i64, more: Value| {
        let mut one = span((trace, ids.0, ids.1), kind, name, tags.clone());
        merge(&mut one, json!({ "start_ns": start + from * MILLISECOND, "duration": takes * MILLISECOND }));
        merge(&mut one, more);
        spans.push(one);
    };
    add(("1", ""), "workflow", "weekly_report", 0, 9_400 + turn * 61, json!({
        "meta": { "input": { "value": json!({ "subject": subject }).to_string() },
            "output": { "value": format!("# {subject}\n\nThree things stand out this week.") } },
    }));
    add(("2", "1"), "task", "gather", 10, 1_900, json!({}));
    for (id, name, from) in [("3", "summarise_part", 1_950), ("4", "summarise_part", 4_400), ("5", "compose", 6_900)] {
        add((id, "1"), "llm", name, from, 2_300, json!({
            "meta": { "model_name": "claude-sonnet-4-5", "model_provider": "anthropic",
                "input": { "messages": [{ "role": "user", "content": format!("Summarise: {subject}") }] },
                "output": { "messages": [{ "role": "assistant", "content": "Three things stand out this week." }] } },
            "metrics": { "input_tokens": 5_200 + turn * 31, "output_tokens": 390 + turn, "time_to_first_token": 0.6 },
        }));
    }
}

fn title(trace: &str, turn: i64, start: i64, spans: &mut Vec<Value>) {
    let question = QUESTIONS[usize::try_from(turn).unwrap() % QUESTIONS.len()].0;
    spans.push(span((trace, "1", ""), "llm", "title_of_chat", json!({
        "start_ns": start, "duration": (310 + turn * 13) * MILLISECOND,
        "tags": ["ml_app:chat-widget", "service:chat-widget", "env:staging"],
        "meta": { "model_name": "gpt-4o-mini", "model_provider": "openai",
            "input": { "messages": [{ "role": "user", "content": format!("A title for: {question}") }] },
            "output": { "messages": [{ "role": "assistant", "content": "Ferries to Capri" }] } },
        "metrics": { "input_tokens": 38, "output_tokens": 5, "total_tokens": 43, "time_to_first_token": 0.18 },
    })));
}
