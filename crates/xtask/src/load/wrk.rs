//! wrk sends requests over a number of connections, each as fast as it is answered.

use std::fmt;
use std::path::PathBuf;

use super::{Target, write};
use crate::process;

/// The program and where its scripts are put.
#[derive(Debug)]
pub(super) struct Wrk {
    pub(super) program: PathBuf,
    pub(super) directory: PathBuf,
    pub(super) seconds: u64,
}

/// What one run of wrk reports; times in microseconds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measured {
    pub(super) requests: f64,
    pub(super) p50: f64,
    pub(super) p99: f64,
}

impl Wrk {
    pub(super) fn run(&self, target: &Target, connections: usize) -> Result<Measured, String> {
        let script = self.directory.join("requests.lua");
        write(&script, &target.question.script())?;
        let output = process::command(&self.program)
            .args(["--threads", "1", "--latency", "--timeout", "20s"])
            .args(["--connections", &connections.to_string(), "--duration", &format!("{}s", self.seconds)])
            .arg("--script")
            .arg(&script)
            .arg(&target.address)
            .output()
            .map_err(|error| format!("cannot start {}: {error}", self.program.display()))?;
        let said = String::from_utf8_lossy(&output.stdout);
        Measured::read(&said).ok_or_else(|| format!("{}: wrk reports:\n{said}", target.name))
    }
}

impl Measured {
    /// What a report says; nothing when a request failed or was refused, which would be no measure of anything.
    fn read(report: &str) -> Option<Self> {
        if report.contains("Socket errors") || report.contains("Non-2xx") {
            return None;
        }
        let after = |name: &str| {
            let line = report.lines().find(|line| line.trim_start().starts_with(name))?;
            line.split_whitespace().last()
        };
        let requests = after("Requests/sec:")?.parse().ok()?;
        Some(Measured { requests, p50: micros(after("50%")?)?, p99: micros(after("99%")?)? })
    }
}

/// A time such as `20.00us`, `1.35ms` or `2.01s`.
fn micros(text: &str) -> Option<f64> {
    let units = [("us", 1.0), ("ms", 1e3), ("s", 1e6), ("m", 6e7)];
    let (number, unit) = units.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)))?;
    Some(number.parse::<f64>().ok()? * unit)
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", count(self.requests))?;
        write!(f, ", {}, {}", time(self.p50), time(self.p99))
    }
}

/// A whole number with its thousands apart.
fn count(number: f64) -> String {
    let digits = format!("{number:.0}");
    let ends_group = |at: usize| at > 0 && (digits.len() - at).is_multiple_of(3);
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if ends_group(at) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

fn time(micros: f64) -> String {
    match micros {
        ..1e3 => format!("{micros:.0} µs"),
        ..1e4 => format!("{:.1} ms", micros / 1e3),
        _ => format!("{:.0} ms", micros / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "Running 3s test @ http://127.0.0.1:8085
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   484.20us  615.81us  11.37ms   95.41%
    Req/Sec    37.36k     3.69k   42.35k    80.00%
  Latency Distribution
     50%  366.00us
     75%  458.00us
     90%  700.00us
     99%    3.44ms
  111543 requests in 3.00s, 17.34MB read
Requests/sec:  37176.32
Transfer/sec:      5.78MB
";

    #[test]
    fn a_report_is_read_with_its_units() {
        let measured = Measured::read(REPORT).unwrap();
        assert_eq!(measured, Measured { requests: 37_176.32, p50: 366.0, p99: 3_440.0 });
        assert_eq!(measured.to_string(), "37 176, 366 µs, 3.4 ms");
        assert_eq!(Measured::read("Requests/sec:  1"), None);
    }

    #[test]
    fn a_run_in_which_a_request_failed_is_no_measure() {
        for trouble in
            ["  Non-2xx or 3xx responses: 3\n", "  Socket errors: connect 0, read 1, write 0, timeout 0\n"]
        {
            assert_eq!(Measured::read(&format!("{REPORT}{trouble}")), None);
        }
    }

    #[test]
    fn times_and_counts_are_short() {
        let shown = [(7.0, "7 µs"), (1_500.0, "1.5 ms"), (36_400.0, "36 ms"), (1_000_000.0, "1000 ms")];
        for (micros, text) in shown {
            assert_eq!(time(micros), text);
        }
        let shown = [(7.4, "7"), (999.0, "999"), (1_000.0, "1 000"), (1_234_567.0, "1 234 567")];
        for (number, text) in shown {
            assert_eq!(count(number), text);
        }
    }
}
