//! One measured figure, and the JSON file of all figures.

use crate::measure::stats::Samples;
use hdrhistogram::Histogram;
use rollbook_bench::Failure;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

/// The result of one system for one question at one number of devices.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) devices: u32,
    pub(crate) question: String,
    pub(crate) system: String,
    /// Median over blocks of questions, per question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) median_ns: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) p99_ns: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) p9999_ns: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) worst_ns: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ratio: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bytes_per_device: Option<f64>,
    /// Number of blocks, or single questions, that were timed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) samples: Option<usize>,
    /// Number of questions in a block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) block: Option<usize>,
    #[serde(default)]
    pub(crate) unit: String,
    /// The system is not on the machine.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) missing: bool,
}

impl Row {
    fn new(devices: u32, question: &str, system: &str, unit: &str) -> Self {
        let (question, system, unit) = (question.to_owned(), system.to_owned(), unit.to_owned());
        Row { devices, question, system, unit, ..Row::default() }
    }

    pub(crate) fn times(devices: u32, question: &str, system: &str, unit: &str, samples: &Samples) -> Self {
        Row {
            median_ns: samples.median(),
            p99_ns: samples.p99(),
            worst_ns: samples.worst(),
            samples: Some(samples.len()),
            ..Row::new(devices, question, system, unit)
        }
    }

    pub(crate) fn delay(devices: u32, question: &str, system: &str, delays: &Histogram<u64>) -> Self {
        let quantile = |share| Some(delays.value_at_quantile(share) as f64);
        Row {
            median_ns: quantile(0.5),
            p99_ns: quantile(0.99),
            p9999_ns: quantile(0.9999),
            worst_ns: quantile(1.0),
            samples: usize::try_from(delays.len()).ok(),
            ..Row::new(devices, question, system, "per question")
        }
    }

    pub(crate) fn ratio(devices: u32, question: &str, system: &str, unit: &str, ratios: &Samples) -> Self {
        let ratio = ratios.median();
        Row { ratio, samples: Some(ratios.len()), ..Row::new(devices, question, system, unit) }
    }

    pub(crate) fn bytes(devices: u32, question: &str, system: &str, bytes: u64) -> Self {
        let bytes_per_device = Some(bytes as f64 / f64::from(devices.max(1)));
        Row { bytes_per_device, ..Row::new(devices, question, system, "bytes per device") }
    }

    pub(crate) fn amplification(devices: u32, system: &str, ratio: f64) -> Self {
        let unit = "bytes on disk by bytes committed";
        Row { ratio: Some(ratio), ..Row::new(devices, "write-amplification", system, unit) }
    }

    pub(crate) fn missing(devices: u32, system: &str) -> Self {
        Row { missing: true, ..Row::new(devices, "missing", system, "not on this machine") }
    }
}

/// Writes rows as a JSON array with one row on each line.
pub(crate) fn write(path: &Path, rows: &[Row]) -> Result<(), Failure> {
    let lines = rows.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
    fs::write(path, format!("[\n{}\n]\n", lines.join(",\n")))?;
    Ok(())
}

/// Reads rows that [`write`] has written.
pub(crate) fn read(path: &Path) -> Result<Vec<Row>, Failure> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_as_they_were_written() {
        let samples: Samples = [60.0, 61.5, 90.0].into_iter().collect();
        let rows = [
            Row::times(10_000, "membership", "rollbook-mem", "per question", &samples),
            Row::bytes(10_000, "memory", "by-hand", 5_000_000),
            Row::missing(10_000, "redis"),
        ];
        let file = tempfile::NamedTempFile::new().unwrap();
        write(file.path(), &rows).unwrap();
        assert_eq!(read(file.path()).unwrap(), rows);
    }

    #[test]
    fn the_json_has_the_promised_names() {
        let samples: Samples = [60.0].into_iter().collect();
        let row = Row::times(10_000, "membership", "rollbook-mem", "per question", &samples);
        let json = serde_json::to_value(&row).unwrap();
        let expected = serde_json::json!({
            "devices": 10_000, "question": "membership", "system": "rollbook-mem", "median_ns": 60.0,
            "p99_ns": 60.0, "worst_ns": 60.0, "samples": 1, "unit": "per question"
        });
        assert_eq!(json, expected);
        let memory = serde_json::to_value(Row::bytes(1_000, "memory", "by-hand", 500_000)).unwrap();
        assert_eq!(memory["bytes_per_device"], 500.0);
    }
}
