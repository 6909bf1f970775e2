//! What came of a soak.

use crate::args::Options;
use crate::audit::Audited;
use crate::life::Plan;
use crate::meter::{Trend, Unit, Usage};
use std::fmt;

/// Counts, trends and differences.
#[derive(Debug)]
pub(crate) struct Report {
    options: Options,
    pub(crate) lives: u64,
    pub(crate) kills: u64,
    pub(crate) steps: u64,
    pub(crate) refused: u64,
    pub(crate) unacknowledged: u64,
    pub(crate) audits: u64,
    pub(crate) facts: usize,
    pub(crate) restores: u64,
    pub(crate) differences: Vec<String>,
    /// What the writer used, life by life, once a second.
    pub(crate) writer: Vec<Vec<Usage>>,
    /// Files that the auditor had open after each audit.
    pub(crate) auditor: Vec<u64>,
    /// Bytes of the store after each audit.
    pub(crate) disk: Vec<u64>,
    /// What restored backups take of the disk, in percent of what a new register of the same devices takes.
    pub(crate) of_new: Vec<u64>,
}

/// Free slots, and the platforms that devices have left, take room until devices take them again: as many as there ever
/// were at once on each platform. What grows without an end is above this soon.
const MOST_OF_NEW: u64 = 200;

/// Seconds that a life must last for its memory to be judged by itself.
const LONG: usize = 20;

impl Report {
    pub(crate) fn new(options: &Options) -> Self {
        Report {
            options: options.clone(),
            lives: 0,
            kills: 0,
            steps: 0,
            refused: 0,
            unacknowledged: 0,
            audits: 0,
            facts: 0,
            restores: 0,
            differences: Vec::new(),
            writer: Vec::new(),
            auditor: Vec::new(),
            disk: Vec::new(),
            of_new: Vec::new(),
        }
    }

    pub(crate) fn take(&mut self, audited: &Audited) {
        self.audits += 1;
        self.facts += audited.facts;
        self.differences.extend(audited.differences.iter().cloned());
    }

    pub(crate) fn passed(&self) -> bool {
        self.differences.is_empty() && self.trends().iter().all(Trend::is_flat)
    }

    /// One line a life.
    pub(crate) fn progress(&self, number: u64, plan: &Plan, steps: u64, devices: usize) -> String {
        let end = if plan.kill { "killed" } else { "stopped" };
        let verdict = if self.differences.is_empty() { "equal" } else { "DIFFERENT" };
        let disk =
            self.disk.last().map_or_else(String::new, |&bytes| format!(", {}", Unit::Bytes.shown(bytes)));
        format!(
            "life {number}: {} s, {steps} steps, {end}; {devices} devices{disk}; books {verdict}",
            plan.seconds
        )
    }

    fn trends(&self) -> Vec<Trend> {
        let mut longest: Vec<&Vec<Usage>> = self.writer.iter().filter(|used| used.len() >= LONG).collect();
        longest.sort_by_key(|used| used.len());
        let within: Vec<u64> =
            longest.last().into_iter().flat_map(|used| used.iter()).map(|u| u.memory).collect();
        // The first third of a life is when buffers and caches fill.
        let warm = within.get(within.len() / 3..).unwrap_or_default();
        let files: Vec<u64> =
            longest.last().into_iter().flat_map(|used| used.iter()).map(|used| used.files).collect();
        let warm_files = files.get(files.len() / 3..).unwrap_or_default();
        [
            Trend::of("memory of the writer, in its longest life", Unit::Bytes, warm, 10, 8 << 20),
            Trend::of("open files of the writer, in its longest life", Unit::Files, warm_files, 0, 24),
            Trend::of("open files of the auditor", Unit::Files, &self.auditor, 0, 0),
            Trend::of("disk, as the writer left it", Unit::Bytes, &self.disk, 25, 8 << 20),
            Trend::within("disk by that of a new register", Unit::Percent, &self.of_new, MOST_OF_NEW),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Options { minutes, seed, lanes, devices, rate, .. } = &self.options;
        writeln!(
            f,
            "{minutes} minutes, seed {seed}, {lanes} lanes, {devices} device ids, {rate} steps a second"
        )?;
        writeln!(f, "lives of the writer            {:>10}, {} of them killed", self.lives, self.kills)?;
        writeln!(f, "steps acknowledged             {:>10}, {} of them refused", self.steps, self.refused)?;
        writeln!(f, "done, but not acknowledged     {:>10}", self.unacknowledged)?;
        writeln!(f, "backups restored               {:>10}", self.restores)?;
        writeln!(f, "audits                         {:>10}, {} facts compared", self.audits, self.facts)?;
        for trend in self.trends() {
            let Trend { what, unit, first, last, values, most } = &trend;
            let (first, last, most) = (unit.shown(*first), unit.shown(*last), unit.shown(*most));
            let verdict = if trend.is_flat() { "flat" } else { "RISING" };
            writeln!(f, "{what}: {verdict}, from {first} to {last} (at most {most}; {values} values)")?;
        }
        if self.differences.is_empty() {
            return write!(f, "the books are equal");
        }
        writeln!(f, "THE BOOKS DIFFER:")?;
        for difference in &self.differences {
            writeln!(f, "  {}", difference.replace('\n', "\n  "))?;
        }
        write!(f, "the same steps again: --seed {seed} --lanes {lanes} --devices {devices} --rate {rate}")
    }
}
