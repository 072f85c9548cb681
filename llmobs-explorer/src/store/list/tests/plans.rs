//! The query plans of pages. With other plans, a store of a hundred thousand traces would be slow.

use std::fmt::Write as _;

use rusqlite::Connection;

use crate::query::Query;
use crate::store::list::matching;
use crate::store::{evaluations, segment, sessions, trace};
use crate::traces::{ListRequest, PAGE, Scope, Sort};

fn store() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(crate::store::schema::SCHEMA).unwrap();
    for _ in 0..2 {
        segment::begin(&connection, &segment::next(&connection).unwrap(), 0).unwrap();
    }
    connection
}

/// The query plan of SQLite, one line per step.
fn plan(connection: &Connection, sql: &str) -> String {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let mut steps = statement.raw_query();
    let mut plan = String::new();
    let mut levels = vec![0_i64];
    while let Some(step) = steps.next().unwrap() {
        let (id, parent): (i64, i64) = (step.get("id").unwrap(), step.get("parent").unwrap());
        levels.truncate(levels.iter().position(|known| *known == parent).unwrap() + 1);
        writeln!(plan, "{}{}", "  ".repeat(levels.len() - 1), step.get::<_, String>("detail").unwrap())
            .unwrap();
        levels.push(id);
    }
    plan
}

fn plan_of_list(scope: Scope, query: &str, sort: Sort) -> String {
    let request = ListRequest {
        scope,
        condition: Query::parse(query).unwrap().condition().clone(),
        from_ns: Some(1),
        to_ns: None,
        sort,
        ascending: true,
        offset: 0,
        limit: PAGE,
        attributes: Vec::new(),
    };
    plan(&store(), &matching(&request, &[1, 2]).sql)
}

/// Checks the plan of each of these queries in a list.
fn check(scope: Scope, sort: Sort, rows: &[(&str, &str)]) {
    for (query, expected) in rows {
        let expected = format!("SEARCH s USING COVERING INDEX span_list (head=? AND start_ns>?)\n{expected}");
        assert_eq!(plan_of_list(scope, query, sort), expected, "{query}");
    }
}

#[test]
fn a_list_reads_one_index_from_the_requested_time() {
    let columns =
        "@duration:>5s @session_id:* @parent_id:1 @metrics.input_tokens:>1 @metrics.time_to_first_token:>1";
    check(Scope::Traces, Sort::Start, &[("*", ""), (columns, "")]);
    check(Scope::Spans, Sort::Duration, &[("*", ""), (columns, "")]);
    check(Scope::Traces, Sort::Tokens, &[("*", "")]);
}

#[test]
fn a_filter_runs_each_subquery_once_with_its_own_index() {
    let facets = "\
LIST SUBQUERY 1
  SEARCH facets USING COVERING INDEX facets_by_value (name=?)
  CREATE BLOOM FILTER
LIST SUBQUERY 2
  SCAN facets
  CREATE BLOOM FILTER
";
    let tags_and_words = "\
LIST SUBQUERY 2
  SEARCH attribute_set USING PRIMARY KEY (attribute=?)
  LIST SUBQUERY 1
    SEARCH attribute USING COVERING INDEX sqlite_autoindex_attribute_1 (path=? AND text=?)
  CREATE BLOOM FILTER
LIST SUBQUERY 4
  COMPOUND QUERY
    LEFT-MOST SUBQUERY
      SCAN words_1 VIRTUAL TABLE INDEX 0:M1
      SEARCH x USING PRIMARY KEY (piece=?)
      CREATE BLOOM FILTER
    UNION ALL
      SCAN words_2 VIRTUAL TABLE INDEX 0:M1
      SEARCH x USING PRIMARY KEY (piece=?)
      CREATE BLOOM FILTER
";
    let numbers = "\
LIST SUBQUERY 2
  SEARCH attribute_set USING PRIMARY KEY (attribute=?)
  LIST SUBQUERY 1
    SEARCH attribute USING COVERING INDEX attribute_by_number (path=? AND number>?)
  CREATE BLOOM FILTER
";
    let ids_and_sums = "\
LIST SUBQUERY 1
  SCAN span USING COVERING INDEX span_by_trace
  CREATE BLOOM FILTER
LIST SUBQUERY 2
  SEARCH trace USING COVERING INDEX sqlite_autoindex_trace_1 (trace_id=?)
  CREATE BLOOM FILTER
LIST SUBQUERY 3
  SCAN trace
  CREATE BLOOM FILTER
";
    let children = "\
LIST SUBQUERY 2
  SEARCH c USING COVERING INDEX span_by_facets (facets=?)
  LIST SUBQUERY 1
    SEARCH facets USING COVERING INDEX facets_by_value (name=?)
  CREATE BLOOM FILTER
";
    let evaluations = "\
LIST SUBQUERY 7
  COMPOUND QUERY
    LEFT-MOST SUBQUERY
      MATERIALIZE e
        SEARCH evaluation USING INDEX evaluation_by_label (label=?)
      SCAN e
      SEARCH y USING COVERING INDEX sqlite_autoindex_trace_1 (trace_id=?)
      SEARCH x USING COVERING INDEX span_by_trace (trace=? AND span_id=?)
      CREATE BLOOM FILTER
    UNION ALL
      CO-ROUTINE (subquery-3)
        SCAN e
      SCAN (subquery-3)
      SCAN x USING COVERING INDEX span_by_trace
      LIST SUBQUERY 4
        SCAN e
        CREATE BLOOM FILTER
      CREATE BLOOM FILTER
    UNION ALL
      SCAN e
      SEARCH y USING COVERING INDEX sqlite_autoindex_trace_1 (trace_id=?)
      SEARCH x USING COVERING INDEX span_by_trace (trace=?)
      CREATE BLOOM FILTER
    UNION ALL
      SCAN e
      SEARCH y USING COVERING INDEX sqlite_autoindex_session_1 (session_id=?)
      SEARCH x USING COVERING INDEX span_by_session (head=? AND session=?)
      CREATE BLOOM FILTER
LIST SUBQUERY 9
  MATERIALIZE e
    SEARCH evaluation USING INDEX evaluation_by_label (label=?)
  SCAN e
  SEARCH p USING COVERING INDEX sqlite_autoindex_attribute_1 (path=? AND text=?)
  SEARCH a USING PRIMARY KEY (attribute=?)
  CREATE BLOOM FILTER
";
    let rows = [
        ("@name:x -@meta.span.kind:agent", facets),
        ("user_id:7 zanzibar", tags_and_words),
        ("@meta.metadata.temperature:>0.5", numbers),
        ("@span_id:7 @trace_id:8 @trace.total_tokens:>9", ids_and_sums),
        ("@child.@name:x", children),
        ("@evaluation.tone.value:curt", evaluations),
    ];
    check(Scope::Traces, Sort::Start, &rows);
    check(Scope::Spans, Sort::Start, &rows);
}

