//! Sample data of a team: three applications with sessions, failures and evaluations. For screenshots and checks of the layout.

use serde_json::{Value, json};

use super::explorer::Explorer;
use super::spans::{MILLISECOND, MINUTE, SECOND, evaluation, merge, now, span};

/// A question of a traveller.
struct Question {
    asked: &'static str,
    answer: &'static str,
    /// The search for it, and its result.
    search: &'static str,
    found: &'static str,
}

/// Two conversations of four questions, the latest question first.
const QUESTIONS: [Question; 8] = [
    question(
        "Book two seats on the 18:55, please.",
        "Two seats on the **18:55** are held until 18:30. Pay at the pier.",
        "18:55, two seats",
        "free: 31",
    ),
    question(
        "And is the sea calm enough for it?",
        "Yes: waves of 0.4 m are expected, which is *slight*.",
        "Gulf of Naples, evening",
        "waves: 0.4 m",
    ),
    question(
        "Which ferry from Naples to Capri is the last one today?",
        "The last ferry leaves **Molo Beverello at 20:10**.",
        "Naples to Capri",
        "18:55, 20:10",
    ),
    question(
        "Can I bring a bicycle on the hydrofoil to Ischia?",
        "Folding bicycles only, as hand luggage.",
        "bicycles, hydrofoil",
        "folding only",
    ),
    question(
        "Which platform?",
        "Platform **3**, in eleven minutes.",
        "Verona, departures",
        "7:04, platform 3",
    ),
    question(
        "My connection in Verona was missed. What now?",
        "Take the 7:04 to Roma Termini; your ticket is valid on it.",
        "Verona to Rome, morning",
        "7:04, 8:04",
    ),
    question(
        "Is there a dining car on it?",
        "No, but breakfast is served from 6:30 in the sleeping cars.",
        "night train, meals",
        "breakfast 6:30",
    ),
    question(
        "How long does the night train from Munich to Rome take?",
        "About **12 h 20 min**, with one stop in Verona.",
        "Munich to Rome, night",
        "12 h 20 min",
    ),
];
const REPORTS: [&str; 5] = [
    "Harbour traffic, week 47",
    "Complaints about delays",
    "Ticket prices of rivals",
    "Refunds in November",
    "Accidents on piers",
];

const fn question(
    asked: &'static str,
    answer: &'static str,
    search: &'static str,
    found: &'static str,
) -> Question {
    Question { asked, answer, search, found }
}

/// Sends all data.
pub(crate) fn send(explorer: &Explorer) {
    let (mut spans, mut judged) = (Vec::new(), Vec::new());
    let mut asked = 0..;
    for turn in 0..44_i64 {
        // Uneven times, with more traces at some hours than at others.
        let ago = (turn * turn % 97 / 9 + turn * 7) * MINUTE + turn * 7_919 * MILLISECOND;
        let start = now() - ago - 20 * SECOND;
        let trace = format!("{:032x}", 0x5eed_0000_u64 + u64::try_from(turn * 7_919).unwrap());
        match turn % 5 {
            2 => spans.extend(report(&trace, turn, start)),
            4 => spans.push(title(&trace, turn, start)),
            _ => {
                let (all, evaluations) = travel(&trace, asked.next().unwrap(), start);
                spans.extend(all);
                judged.extend(evaluations);
            }
        }
    }
    explorer.send(&spans);
    explorer.judge(&judged);
}

/// The trace of the second picture: the latest question of a traveller.
pub(crate) const OPENED: &str = "0000000000000000000000005eed0000";

