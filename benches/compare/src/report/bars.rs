//! The performance targets of the project and whether the figures meet them.

use super::Row;
use super::table::{BASE, aligned, distinct, grouped, time};

/// Rollbook in memory.
const MEM: &str = "rollbook-mem";
/// Rollbook on RocksDB, and RocksDB itself.
const ROCKS: &str = "rollbook-rocks";
const RAW: &str = "rocksdb-raw";

/// Most targets apply from this number of devices on.
const LARGE: u32 = 1_000_000;

/// A target at one number of devices.
struct Bar {
    who: &'static str,
    what: String,
    target: String,
    found: String,
    met: bool,
}

impl Bar {
    fn new(who: &'static str, what: &str, target: String, found: String, met: bool) -> Self {
        Bar { who, what: what.to_owned(), target, found, met }
    }
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

    /// Returns the ratio of the times, or of the bytes, of two systems.
    fn by(&self, question: &str, one: &str, other: &str) -> Option<f64> {
        let figure = |row: &Row| row.median_ns.or(row.bytes_per_device);
        Some(figure(self.row(question, one)?)? / figure(self.row(question, other)?)?)
    }

    fn at_most(
        &self,
        (who, than): (&'static str, &str),
        what: &str,
        question: &str,
        most: f64,
    ) -> Option<Bar> {
        let ratio = self.by(question, who, than)?;
        let target = format!("at most {most} × {than}");
        Some(Bar::new(who, what, target, format!("{ratio:.2} ×"), ratio <= most))
    }

    fn faster(
        &self,
        (who, than): (&'static str, &str),
        what: &str,
        question: &str,
        least: f64,
    ) -> Option<Bar> {
        let ratio = 1.0 / self.by(question, who, than)?;
        let target = format!("{least} × faster than {than}");
        Some(Bar::new(who, what, target, format!("{ratio:.1} ×"), ratio >= least))
    }

    fn bars(&self) -> Vec<Option<Bar>> {
        let mut bars = self.in_memory();
        bars.extend(self.on_disk());
        bars.extend(self.algebra());
        bars
    }

    /// Nearly all targets are for large registries.
    fn in_memory(&self) -> Vec<Option<Bar>> {
        let by_hand = (MEM, BASE);
        if self.devices < LARGE {
            return vec![self.at_most(by_hand, "tag membership", "membership", 1.5)];
        }
        vec![
            self.at_most(by_hand, "tag membership", "membership", 1.0),
            self.at_most(by_hand, "alias to its device ids", "alias", 1.3),
            self.at_most(by_hand, "device look-up, all fields", "device", 1.5),
            self.row("memory", MEM).and_then(|row| row.bytes_per_device).map(|bytes| Bar {
                who: MEM,
                what: "memory".to_owned(),
                target: "at most 200 bytes per device".to_owned(),
                found: format!("{bytes:.0} bytes"),
                met: bytes <= 200.0,
            }),
            self.at_most(by_hand, "memory", "memory", 0.7),
            self.at_most(by_hand, "register a device", "register", 3.0),
            self.at_most(by_hand, "add a tag to one device", "add-tag", 3.0),
            self.at_most(by_hand, "tag update of 1 000 devices", "tag-update-1000", 2.0),
            self.delete_tag(MEM),
            self.row("two-threads", MEM).and_then(|row| row.ratio).map(|ratio| Bar {
                who: MEM,
                what: "two reading threads against one".to_owned(),
                target: "at least 1.8 ×".to_owned(),
                found: format!("{ratio:.2} ×"),
                met: ratio >= 1.8,
            }),
            self.faster((MEM, "redis"), "tag membership", "membership", 50.0),
            self.faster((MEM, "redis-pipelined"), "tag membership", "membership", 3.0),
            self.faster((MEM, "sqlite"), "tag membership", "membership", 10.0),
            self.faster((MEM, "sqlite"), "alias to its device ids", "alias", 10.0),
            self.growth((MEM, BASE), "membership", "membership", 1.0),
        ]
    }

    /// Targets for every set of posting lists.
    fn algebra(&self) -> Vec<Option<Bar>> {
        let mut bars = Vec::new();
        for (kind, most) in
            [("count of ", 1.1), ("and of ", 1.1), ("stream of ", 1.0), ("stream everybody of ", 1.0)]
        {
            let rows = self.rows.iter().filter(|row| row.devices == self.devices && row.system == MEM);
            let asked = rows.map(|row| &*row.question).filter(|question| question.starts_with(kind));
            bars.extend(asked.map(|question| self.at_most((MEM, BASE), question, question, most)));
        }
        bars
    }

    /// Reads and writes are compared with RocksDB's own, counts with the store in memory.
    fn on_disk(&self) -> Vec<Option<Bar>> {
        let raw = (ROCKS, RAW);
        vec![
            self.at_most(raw, "tag membership", "membership", 2.5),
            self.faster((ROCKS, "sqlite"), "tag membership", "membership", 2.0),
            self.at_most(raw, "register devices, 1 000 a call", "register-1000", 2.5),
            self.at_most((ROCKS, MEM), "count a tag", "count-tag", 10.0),
            self.at_most((ROCKS, MEM), "count two tags, and", "count-and", 10.0),
            self.at_most((ROCKS, MEM), "count two tags, or", "count-or", 10.0),
            self.at_most((ROCKS, MEM), "count two tags, and not", "count-and-not", 10.0),
            self.at_most((ROCKS, MEM), "count a tag on a platform", "count-platform", 10.0),
            self.delete_tag(ROCKS),
            self.growth(raw, "membership", "membership", 1.3),
            self.growth(raw, "alias look-up", "alias", 1.3),
            self.growth(raw, "adding a tag to a device", "add-tag", 1.3),
        ]
    }

    fn delete_tag(&self, who: &'static str) -> Option<Bar> {
        self.row("delete-tag", who).and_then(|row| row.median_ns).map(|ns| Bar {
            who,
            what: "delete a tag that all devices carry".to_owned(),
            target: "under 1 ms".to_owned(),
            found: time(ns),
            met: ns < 1e6,
        })
    }

    /// Compares how a question slows down from the smallest size to this one with the membership of another system.
    fn growth(
        &self,
        (who, than): (&'static str, &str),
        what: &str,
        question: &str,
        most: f64,
    ) -> Option<Bar> {
        let smallest = self.rows.iter().map(|row| row.devices).min().filter(|&least| least < self.devices)?;
        let first = Figures { rows: self.rows, devices: smallest };
        let grown = |question, system| {
            let time = |figures: &Self| figures.row(question, system).and_then(|row| row.median_ns);
            Some(time(self)? / time(&first)?)
        };
        let (ours, base): (f64, f64) = (grown(question, who)?, grown("membership", than)?);
        let times = if most > 1.0 { format!("{most} × ") } else { String::new() };
        Some(Bar {
            who,
            what: what.to_owned(),
            target: format!("grows no more than {times}{than}: {base:.2} × since {}", grouped(smallest)),
            found: format!("{ours:.2} ×"),
            met: ours <= base * most,
        })
    }
}

/// Formats the targets for which there are figures.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut cells =
        vec![["devices", "system", "question", "target", "found", ""].map(str::to_owned).to_vec()];
    let mut sizes = distinct(rows.iter().map(|row| row.devices));
    sizes.sort_unstable();
    for devices in sizes {
        for bar in (Figures { rows, devices }).bars().into_iter().flatten() {
            let Bar { who, what, target, found, met } = bar;
            let verdict = if met { "met" } else { "MISSED" };
            cells.push(vec![grouped(devices), who.to_owned(), what, target, found, verdict.to_owned()]);
        }
    }
    aligned(&cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_met_or_missed_by_its_figures() {
        let row = |devices, system: &str, median_ns| Row {
            devices,
            question: "membership".into(),
            system: system.into(),
            median_ns: Some(median_ns),
            ..Row::default()
        };
        let rows = [
            row(10_000, MEM, 70.0),
            row(10_000, BASE, 50.0),
            row(1_000_000, MEM, 220.0),
            row(1_000_000, BASE, 200.0),
            row(1_000_000, "redis", 20_000.0),
            row(1_000_000, ROCKS, 4_000.0),
            row(1_000_000, RAW, 1_500.0),
        ];
        let text = table(&rows);
        let verdicts: Vec<bool> = text.lines().skip(2).map(|line| line.contains("| met ")).collect();
        assert_eq!(verdicts, [true, false, true, true, false], "{text}");
    }
}
