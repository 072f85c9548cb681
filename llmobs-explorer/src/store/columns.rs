//! Columns by name, and the columns of query fields.

use crate::query::{Category, Measure, Sum};

/// Looks up columns by name once, before reading many rows. A lookup per row would take as long as reading the row.
macro_rules! columns {
    ($statement:ident: $($column:ident),+ $(,)?) => {
        $(let $column = $statement.column_index(stringify!($column))?;)+
    };
}

pub(super) use columns;

/// The column of `span`.
pub(super) fn measure(measure: Measure) -> &'static str {
    match measure {
        Measure::Start => "start_ns",
        Measure::Duration => "duration_ns",
        Measure::InputTokens => "input_tokens",
        Measure::OutputTokens => "output_tokens",
        Measure::TotalTokens => "total_tokens",
        Measure::CachedTokens => "cached_tokens",
        Measure::TimeToFirstToken => "time_to_first_token",
    }
}

/// The column of `facets`.
pub(super) fn category(category: Category) -> &'static str {
    match category {
        Category::Status => "status",
        Category::Kind => "kind",
        Category::Name => "name",
        Category::MlApp => "ml_app",
        Category::Service => "service",
        Category::Env => "env",
        Category::ModelName => "model_name",
        Category::ModelProvider => "model_provider",
        Category::ErrorType => "error_type",
    }
}

/// The column of `trace`.
pub(super) fn sum(sum: Sum) -> &'static str {
    match sum {
        Sum::InputTokens => "input_tokens",
        Sum::OutputTokens => "output_tokens",
        Sum::TotalTokens => "total_tokens",
        Sum::LlmCalls => "llm_calls",
        Sum::ToolCalls => "tool_calls",
        Sum::Tools => "tools",
        Sum::Errors => "errors",
    }
}