/// An agent that looks things up and answers, or fails to.
fn travel(trace: &str, asked: usize, start: i64) -> (Vec<Value>, Vec<Value>) {
    let turn = i64::try_from(asked).unwrap();
    let Question { asked, answer, search, found } = QUESTIONS[asked % QUESTIONS.len()];
    let failed = turn % 9 == 2;
    let parts = [
        ("1", "", "agent", "travel_desk", 0, 3120),
        ("2", "1", "embedding", "embed_question", 12, 96),
        ("3", "1", "retrieval", "search_handbook", 115, 210),
        ("4", "1", "llm", "choose_step", 340, 820),
        ("5", "1", "tool", "timetable", 1180, 640),
        ("6", "5", "task", "ask_harbour", 1200, 410),
        ("7", "5", "task", "parse_answer", 1620, 180),
        ("8", "1", "llm", "write_answer", 1850, 1240),
    ];
    let user = json!({ "role": "user", "content": asked });
    let system =
        json!({ "role": "system", "content": "You help travellers. Look things up before you answer." });
    let call = json!({ "role": "assistant", "content": "", "tool_calls": [
        { "name": "timetable", "tool_id": "call_7f2", "type": "function", "arguments": { "search": search, "day": "today" } },
    ] });
    let result = json!({ "role": "tool", "content": "", "tool_results": [
        { "name": "timetable", "tool_id": "call_7f2", "type": "function", "result": json!({ "found": found }).to_string() },
    ] });
    let error = json!({ "status": "error", "meta": { "error": {
        "type": "TimetableUnavailable", "message": "timetable: no answer after 3 attempts",
        "stack": "travel::timetable::ask\n    at src/timetable.rs:88\ntravel::answer\n    at src/main.rs:41",
    } } });
    let gpt = |temperature: f64| json!({ "model_name": "gpt-4o", "model_provider": "openai", "metadata": { "temperature": temperature } });
    let content = |id: &str| match id {
        "1" => {
            json!({ "meta": { "input": { "value": json!({ "question": asked }).to_string() }, "output": { "value": answer } } })
        }
        "2" => json!({
            "meta": { "model_name": "text-embedding-3-small", "model_provider": "openai",
                "input": { "documents": [{ "text": asked }] }, "output": { "value": "[1 embedding(s) returned with size 1536]" } },
            "metrics": { "input_tokens": 14 + turn % 9 },
        }),
        "3" => json!({ "meta": { "input": { "value": asked }, "output": { "documents": [
            { "id": "t-17", "name": "Timetable 2026", "score": 0.91, "text": "Naples, Molo Beverello to Capri: … 18:55, 20:10." },
            { "id": "h-04", "name": "Harbour notes", "score": 0.64, "text": "Above 2 m of sea, the fast ferries do not run." },
        ] } } }),
        "4" => json!({
            "meta": { "input": { "messages": [system, user] }, "output": { "messages": [call] } },
            "metrics": { "input_tokens": 412 + turn, "output_tokens": 28, "total_tokens": 440 + turn, "time_to_first_token": 0.31 },
        }),
        "5" => {
            json!({ "meta": { "input": { "value": json!({ "search": search, "day": "today" }).to_string() },
            "output": { "value": json!({ "found": found }).to_string() } } })
        }
        "8" => json!({
            "meta": { "input": { "messages": [system, user, call, result] }, "output": { "messages": [{ "role": "assistant", "content": answer }] } },
            "metrics": { "input_tokens": 655 + turn, "output_tokens": 41 + turn % 13, "total_tokens": 696 + turn,
                "cache_read_input_tokens": 384, "time_to_first_token": 0.22 },
        }),
        _ => json!({}),
    };
    let scale = |milliseconds: i64| milliseconds * (80 + turn * 37 % 90) * MILLISECOND / 100;
    let shown = if failed { &parts[..7] } else { &parts[..] };
    let spans = shown.iter().map(|&(id, parent, kind, name, from, takes)| {
        let mut one = span((trace, id, parent), kind, name, content(id));
        merge(&mut one, json!({
            "start_ns": start + scale(from), "duration": scale(takes), "session_id": format!("traveller-{}", 2041 + turn / 4),
            "tags": ["ml_app:travel-desk", "service:travel-desk", "env:prod", "version:2.4.0", format!("user_id:u-{}", 40 + turn % 6)],
        }));
        if kind == "llm" {
            merge(&mut one, json!({ "meta": gpt(0.2) }));
        }
        if failed && ["1", "5"].contains(&id) {
            one["meta"].as_object_mut().unwrap().remove("output");
            merge(&mut one, error.clone());
        }
        one
    });
    (spans.collect(), if failed { Vec::new() } else { judge(trace, turn) })
}