#[test]
fn evaluations_are_found_from_spans() {
    let of_trace = "\
CO-ROUTINE found
  COMPOUND QUERY
    LEFT-MOST SUBQUERY
      SEARCH evaluation USING INDEX evaluation_by_trace (trace_id=?)
      CORRELATED SCALAR SUBQUERY 2
        SEARCH s USING COVERING INDEX span_by_trace (trace=? AND span_id=?)
    UNION ALL
      MATERIALIZE one
        SEARCH s USING INDEX span_by_trace (trace=?)
        SEARCH n USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN
      SCAN one
      SEARCH e USING INDEX evaluation_by_span_alone (span_id=?)
    UNION ALL
      SCAN one
      SEARCH e USING COVERING INDEX evaluation_by_session (session_id=?)
    UNION ALL
      CO-ROUTINE sets
        SCAN one
        USE TEMP B-TREE FOR DISTINCT
      SCAN sets
      SEARCH x USING COVERING INDEX attribute_set_by_id (id=?)
      SEARCH a USING INTEGER PRIMARY KEY (rowid=?)
      SEARCH e USING COVERING INDEX evaluation_by_tag (tag_key=? AND tag_value=?)
SCAN found
SEARCH e USING INTEGER PRIMARY KEY (rowid=?)
USE TEMP B-TREE FOR DISTINCT
USE TEMP B-TREE FOR ORDER BY
";
    assert_eq!(plan(&store(), evaluations::TRACE_BADGES), of_trace);
    let of_span = "\
CO-ROUTINE judged
  COMPOUND QUERY
    LEFT-MOST SUBQUERY
      SEARCH s USING INTEGER PRIMARY KEY (rowid=?)
      SEARCH t USING INTEGER PRIMARY KEY (rowid=?)
      SEARCH e USING INDEX evaluation_by_span (span_id=?)
    UNION ALL
      SEARCH s USING INTEGER PRIMARY KEY (rowid=?)
      SEARCH t USING INTEGER PRIMARY KEY (rowid=?)
      SEARCH e USING INDEX evaluation_by_trace (trace_id=?)
    UNION ALL
      SEARCH s USING INTEGER PRIMARY KEY (rowid=?)
      SEARCH n USING INTEGER PRIMARY KEY (rowid=?)
      SEARCH e USING COVERING INDEX evaluation_by_session (session_id=?)
    UNION ALL
      SEARCH s USING INTEGER PRIMARY KEY (rowid=?)
      SEARCH x USING COVERING INDEX attribute_set_by_id (id=?)
      SEARCH a USING INTEGER PRIMARY KEY (rowid=?)
      SEARCH e USING COVERING INDEX evaluation_by_tag (tag_key=? AND tag_value=?)
SCAN j
SEARCH e USING INTEGER PRIMARY KEY (rowid=?)
USE TEMP B-TREE FOR ORDER BY
";
    assert_eq!(plan(&store(), evaluations::SPAN_BADGES), of_span);
}

#[test]
fn sessions_and_children_use_an_index() {
    assert_eq!(
        plan(&store(), sessions::LATEST),
        "\
SEARCH span USING COVERING INDEX span_by_session (head=? AND session>?)
"
    );
    let by_session = "SEARCH s USING INDEX span_by_session (head=? AND session=?)\nSEARCH f USING INTEGER PRIMARY KEY (rowid=?)\n";
    assert_eq!(plan(&store(), sessions::FIRST), by_session);
    let sums = "SEARCH s USING INDEX span_by_session (head=? AND session=?)\nSEARCH t USING INTEGER PRIMARY KEY (rowid=?)\n";
    assert_eq!(plan(&store(), sessions::SUMS), sums);
    assert_eq!(
        plan(&store(), trace::CHILD_TIMES),
        "\
SEARCH span USING INDEX span_by_trace (trace=?)
SCALAR SUBQUERY 1
  SEARCH trace USING COVERING INDEX sqlite_autoindex_trace_1 (trace_id=?)
USE TEMP B-TREE FOR ORDER BY
"
    );
}
