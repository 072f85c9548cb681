//! Columns by name.

/// Finds columns by name once, before many rows are read: a look-up in each row would take as long as reading it.
macro_rules! columns {
    ($statement:ident: $($column:ident),+ $(,)?) => {
        $(let $column = $statement.column_index(stringify!($column))?;)+
    };
}

pub(super) use columns;
