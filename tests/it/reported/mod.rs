//! What users of other instrumenting attributes have reported, each as a test that bears the name of its problem. The issue
//! numbers stand at the test.
//!
//! | # | problem | test, or case of `tests/ui` |
//! |---|---|---|
//! | 1 | arguments leak secrets | `input::arguments_leak_secrets` |
//! | 2 | spans of streams end too early, or never | `returned::streams` |
//! | 3 | returned futures are not followed | `returned::futures_are_followed_whatever_the_body_is` |
//! | 4 | arguments have to be `Debug` | `input::arguments_without_debug` |
//! | 5 | borrows of `mut` arguments cannot be returned | `bodies::borrows_of_mut_arguments_are_returned` |
//! | 6 | a local borrow cannot be assigned to a `mut` argument | `bodies::local_borrows_are_assigned_to_mut_arguments` |
//! | 7 | unused arguments are no longer found | `ui/fail/lints.rs` |
//! | 8 | unused functions are no longer found | `ui/fail/lints.rs` |
//! | 9 | half-typed bodies | `ui/fail/half_typed.rs` |
//! | 10 | places in the source, for messages and editors | `bodies::places_are_those_of_the_source`, `ui/fail/bodies.rs` |
//! | 11 | the crate under another path | `hygiene::crate_is_reexported` |
//! | 12 | one attribute for a whole `impl` or module | `blocks` |
//! | 13 | `unused_braces` where there are none | `lints`, `ui/pass` |
//! | 14 | noise of clippy, and blindness | `lints`, `ui/clippy.rs` |
//! | 15 | the return value as a field of the span | `output::return_value_is_a_field` |
//! | 16 | an error marks the span | `output::error_marks_the_span` |
//! | 17 | the sources of an error | `output::sources_of_an_error` |
//! | 18 | nested futures grow until the compiler or the stack gives up | `nesting` |
//! | 19 | no context while a future is dropped | `context::while_a_future_is_dropped` |
//! | 20 | context across threads and tasks | `context::across_threads_and_tasks` |
//! | 21 | hygiene | `hygiene` |
//! | 22 | `#[cfg]` on arguments | `input::cfg_on_arguments` |
//! | 23 | names known at run time | `input::names_known_at_run_time` |
//! | 24 | `_`, and skipping what is not there | `input::underscore_is_no_input`, `ui/fail/options.rs` |
//! | 25 | unknown options | `ui/fail/options.rs` |
//! | 26 | `const fn` | `ui/fail/items.rs` |
//! | 27 | inference and coercion of what is returned | `bodies::inference_and_coercion` |
//! | 28 | `async_trait` in all its versions | `returned::async_trait_by_type_and_not_by_body` |
//! | 29 | bodies that diverge | `bodies::diverging_bodies`, `lints` |
//! | 30 | a parent from elsewhere | `context::parent_from_elsewhere` |
//! | 31 | a context that cannot be detached when a stream is left early | `context::after_a_stream_is_left_early` |
//!
//! The features that such attributes are compared by:
//!
//! | feature | test, or case of `tests/ui` |
//! |---|---|
//! | functions: sync, async, `extern`, generic, with patterns | `signatures::functions` |
//! | methods, traits, default bodies, associated types | `signatures::methods` |
//! | `unsafe fn`, which this package forbids | `ui/pass/unsafe_and_extern.rs` |
//! | `-> impl Future`, boxed futures, iterators, streams | `returned` |
//! | `skip`, `skip_all`, a list of inputs | `input::arguments_leak_secrets` |
//! | expressions as fields | `input::fields_are_expressions` |
//! | `-> !`, `?`, early return, recursion, labels, nested items | `bodies` |
//! | `#[track_caller]`, attributes of the compiler | `signatures::attributes_of_the_compiler` |

mod blocks;
mod bodies;
mod context;
mod hygiene;
mod input;
mod lints;
mod nesting;
mod output;
mod own;
mod returned;
mod signatures;

#[llmobs::task]
fn step() {}
