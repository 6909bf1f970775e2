//! The figures as Markdown, one table for each number of devices.

use super::Row;
use std::fmt::Write;

/// The system that ratios are relative to.
pub(crate) const BASE: &str = "by-hand";

/// Formats a time with three digits and its unit.
pub(crate) fn time(ns: f64) -> String {
    let (value, unit) = match ns {
        ..1e3 => (ns, "ns"),
        1e3..1e6 => (ns / 1e3, "µs"),
        1e6..1e9 => (ns / 1e6, "ms"),
        _ => (ns / 1e9, "s"),
    };
    let decimals = match value {
        ..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    format!("{value:.decimals$} {unit}")
}

/// Formats a number in groups of three digits.
pub(crate) fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Returns the distinct values in the order of their first occurrence.
pub(crate) fn distinct<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    for one in all {
        if !found.contains(&one) {
            found.push(one);
        }
    }
    found
}

/// Formats all tables.
pub(crate) fn tables(rows: &[Row]) -> String {
    let mut text = String::new();
    for devices in distinct(rows.iter().map(|row| row.devices)) {
        let here: Vec<&Row> = rows.iter().filter(|row| row.devices == devices).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n## {} devices\n\n{}", grouped(devices), table(&here));
    }
    text
}

fn table(rows: &[&Row]) -> String {
    let systems = distinct(rows.iter().map(|row| row.system.as_str()));
    let questions = distinct(rows.iter().filter(|row| !row.missing).map(|row| row.question.as_str()));
    let mut cells = vec![vec!["question".to_owned(), "unit".to_owned()]];
    if let Some(head) = cells.first_mut() {
        head.extend(systems.iter().map(|&system| system.to_owned()));
    }
    for question in questions {
        let of = |system: &str| rows.iter().find(|row| row.question == question && row.system == system);
        let unit = rows.iter().find(|row| row.question == question).map_or("", |row| &row.unit);
        let mut line = vec![question.to_owned(), unit.to_owned()];
        for system in &systems {
            let missing = rows.iter().any(|row| row.missing && row.system == *system);
            line.push(match of(system) {
                Some(row) => cell(row, of(BASE).copied()),
                None if missing => "missing".to_owned(),
                None => String::new(),
            });
        }
        cells.push(line);
    }
    aligned(&cells)
}

/// Formats the figure, its percentiles, and its ratio to that of the base.
fn cell(row: &Row, base: Option<&Row>) -> String {
    let by = |figure: f64, of: fn(&Row) -> Option<f64>| match base
        .filter(|base| base.system != row.system)
        .and_then(of)
    {
        Some(base) if base > 0.0 => format!(" · {:.2}×", figure / base),
        _ => String::new(),
    };
    if let Some(median) = row.median_ns {
        let spread = row.p99_ns.map_or(String::new(), |p99| format!(" (p99 {})", time(p99)));
        let worst = match (row.p9999_ns, row.worst_ns) {
            (Some(p9999), Some(worst)) => format!(", p99.99 {}, worst {}", time(p9999), time(worst)),
            _ => String::new(),
        };
        format!("{}{spread}{worst}{}", time(median), by(median, |row| row.median_ns))
    } else if let Some(bytes) = row.bytes_per_device {
        format!("{bytes:.0}{}", by(bytes, |row| row.bytes_per_device))
    } else {
        row.ratio.map_or(String::new(), |ratio| format!("{ratio:.2}×"))
    }
}

/// Formats Markdown with columns of even width.
pub(crate) fn aligned(cells: &[Vec<String>]) -> String {
    let columns = cells.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column| {
        cells.iter().filter_map(|line| line.get(column)).map(|cell: &String| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for (place, line) in cells.iter().enumerate() {
        for (cell, width) in line.iter().zip(&widths) {
            let _ = write!(text, "| {cell:width$} ");
        }
        text.push_str("|\n");
        if place == 0 {
            widths.iter().for_each(|width| {
                let _ = write!(text, "|-{:-<width$}-", "");
            });
            text.push_str("|\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_and_a_unit() {
        let times: Vec<String> =
            [61.44, 7.0, 999.4, 1_234.0, 45_600_000.0, 3e9].into_iter().map(time).collect();
        assert_eq!(times, ["61.4 ns", "7.00 ns", "999 ns", "1.23 µs", "45.6 ms", "3.00 s"]);
        assert_eq!([grouped(7), grouped(1_000), grouped(10_000_000)], ["7", "1 000", "10 000 000"]);
    }

    #[test]
    fn a_table_has_ratios_and_names_what_is_missing() {
        let row = |system: &str, median_ns| Row {
            devices: 10,
            question: "membership".into(),
            system: system.into(),
            median_ns: Some(median_ns),
            ..Row::default()
        };
        let text = tables(&[row("by-hand", 50.0), row("sqlite", 5_000.0), Row::missing(10, "redis")]);
        assert!(text.contains("5.00 µs · 100.00×") && text.contains("missing"), "{text}");
        assert!(!text.contains("50.0 ns ·"), "{text}");
    }
}
