//! What the suites of Datadog's other SDKs, for Go, Node and Python, check: each behaviour as a test that bears its number, here or
//! where the table says.
//!
//! | # | behaviour | test |
//! |---|---|---|
//! | 1–5, 7, 8, 11–15 | spans and trees | `spans` |
//! | 6 | plain APM spans between are skipped | none: there are no other spans in the process |
//! | 9 | an invalid kind is refused | none: `Kind` has no other values |
//! | 16–23 | functions that are wrapped | `wrapped` |
//! | 24–35 | input, output, processors | `content` |
//! | 36–53 | prompts, tools, models, sessions, applications, costs, agents | `said` |
//! | 54 | an event of the limit or more | `event_tests::limits::an_event_of_the_limit_or_more_loses_input_and_output` |
//! | 55 | no body is larger than 5 MiB | `delivery::large_batch_goes_out_before_its_time_and_in_requests_of_five_mebibytes` |
//! | 10, 56, 59, 60 | nothing without a client; bodies of evaluations, replies, flush | `sent` |
//! | 57 | a full buffer drops the newest | `delivery::queue_takes_what_fits_and_counts_the_rest`; the limit is bytes, not 1000 spans |
//! | 58 | what is tried again, and what not | `delivery::busy_server_is_tried_three_times_with_the_same_body`, `delivery::refusal_is_final`; `x-ratelimit-reset` is not read |
//! | 61 | a second start | `delivery::second_init_is_refused_and_the_first_goes_on`: refused, where the other SDKs stop the first |
//! | 62 | agentless without a key, an Agent that cannot | `delivery::impossible_configurations_are_errors_that_say_what_to_do` |
//! | 63 | the program wins over the environment | `config::tests::program::what_the_program_says_wins` |
//! | 64 | what evaluations are refused | `evaluation::tests::what_cannot_be_meant_so_says_what_to_change`, `evaluation::tests::options` |
//! | 65 | a list as the value of a tag | none: the value of a tag is one text |

mod content;
mod said;
mod sent;
mod spans;
mod wrapped;

use llmobs::testing::Collector;
use serde_json::Value;

/// What is under `meta` of the one span of a name.
fn meta(collector: &Collector, name: &str) -> Value {
    collector.event(&collector.span(name))["meta"].clone()
}