fn judge(trace: &str, turn: i64) -> Vec<Value> {
    let good = turn % 4 != 3;
    let score = if good { 0.88 + 0.01 * f64::from(i32::try_from(turn % 11).unwrap()) } else { 0.41 };
    let reasoning = if good {
        "Both facts stand in the documents."
    } else {
        "The time of departure stands in no document."
    };
    let tone = if turn % 3 == 0 { "friendly" } else { "neutral" };
    vec![
        evaluation(
            trace,
            "1",
            "faithfulness",
            json!({
                "metric_type": "score", "score_value": score, "assessment": if good { "pass" } else { "fail" }, "reasoning": reasoning,
            }),
        ),
        evaluation(trace, "1", "tone", json!({ "metric_type": "categorical", "categorical_value": tone })),
    ]
}

/// A workflow with several long model calls.
fn report(trace: &str, turn: i64, start: i64) -> Vec<Value> {
    let subject = REPORTS[usize::try_from(turn / 5).unwrap() % REPORTS.len()];
    let summary = "Three things stand out this week.";
    let parts = [
        ("1", "", "workflow", "weekly_report", 0, 9_400 + turn * 61),
        ("2", "1", "task", "gather", 10, 1_900),
        ("3", "1", "llm", "summarise_part", 1_950, 2_300),
        ("4", "1", "llm", "summarise_part", 4_400, 2_300),
        ("5", "1", "llm", "compose", 6_900, 2_300),
    ];
    let spans = parts.into_iter().map(|(id, parent, kind, name, from, takes)| {
        let content = match kind {
            "workflow" => json!({ "meta": { "input": { "value": json!({ "subject": subject }).to_string() },
                "output": { "value": format!("# {subject}\n\n{summary}") } } }),
            "llm" => json!({
                "meta": { "model_name": "claude-sonnet-4-5", "model_provider": "anthropic",
                    "input": { "messages": [{ "role": "user", "content": format!("Summarise: {subject}") }] },
                    "output": { "messages": [{ "role": "assistant", "content": summary }] } },
                "metrics": { "input_tokens": 5_200 + turn * 31, "output_tokens": 390 + turn, "time_to_first_token": 0.6 },
            }),
            _ => json!({}),
        };
        let mut one = span((trace, id, parent), kind, name, content);
        merge(&mut one, json!({
            "start_ns": start + from * MILLISECOND, "duration": takes * MILLISECOND,
            "tags": ["ml_app:reports", "service:reports", "env:prod"],
        }));
        one
    });
    spans.collect()
}

/// One short model call.
fn title(trace: &str, turn: i64, start: i64) -> Value {
    let asked = QUESTIONS[usize::try_from(turn / 5).unwrap() % QUESTIONS.len()].asked;
    let message = |role: &str, content: &str| json!({ "messages": [{ "role": role, "content": content }] });
    span(
        (trace, "1", ""),
        "llm",
        "title_of_chat",
        json!({
            "start_ns": start, "duration": (310 + turn * 13) * MILLISECOND,
            "tags": ["ml_app:chat-widget", "service:chat-widget", "env:staging"],
            "meta": { "model_name": "gpt-4o-mini", "model_provider": "openai",
                "input": message("user", &format!("A title for: {asked}")), "output": message("assistant", "Help on the way") },
            "metrics": { "input_tokens": 38, "output_tokens": 5, "total_tokens": 43, "time_to_first_token": 0.18 },
        }),
    )
}
