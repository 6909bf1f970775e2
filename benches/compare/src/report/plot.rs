//! Pictures: time by number of devices, one for each question, and bytes per device.

use super::Row;
use super::svg::{Anchor, COLOURS, LogScale, Svg};
use super::table::{distinct, grouped, time};
use rollbook_bench::Failure;
use std::fs;
use std::path::Path;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 440.0;
const LEFT: f64 = 84.0;
/// The legend stands to the right of it.
const RIGHT: f64 = 590.0;
const TOP: f64 = 56.0;
const BOTTOM: f64 = 380.0;
const GRID: &str = "#dddddd";
const FAINT: &str = "#f0f0f0";
const AXIS: &str = "#444444";

/// Writes every picture that these figures make into the directory.
pub(crate) fn write(dir: &Path, rows: &[Row]) -> Result<(), Failure> {
    fs::create_dir_all(dir)?;
    // A system keeps its colour from picture to picture.
    let systems = distinct(rows.iter().filter(|row| !row.missing).map(|row| row.system.as_str()));
    for question in
        distinct(rows.iter().filter(|row| row.median_ns.is_some()).map(|row| row.question.as_str()))
    {
        fs::write(dir.join(format!("time-{question}.svg")), times(question, rows, &systems))?;
    }
    for question in ["memory", "disk"] {
        let some: Vec<&Row> = rows.iter().filter(|row| row.question == question).collect();
        if !some.is_empty() {
            fs::write(dir.join(format!("{question}.svg")), bytes(question, &some, &systems))?;
        }
    }
    Ok(())
}

fn colour(systems: &[&str], system: &str) -> &'static str {
    let place = systems.iter().position(|other| *other == system).unwrap_or(0);
    COLOURS.iter().cycle().nth(place).copied().unwrap_or("black")
}

fn frame(title: &str, below: &str, beside: &str) -> Svg {
    let mut svg = Svg::new(WIDTH, HEIGHT);
    svg.text((LEFT, 30.0), 17, Anchor::Start, title);
    svg.text(((LEFT + RIGHT) / 2.0, HEIGHT - 16.0), 13, Anchor::Middle, below);
    svg.upright((22.0, (TOP + BOTTOM) / 2.0), 13, beside);
    svg
}

fn legend(svg: &mut Svg, systems: &[&str], shown: &[&str]) {
    for (place, system) in shown.iter().enumerate() {
        let y = TOP + 12.0 + 24.0 * place as f64;
        svg.bar((RIGHT + 24.0, y - 9.0), 14.0, 10.0, colour(systems, system));
        svg.text((RIGHT + 46.0, y), 13, Anchor::Start, system);
    }
}

/// Time by number of devices, both logarithmic, one line a system.
fn times(question: &str, rows: &[Row], systems: &[&str]) -> String {
    let of = |row: &&Row| row.question == question && row.median_ns.is_some();
    let here: Vec<&Row> = rows.iter().filter(of).collect();
    let found: Vec<f64> = here.iter().filter_map(|row| row.median_ns).collect();
    let sizes: Vec<f64> = here.iter().map(|row| f64::from(row.devices)).collect();
    let least = |all: &[f64]| all.iter().copied().fold(f64::INFINITY, f64::min).max(1.0);
    let most = |all: &[f64]| all.iter().copied().fold(1.0, f64::max);
    let decade =
        |value: f64, up: bool| 10_f64.powf(if up { value.log10().ceil() } else { value.log10().floor() });
    let (low, high) = (decade(least(&found), false), decade(most(&found), true));
    let x = LogScale { from: least(&sizes) / 1.6, to: most(&sizes) * 1.6, pixels: (LEFT, RIGHT) };
    let y = LogScale { from: low, to: high.max(low * 10.0), pixels: (BOTTOM, TOP) };

    let unit = here.first().map_or("", |row| &row.unit);
    let mut svg = frame(&format!("{question}: median time {unit}"), "devices in the register", "time");
    for tick in y.decades() {
        for step in [2.0, 5.0].map(|times| tick * times).into_iter().filter(|&step| step < y.to) {
            svg.line((LEFT, y.at(step)), (RIGHT, y.at(step)), FAINT, 1.0);
        }
        svg.line((LEFT, y.at(tick)), (RIGHT, y.at(tick)), GRID, 1.0);
        svg.text((LEFT - 8.0, y.at(tick) + 4.0), 12, Anchor::End, &round_time(tick));
    }
    for devices in distinct(here.iter().map(|row| row.devices)) {
        let at = x.at(f64::from(devices));
        svg.line((at, TOP), (at, BOTTOM), GRID, 1.0);
        svg.text((at, BOTTOM + 20.0), 12, Anchor::Middle, &grouped(devices));
    }
    svg.line((LEFT, BOTTOM), (RIGHT, BOTTOM), AXIS, 1.5);
    svg.line((LEFT, TOP), (LEFT, BOTTOM), AXIS, 1.5);
    let shown: Vec<&str> =
        systems.iter().copied().filter(|system| here.iter().any(|row| row.system == *system)).collect();
    for system in &shown {
        let mut line: Vec<(u32, f64)> = here
            .iter()
            .filter(|row| row.system == *system)
            .filter_map(|row| Some((row.devices, row.median_ns?)))
            .collect();
        line.sort_unstable_by_key(|(devices, _)| *devices);
        let points: Vec<(f64, f64)> =
            line.iter().map(|&(devices, ns)| (x.at(f64::from(devices)), y.at(ns))).collect();
        svg.path(&points, colour(systems, system));
        points.iter().for_each(|&point| svg.dot(point, colour(systems, system)));
    }
    legend(&mut svg, systems, &shown);
    svg.finish()
}

