//! What the project has promised itself, and whether these figures keep it.

use super::Row;
use super::table::{BASE, aligned, distinct, grouped, time};

const OURS: &str = "rollbook-mem";

/// From so many devices on, a register is large.
const LARGE: u32 = 1_000_000;

/// A promise about one size.
struct Bar {
    what: &'static str,
    promised: String,
    found: String,
    kept: bool,
}

struct Figures<'r> {
    rows: &'r [Row],
    devices: u32,
}

impl Figures<'_> {
    fn row(&self, question: &str, system: &str) -> Option<&Row> {
        self.rows
            .iter()
            .find(|row| row.devices == self.devices && row.question == question && row.system == system)
    }

    /// Our time by theirs, or our bytes by theirs.
    fn by(&self, question: &str, system: &str) -> Option<f64> {
        let figure = |row: &Row| row.median_ns.or(row.bytes_per_device);
        Some(figure(self.row(question, OURS)?)? / figure(self.row(question, system)?)?)
    }

    fn at_most(&self, what: &'static str, question: &str, most: f64) -> Option<Bar> {
        let ratio = self.by(question, BASE)?;
        let promised = format!("at most {most} × {BASE}");
        Some(Bar { what, promised, found: format!("{ratio:.2} ×"), kept: ratio <= most })
    }

    fn faster(&self, what: &'static str, question: &str, system: &str, least: f64) -> Option<Bar> {
        let ratio = 1.0 / self.by(question, system)?;
        let promised = format!("{least} × faster than {system}");
        Some(Bar { what, promised, found: format!("{ratio:.1} ×"), kept: ratio >= least })
    }

    /// Nearly everything is promised for large registers.
    fn bars(&self) -> Vec<Option<Bar>> {
        if self.devices < LARGE {
            return vec![self.at_most("tag membership", "membership", 1.5)];
        }
        vec![
            self.at_most("tag membership", "membership", 1.0),
            self.at_most("alias to its device ids", "alias", 1.3),
            self.at_most("device look-up, all fields", "device", 1.5),
            self.row("memory", OURS).and_then(|row| row.bytes_per_device).map(|bytes| Bar {
                what: "memory",
                promised: "at most 200 bytes per device".to_owned(),
                found: format!("{bytes:.0} bytes"),
                kept: bytes <= 200.0,
            }),
            self.at_most("memory", "memory", 0.7),
            self.at_most("register a device", "register", 3.0),
            self.at_most("add a tag to one device", "add-tag", 3.0),
            self.at_most("tag update of 1 000 devices", "tag-update-1000", 2.0),
            self.row("delete-tag", OURS).and_then(|row| row.median_ns).map(|ns| Bar {
                what: "delete a tag that all devices carry",
                promised: "under 1 ms".to_owned(),
                found: time(ns),
                kept: ns < 1e6,
            }),
            self.row("two-threads", OURS).and_then(|row| row.ratio).map(|ratio| Bar {
                what: "two reading threads against one",
                promised: "at least 1.8 ×".to_owned(),
                found: format!("{ratio:.2} ×"),
                kept: ratio >= 1.8,
            }),
            self.faster("tag membership", "membership", "redis", 50.0),
            self.faster("tag membership", "membership", "redis-pipelined", 3.0),
            self.faster("tag membership", "membership", "sqlite", 10.0),
            self.faster("alias to its device ids", "alias", "sqlite", 10.0),
            self.growth(),
        ]
    }

    /// How membership grows from the smallest size to this one.
    fn growth(&self) -> Option<Bar> {
        let smallest = self.rows.iter().map(|row| row.devices).min().filter(|&least| least < self.devices)?;
        let first = Figures { rows: self.rows, devices: smallest };
        let grown = |system| {
            let time = |figures: &Self| figures.row("membership", system).and_then(|row| row.median_ns);
            Some(time(self)? / time(&first)?)
        };
        let (ours, base): (f64, f64) = (grown(OURS)?, grown(BASE)?);
        Some(Bar {
            what: "growth of membership",
            promised: format!("no more than {BASE}: {base:.2} × since {}", grouped(smallest)),
            found: format!("{ours:.2} ×"),
            kept: ours <= base,
        })
    }
}

/// The promises that these figures speak of.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut cells = vec![["devices", "what", "promised", "found", ""].map(str::to_owned).to_vec()];
    let mut sizes = distinct(rows.iter().map(|row| row.devices));
    sizes.sort_unstable();
    for devices in sizes {
        for Bar { what, promised, found, kept } in (Figures { rows, devices }).bars().into_iter().flatten() {
            let verdict = if kept { "kept" } else { "MISSED" };
            cells.push(vec![grouped(devices), what.to_owned(), promised, found, verdict.to_owned()]);
        }
    }
    aligned(&cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_judged_by_its_figures() {
        let row = |devices, system: &str, median_ns| Row {
            devices,
            question: "membership".into(),
            system: system.into(),
            median_ns: Some(median_ns),
            ..Row::default()
        };
        let rows = [
            row(10_000, OURS, 70.0),
            row(10_000, BASE, 50.0),
            row(1_000_000, OURS, 220.0),
            row(1_000_000, BASE, 200.0),
            row(1_000_000, "redis", 20_000.0),
        ];
        let text = table(&rows);
        let verdicts: Vec<bool> = text.lines().skip(2).map(|line| line.contains("kept")).collect();
        assert_eq!(verdicts, [true, false, true, true], "{text}");
    }
}
