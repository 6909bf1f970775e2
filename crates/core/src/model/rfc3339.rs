//! Parsing of RFC 3339 times.

use super::Timestamp;
use crate::violation::{Rule, Violation, shown};
use std::str::FromStr;

/// Parses a time of RFC 3339, such as `2015-06-25T10:33:23Z` or `2015-06-25T18:33:23.5+08:00`. Fractions of a second
/// are dropped. All texts that `Display` of [`Timestamp`] writes are accepted, including years of more digits than the
/// standard allows.
///
/// ```
/// use rollbook::Timestamp;
/// let at: Timestamp = "2015-06-25T18:33:23.5+08:00".parse()?;
/// assert_eq!(at.to_string(), "2015-06-25T10:33:23Z");
/// assert!("2015-06-25".parse::<Timestamp>().is_err() && "2015-02-29T00:00:00Z".parse::<Timestamp>().is_err());
/// # Ok::<(), rollbook::Violation>(())
/// ```
impl FromStr for Timestamp {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        read(text).ok_or_else(|| {
            let limit = "must be a time such as 2015-06-25T10:33:23Z or 2015-06-25T18:33:23+08:00";
            Violation::new("time", Rule::Form, limit, shown(text))
        })
    }
}

fn read(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let (date, day) = date.rsplit_once('-')?;
    let (year, month) = date.rsplit_once('-')?;
    let (negative, digits) = year.strip_prefix('-').map_or((false, year), |digits| (true, digits));
    let years = number(digits, digits.len().clamp(4, 12))?;
    let year = if negative { -years } else { years };
    let (month, day) = (number(month, 2)?, number(day, 2)?);

    let (clock, offset) = match time.strip_suffix(['Z', 'z']) {
        Some(clock) => (clock, 0),
        None => {
            let at = time.rfind(['+', '-'])?;
            let (clock, offset) = time.split_at_checked(at)?;
            let (hours, minutes) = offset.get(1..)?.split_once(':')?;
            let secs = within(hours, 23)? * 3600 + within(minutes, 59)? * 60;
            (clock, if offset.starts_with('-') { -secs } else { secs })
        }
    };
    let clock = match clock.split_once('.') {
        Some((clock, fraction)) => clock_with(clock, fraction)?,
        None => clock,
    };
    let mut parts = clock.split(':');
    let hours = within(parts.next()?, 23)?;
    let minutes = within(parts.next()?, 59)?;
    // A leap second counts as the last second of its minute, because a day of the register has 86 400 seconds.
    let secs = within(parts.next()?, 60)?.min(59);
    if parts.next().is_some() {
        return None;
    }

    let days = days_from_civil(year, month, day)?;
    let secs = i128::from(days) * 86_400 + i128::from(hours * 3600 + minutes * 60 + secs - offset);
    i64::try_from(secs).ok().map(Timestamp::from_secs)
}

fn clock_with<'a>(clock: &'a str, fraction: &str) -> Option<&'a str> {
    let digits = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
    digits.then_some(clock)
}

/// Parses a number of exactly this many digits.
fn number(text: &str, digits: usize) -> Option<i64> {
    let good = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    if good { text.parse().ok() } else { None }
}

/// Parses a number of two digits that is at most `most`.
fn within(text: &str, most: i64) -> Option<i64> {
    number(text, 2).filter(|number| *number <= most)
}

/// Returns the days since 1970-01-01 of a valid date.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0);
    let longest = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=longest).contains(&day) {
        return None;
    }
    // Years are counted from March, so that the leap day comes last.
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_of_the_standard_are_read() {
        for (text, secs) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59z", -1),
            ("2023-11-15t06:13:20+08:00", 1_700_000_000),
            ("2023-11-14 22:13:20.999999999999Z", 1_700_000_000),
            ("2023-11-14T22:13:20-00:00", 1_700_000_000),
            ("2023-11-14T16:28:20-05:45", 1_700_000_000),
            ("2016-12-31T23:59:60Z", 1_483_228_799),
            ("2000-02-29T00:00:00Z", 951_782_400),
            ("0000-01-01T00:00:00Z", -62_167_219_200),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            assert_eq!(text.parse::<Timestamp>().map(Timestamp::secs), Ok(secs), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "T",
            "2023-11-14",
            "22:13:20Z",
            "2023-11-14T22:13:20",
            "2023-11-14T22:13Z",
            "2023-13-01T00:00:00Z",
            "2023-00-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2023-11-31T00:00:00Z",
            "2023-11-00T00:00:00Z",
            "2023-11-14T24:00:00Z",
            "2023-11-14T22:60:00Z",
            "2023-11-14T22:13:61Z",
            "2023-11-14T22:13:20.Z",
            "2023-11-14T22:13:20.5xZ",
            "2023-11-14T22:13:20+8:00",
            "2023-11-14T22:13:20+0800",
            "2023-11-14T22:13:20+24:00",
            "23-11-14T22:13:20Z",
            "+2023-11-14T22:13:20Z",
            "2023-1-14T22:13:20Z",
            "2023-11-14T22:13:20:00Z",
            "９９９９-11-14T22:13:20Z",
            "99999999999999999999-01-01T00:00:00Z",
            "1700000000",
            "2023-11-14T+08:00",
            "2023-11-14T22:13:20Z ",
            "é2023-11-14T22:13:20é",
        ] {
            let refused = text.parse::<Timestamp>().unwrap_err();
            assert_eq!((refused.field(), refused.rule()), ("time", Rule::Form), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read(secs in prop_oneof![-99_999_999_999_i64..999_999_999_999, any::<i64>()]) {
            let at = Timestamp::from_secs(secs);
            prop_assert_eq!(at.to_string().parse::<Timestamp>(), Ok(at));
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "[0-9TZ:.+ -]{0,30}|.{0,30}") {
            let _ = text.parse::<Timestamp>();
        }
    }
}
