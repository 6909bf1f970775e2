//! Medians of the rounds, as one table in Markdown.

use std::fmt;

use super::wrk::Measured;

/// A line for each number of connections in a row for each target.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) connections: Vec<usize>,
    pub(super) rows: Vec<Row>,
}

/// What was measured of one target, by number of connections.
#[derive(Debug)]
pub(super) struct Row {
    name: String,
    columns: [Column; super::CONNECTIONS.len()],
}

#[derive(Debug, Default)]
struct Column {
    requests: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
    /// Of its requests to those of nginx in the same round.
    ratios: Vec<f64>,
}

impl Row {
    pub(super) fn new(name: &str) -> Self {
        Row { name: name.to_owned(), columns: Default::default() }
    }

    /// Adds what was measured, and beside what.
    pub(super) fn add(&mut self, column: usize, measured: &Measured, beside: &Measured) {
        let Some(column) = self.columns.get_mut(column) else { return };
        column.requests.push(measured.requests);
        column.p50.push(measured.p50);
        column.p99.push(measured.p99);
        column.ratios.push(measured.requests / beside.requests);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("| requests/s, p50, p99 (ratio to nginx) |")?;
        for connections in &self.connections {
            write!(f, " {connections} connection{} |", if *connections == 1 { "" } else { "s" })?;
        }
        write!(f, "\n|{}", "---|".repeat(self.connections.len() + 1))?;
        for row in &self.rows {
            write!(f, "\n| {} |", row.name)?;
            for column in &row.columns {
                write!(f, " {column} |")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [requests, p50, p99, ratio] =
            [&self.requests, &self.p50, &self.p99, &self.ratios].map(|values| median(values));
        write!(f, "{} (**{ratio:.2}**)", Measured { requests, p50, p99 })
    }
}

/// The middle value, or the one above the middle.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_medians_and_the_ratio_of_each_round() {
        let measured = |requests| Measured { requests, p50: 20.0, p99: 5_000.0 };
        let mut row = Row::new("membership");
        for (ours, nginx) in [(5_000.0, 10_000.0), (9_000.0, 10_000.0), (8_000.0, 10_000.0)] {
            (0..3).for_each(|column| row.add(column, &measured(ours), &measured(nginx)));
        }
        let table = Table { connections: vec![1, 16, 256], rows: vec![row] };
        let cell = "8 000, 20 µs, 5.0 ms (**0.80**)";
        let expected = format!(
            "| requests/s, p50, p99 (ratio to nginx) | 1 connection | 16 connections | 256 connections |\n\
             |---|---|---|---|\n| membership | {cell} | {cell} | {cell} |"
        );
        assert_eq!(table.to_string(), expected);
    }
}
