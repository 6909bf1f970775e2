//! Line charts of the median time of each question by the number of devices.

use super::Row;
use super::table::{distinct, grouped, time};
use plotters::prelude::*;
use rollbook_bench::Failure;
use std::fs;
use std::path::Path;

/// The palette of Okabe and Ito: dark enough on white, and distinct for readers with colour vision deficiencies.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];

/// Writes `time-QUESTION.svg` into the directory for every question with a time.
pub(crate) fn write(dir: &Path, rows: &[Row]) -> Result<(), Failure> {
    fs::create_dir_all(dir)?;
    let timed: Vec<&Row> = rows.iter().filter(|row| row.median_ns.is_some()).collect();
    // A system has the same colour in every chart.
    let systems = distinct(timed.iter().map(|row| row.system.as_str()));
    for question in distinct(timed.iter().map(|row| row.question.as_str())) {
        let here: Vec<&Row> = timed.iter().copied().filter(|row| row.question == question).collect();
        chart(&dir.join(format!("time-{question}.svg")), question, &here, &systems)?;
    }
    Ok(())
}

/// Both axes are logarithmic; each system is one line.
fn chart(path: &Path, question: &str, rows: &[&Row], systems: &[&str]) -> Result<(), Failure> {
    let times = rows.iter().filter_map(|row| row.median_ns);
    let low = times.clone().fold(f64::INFINITY, f64::min).max(1.0);
    let high = times.fold(low, f64::max);
    let mut sizes = distinct(rows.iter().map(|row| row.devices));
    sizes.sort_unstable();
    let sizes: Vec<f64> = sizes.into_iter().map(f64::from).collect();
    let (Some(fewest), Some(most)) = (sizes.first(), sizes.last()) else { return Ok(()) };
    // Whole decades of time, at least one.
    let decade = |exponent: f64| 10_f64.powf(exponent);
    let (from, to) = (low.log10().floor(), high.log10().ceil());
    let y = (decade(from)..decade(to.max(from + 1.0))).log_scale();
    let x = (fewest / 1.6..most * 1.6).log_scale().with_key_points(sizes);

    let area = SVGBackend::new(path, (760, 440)).into_drawing_area();
    area.fill(&WHITE)?;
    let (plot, legend) = area.split_horizontally(600);
    let unit = rows.first().map_or("", |row| &row.unit);
    let mut chart = ChartBuilder::on(&plot)
        .caption(format!("{question}: median time {unit}"), ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(64)
        .build_cartesian_2d(x, y)?;
    chart
        .configure_mesh()
        .x_desc("devices in the register")
        .y_desc("time")
        .x_label_formatter(&|devices| grouped(*devices as u32))
        .y_label_formatter(&|ns| time(*ns))
        .draw()?;
    let drawn = systems.iter().zip(COLOURS.iter().cycle());
    let drawn = drawn.filter(|(system, _)| rows.iter().any(|row| row.system == **system));
    for (place, (system, colour)) in (0..).zip(drawn) {
        let of_system = rows.iter().filter(|row| row.system == *system);
        let mut points: Vec<(f64, f64)> =
            of_system.filter_map(|row| Some((f64::from(row.devices), row.median_ns?))).collect();
        points.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
        chart.draw_series(LineSeries::new(points, colour.filled().stroke_width(2)).point_size(4))?;
        let y = 56 + 24 * place;
        legend.draw(&Rectangle::new([(0, y), (14, y + 10)], colour.filled()))?;
        legend.draw(&Text::new(system.to_string(), (22, y - 2), ("sans-serif", 14)))?;
    }
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_with_a_time_gets_a_chart_of_its_sizes_and_systems() {
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
        let drawn = fs::read_to_string(dir.path().join("time-membership.svg")).unwrap();
        for text in ["10 000", "1 000 000", "100 ns", "by-hand", "<polyline"] {
            assert!(drawn.contains(text), "{text} is missing in {drawn}");
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "memory is not a time");
    }
}
