//! The numbers of devices that a benchmark runs at.

/// The environment variable with the numbers of devices, separated by commas, such as `10000,10000000`.
pub const DEVICES_VARIABLE: &str = "ROLLBOOK_BENCH_DEVICES";

/// Returns the numbers of devices to run at: those of [`DEVICES_VARIABLE`], otherwise 10^4, 10^5 and 10^6, or only the
/// smallest in a test run (`--test`).
#[must_use]
pub fn sizes() -> Vec<u32> {
    let testing = std::env::args().any(|argument| argument == "--test");
    chosen(std::env::var(DEVICES_VARIABLE).ok().as_deref(), testing)
}

fn chosen(variable: Option<&str>, testing: bool) -> Vec<u32> {
    let asked: Vec<u32> =
        variable.unwrap_or_default().split(',').filter_map(|size| size.trim().parse().ok()).collect();
    match (asked.is_empty(), testing) {
        (false, _) => asked,
        (true, true) => vec![10_000],
        (true, false) => vec![10_000, 100_000, 1_000_000],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_variable_or_three_defaults() {
        assert_eq!(chosen(Some("10, 10000000"), false), [10, 10_000_000]);
        assert_eq!(chosen(None, false), [10_000, 100_000, 1_000_000]);
        assert_eq!(chosen(None, true), [10_000]);
    }
}
