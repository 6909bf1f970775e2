//! `rollbook stats`: the size of a register in a directory, and the state of its parts.

use super::cannot;
use super::tally::{Tally, apps};
use crate::args::durable::Stats;
use crate::failure::Failure;
use crate::output::Output;
use crate::store::{Access, open_rocks};
use rollbook::{AppKey, Registry};
use rollbook_store_rocks::{FamilyStats, RocksStats};
use serde::Serialize;
use std::path::Path;
use std::time::Duration;

/// Everything that is reported.
#[derive(Serialize)]
struct Told<'a> {
    directory: &'a Path,
    apps: Vec<Tally>,
    store: RocksStats,
}

pub(super) fn run(options: &Stats) -> Result<(), Failure> {
    let register = Registry::builder(open_rocks(&options.store, Access::ReadOnly)?).build();
    let tallies: Result<Vec<Tally>, Failure> =
        apps(&register)?.into_iter().map(|info| Tally::of(&register, &info.key)).collect();
    let (apps, store) = (tallies?, register.store().stats().map_err(cannot("read the statistics"))?);
    let told = Told { directory: &options.store, apps, store };
    let mut output = Output::new();
    if options.json {
        let json = serde_json::to_string(&told)
            .map_err(|source| Failure::Io { action: "write the answer".into(), source: source.into() })?;
        output.line(format_args!("{json}"))?;
    } else {
        write(&told, &mut output)?;
    }
    output.finish()
}

fn write(told: &Told<'_>, output: &mut Output) -> Result<(), Failure> {
    let Told { directory, apps, store } = told;
    output.line(format_args!("directory  {}", directory.display()))?;
    output.line(format_args!("apps       {}", apps.len()))?;
    let widest = apps.iter().map(|tally| tally.app.as_str().len()).max().unwrap_or_default().max(3);
    if !apps.is_empty() {
        output.line(format_args!(
            "\n{:widest$} {:>12} {:>10} {:>12} {:>12} {:>12}",
            "app", "devices", "tags", "aliases", "users", "events ever"
        ))?;
    }
    for Tally { app, devices, tags, aliases, users, events_posted, .. } in apps {
        let app: &AppKey = app;
        output.line(format_args!(
            "{:widest$} {devices:>12} {tags:>10} {aliases:>12} {users:>12} {events_posted:>12}",
            app.as_str()
        ))?;
    }
    write_store(store, output)
}

fn write_store(store: &RocksStats, output: &mut Output) -> Result<(), Failure> {
    output.line(format_args!(
        "\n{:<12} {:>12} {:>12} {:>12} {:>12}",
        "family", "keys, about", "in tables", "in buffers", "to compact"
    ))?;
    let mut sum = FamilyStats { name: "all".into(), ..FamilyStats::default() };
    for family in &store.families {
        sum.keys += family.keys;
        sum.table_bytes += family.table_bytes;
        sum.buffer_bytes += family.buffer_bytes;
        sum.pending_bytes += family.pending_bytes;
    }
    for FamilyStats { name, keys, table_bytes, buffer_bytes, pending_bytes } in
        store.families.iter().chain([&sum])
    {
        output.line(format_args!(
            "{name:<12} {keys:>12} {:>12} {:>12} {:>12}",
            size(*table_bytes),
            size(*buffer_bytes),
            size(*pending_bytes)
        ))?;
    }
    let RocksStats { cache_bytes, cache_capacity, cache_hits, cache_misses, .. } = store;
    output.line(format_args!(
        "\ncache      {} of {}, {cache_hits} hits, {cache_misses} misses",
        size(*cache_bytes),
        size(*cache_capacity)
    ))?;
    let stalled = crate::stopwatch::readable(Duration::from_micros(store.stalled_micros));
    output.line(format_args!("stalled    {stalled}"))?;
    output.line(format_args!("faults     {} of flushes and compactions", store.background_errors))
}

/// Returns a number of bytes with about three digits, and a unit.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut size = bytes as f64;
    let mut units = UNITS.iter().peekable();
    while size >= 1_000.0 && units.len() > 1 {
        size /= 1_024.0;
        units.next();
    }
    let unit = units.next().copied().unwrap_or_default();
    if unit == "B" || size >= 99.95 { format!("{size:.0} {unit}") } else { format!("{size:.1} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_about_three_digits_and_a_unit() {
        let shown = [0, 999, 1_000, 1_536, 102_400, 1_048_576, u64::MAX].map(size);
        assert_eq!(shown, ["0 B", "999 B", "1.0 KiB", "1.5 KiB", "100 KiB", "1.0 MiB", "16777216 TiB"]);
    }
}
