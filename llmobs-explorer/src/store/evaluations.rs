//! Evaluations and feedback by label.

use rusqlite::{Connection, params};

use super::StoreError;

/// How many labels are told.
const LABELS: u32 = 200;
/// How many different values of a label are told.
const VALUES: u32 = 10;
/// How many bars show how scores spread.
const BARS: u32 = 20;

/// All that was said under one label, in one type.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The label.
    pub name: String,
    /// Whether users said it.
    pub feedback: bool,
    /// `score`, `categorical`, `boolean`, `json` or `text`.
    pub metric_type: String,
    /// How often.
    pub count: i64,
    /// How many are assessed as passing.
    pub pass: i64,
    /// How many are assessed as failing.
    pub fail: i64,
    /// The least, the mean and the greatest score.
    pub numbers: Option<(f64, f64, f64)>,
    /// How many scores lie in each part between the least and the greatest.
    pub bars: Vec<u64>,
    /// The most frequent values of what is no score, with how many have each.
    pub values: Vec<(String, u64)>,
    /// How many other values there are.
    pub other_values: usize,
}

/// All labels by name.
///
/// # Errors
/// What SQLite says.
pub fn labels(connection: &Connection) -> Result<Vec<Label>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT label, feedback, metric_type, count(*), sum(assessment IS 'pass'), sum(assessment IS 'fail'), min(number),
            avg(number), max(number), count(DISTINCT value)
         FROM evaluation GROUP BY label, feedback, metric_type ORDER BY label, feedback, metric_type LIMIT ?1",
    )?;
    let labels = statement.query_map([LABELS], |row| {
        let metric_type: String = row.get(2)?;
        let numbers: (Option<f64>, Option<f64>, Option<f64>) = (row.get(6)?, row.get(7)?, row.get(8)?);
        let label = Label {
            name: row.get(0)?,
            feedback: row.get(1)?,
            count: row.get(3)?,
            pass: row.get(4)?,
            fail: row.get(5)?,
            numbers: match numbers {
                (Some(least), Some(mean), Some(most)) if metric_type == "score" => Some((least, mean, most)),
                _ => None,
            },
            metric_type,
            bars: Vec::new(),
            values: Vec::new(),
            other_values: 0,
        };
        Ok((label, row.get::<_, u32>(9)?))
    })?;
    let labels: Vec<(Label, u32)> = labels.collect::<Result<_, _>>()?;
    labels.into_iter().map(|(label, distinct)| spread(connection, label, distinct)).collect()
}

fn spread(connection: &Connection, mut label: Label, distinct: u32) -> Result<Label, StoreError> {
    let of = (&label.name, label.feedback, &label.metric_type);
    if let Some((least, _, most)) = label.numbers.filter(|(least, _, most)| least < most) {
        // Halves, because the difference of two numbers may be none.
        let mut statement = connection.prepare_cached(
            "SELECT min(CAST(coalesce((number / 2 - ?4 / 2) / (?5 / 2 - ?4 / 2) * ?6, 0) AS INTEGER), ?6 - 1) AS bar, count(*) FROM evaluation
             WHERE label = ?1 AND feedback = ?2 AND metric_type = ?3 AND number IS NOT NULL GROUP BY bar",
        )?;
        let counted = statement.query_map(params![of.0, of.1, of.2, least, most, BARS], |row| {
            Ok((row.get::<_, u32>(0)?, row.get::<_, i64>(1)?))
        })?;
        let counted: Vec<(u32, i64)> = counted.collect::<Result<_, _>>()?;
        label.bars = vec![0; BARS as usize];
        for (bar, count) in counted {
            if let Some(bar) = label.bars.get_mut(bar as usize) {
                *bar = u64::try_from(count).unwrap_or_default();
            }
        }
        return Ok(label);
    }
    let mut statement = connection.prepare_cached(
        "SELECT value, count(*) FROM evaluation WHERE label = ?1 AND feedback = ?2 AND metric_type = ?3
         GROUP BY value ORDER BY 2 DESC, 1 LIMIT ?4",
    )?;
    let values = statement.query_map(params![of.0, of.1, of.2, VALUES], |row| {
        Ok((row.get(0)?, u64::try_from(row.get::<_, i64>(1)?).unwrap_or_default()))
    })?;
    label.values = values.collect::<Result<_, _>>()?;
    label.other_values = (distinct as usize).saturating_sub(label.values.len());
    Ok(label)
}