/// A power of ten without decimals.
fn round_time(ns: f64) -> String {
    time(ns).replace(".00", "").replace(".0", "")
}

/// Bytes per device, a group of bars for each number of devices.
fn bytes(question: &str, rows: &[&Row], systems: &[&str]) -> String {
    let shown: Vec<&str> =
        systems.iter().copied().filter(|system| rows.iter().any(|row| row.system == *system)).collect();
    let mut sizes = distinct(rows.iter().map(|row| row.devices));
    sizes.sort_unstable();
    let most = rows.iter().filter_map(|row| row.bytes_per_device).fold(1.0, f64::max);
    // Four to eight lines across, at round numbers.
    let rough = 10_f64.powf((most / 4.0).log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|times| rough * times).into_iter().find(|step| most / step <= 8.0);
    let step = step.unwrap_or(rough);
    let top = (most / step).ceil() * step;
    let at = |bytes: f64| BOTTOM - bytes / top * (BOTTOM - TOP);

    let title = format!("{question}: bytes per device, all indexes included");
    let mut svg = frame(&title, "devices in the register", "bytes per device");
    let mut tick = 0.0;
    while tick <= top {
        svg.line((LEFT, at(tick)), (RIGHT, at(tick)), GRID, 1.0);
        svg.text((LEFT - 8.0, at(tick) + 4.0), 12, Anchor::End, &grouped(tick as u32));
        tick += step;
    }
    let group = (RIGHT - LEFT) / sizes.len().max(1) as f64;
    let width = (group * 0.8 / shown.len().max(1) as f64).min(90.0);
    for (place, devices) in sizes.iter().enumerate() {
        let middle = LEFT + group * (place as f64 + 0.5);
        svg.text((middle, BOTTOM + 20.0), 12, Anchor::Middle, &grouped(*devices));
        let first = middle - width * shown.len() as f64 / 2.0;
        for (place, system) in shown.iter().enumerate() {
            let row = rows.iter().find(|row| row.devices == *devices && row.system == *system);
            let Some(bytes) = row.and_then(|row| row.bytes_per_device) else { continue };
            let left = first + width * place as f64;
            svg.bar((left + 2.0, at(bytes)), width - 4.0, BOTTOM - at(bytes), colour(systems, system));
            svg.text((left + width / 2.0, at(bytes) - 5.0), 11, Anchor::Middle, &format!("{bytes:.0}"));
        }
    }
    svg.line((LEFT, BOTTOM), (RIGHT, BOTTOM), AXIS, 1.5);
    legend(&mut svg, systems, &shown);
    svg.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_picture_of_every_question() {
        let time = |devices, median_ns| Row {
            devices,
            question: "membership".into(),
            system: "by-hand".into(),
            median_ns: Some(median_ns),
            ..Row::default()
        };
        let rows =
            [time(10_000, 60.0), time(1_000_000, 300.0), Row::bytes(10_000, "memory", "by-hand", 4_000_000)];
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &rows).unwrap();
        let times = fs::read_to_string(dir.path().join("time-membership.svg")).unwrap();
        assert!(
            times.contains("1 000 000") && times.contains("10 ns") && times.contains("by-hand"),
            "{times}"
        );
        let memory = fs::read_to_string(dir.path().join("memory.svg")).unwrap();
        assert!(memory.contains(">400<"), "{memory}");
        assert!(!dir.path().join("disk.svg").exists());
    }
}
