//! Time and randomness as arguments: the register uses only the [`Clock`] and the [`Entropy`] that it was given.

use crate::violation::{Rule, Violation};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::ops::{Add, Sub};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// An instant in UTC, in whole seconds since 1970-01-01. The unit is that of the vendors' protocols.
///
/// ```
/// use rollbook::Timestamp;
/// assert_eq!(Timestamp::from_secs(0).to_string(), "1970-01-01T00:00:00Z");
/// assert_eq!(Timestamp::from_secs(1_435_228_403).to_string(), "2015-06-25T10:33:23Z");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest instant.
    pub const MIN: Timestamp = Timestamp(i64::MIN);
    /// The latest instant.
    pub const MAX: Timestamp = Timestamp(i64::MAX);

    /// Creates the instant `secs` seconds after the epoch, or before it if negative.
    ///
    /// ```
    /// use rollbook::Timestamp;
    /// assert_eq!(Timestamp::from_secs(-1).to_string(), "1969-12-31T23:59:59Z");
    /// ```
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Timestamp(secs)
    }

    /// Returns the seconds since the epoch.
    ///
    /// ```
    /// use rollbook::EventQuery;
    /// let opened = &rollbook_testkit::example::shop().events(&EventQuery::default())?.items[0];
    /// assert_eq!(opened.at.secs(), 1_700_000_000);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub const fn secs(self) -> i64 {
        self.0
    }

    /// Returns this instant moved by `secs` seconds. Saturates at [`Timestamp::MIN`] and [`Timestamp::MAX`].
    ///
    /// ```
    /// use rollbook::Timestamp;
    /// assert_eq!(Timestamp::from_secs(60).plus(-90).secs(), -30);
    /// assert_eq!(Timestamp::MAX.plus(1), Timestamp::MAX);
    /// ```
    #[must_use]
    pub const fn plus(self, secs: i64) -> Self {
        Timestamp(self.0.saturating_add(secs))
    }

    /// Returns the date and time of day at an offset: year, month, day, hour, minute, second.
    ///
    /// ```
    /// use rollbook::{Timestamp, UtcOffset};
    /// let at = Timestamp::from_secs(1_700_000_000);
    /// assert_eq!(at.civil(UtcOffset::BEIJING), (2023, 11, 15, 6, 13, 20));
    /// ```
    #[must_use]
    pub fn civil(self, offset: UtcOffset) -> (i64, u8, u8, u8, u8, u8) {
        let secs = i128::from(self.0) + i128::from(offset.secs());
        let (days, rest) = (secs.div_euclid(86_400), secs.rem_euclid(86_400));
        // Converts days to a civil date. Years are counted from March, so that the leap day comes last.
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let day_of_era = z.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i128::from(month <= 2);
        // All parts are in range, so the fallbacks are never used.
        let byte = |n: i128| u8::try_from(n).unwrap_or_default();
        let year = i64::try_from(year).unwrap_or_default();
        (year, byte(month), byte(day), byte(rest / 3600), byte(rest / 60 % 60), byte(rest % 60))
    }
}

/// Subtracts the whole seconds of the duration. Saturates at [`Timestamp::MIN`].
///
/// ```
/// use rollbook::Timestamp;
/// use std::time::Duration;
/// assert_eq!((Timestamp::from_secs(60) - Duration::from_millis(1_999)).secs(), 59);
/// ```
impl Sub<Duration> for Timestamp {
    type Output = Timestamp;
    fn sub(self, earlier: Duration) -> Timestamp {
        Timestamp(self.0.saturating_sub_unsigned(earlier.as_secs()))
    }
}

/// Adds the whole seconds of the duration. Saturates at [`Timestamp::MAX`].
///
/// ```
/// use rollbook::Timestamp;
/// use std::time::Duration;
/// assert_eq!(Timestamp::from_secs(-1) + Duration::from_secs(60), Timestamp::from_secs(59));
/// ```
impl Add<Duration> for Timestamp {
    type Output = Timestamp;
    fn add(self, later: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add_unsigned(later.as_secs()))
    }
}

/// Returns the second in which the instant lies.
///
/// ```
/// use rollbook::Timestamp;
/// use std::time::{Duration, UNIX_EPOCH};
/// assert_eq!(Timestamp::from(UNIX_EPOCH + Duration::from_millis(1_500)).secs(), 1);
/// assert_eq!(Timestamp::from(UNIX_EPOCH - Duration::from_millis(1_500)).secs(), -2);
/// ```
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Timestamp {
        match time.duration_since(UNIX_EPOCH) {
            Ok(since) => Timestamp(0) + since,
            Err(before) => {
                let before = before.duration();
                Timestamp(0) - before - Duration::from_secs(u64::from(before.subsec_nanos() > 0))
            }
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day, hour, minute, second) = self.civil(UtcOffset::UTC);
        let sign = if year < 0 { "-" } else { "" };
        let year = year.unsigned_abs();
        write!(f, "{sign}{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// A device's offset from UTC, in seconds, from −43 200 to +50 400.
///
/// ```
/// use rollbook::UtcOffset;
/// assert!(UtcOffset::new(50_400).is_ok());
/// assert!(UtcOffset::new(50_401).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "i32")]
pub struct UtcOffset(i32);

impl UtcOffset {
    /// No offset.
    pub const UTC: UtcOffset = UtcOffset(0);
    /// Beijing, UTC+8.
    pub const BEIJING: UtcOffset = UtcOffset(28_800);

    /// Creates the offset of `secs` seconds.
    ///
    /// ```
    /// use rollbook::UtcOffset;
    /// assert_eq!(UtcOffset::new(28_800)?, UtcOffset::BEIJING);
    /// assert_eq!(UtcOffset::new(-43_201).unwrap_err().field(), "utc_offset");
    /// # Ok::<(), rollbook::Violation>(())
    /// ```
    ///
    /// # Errors
    /// A violation of the field `utc_offset` for a value outside −43 200 … +50 400.
    pub fn new(secs: i32) -> Result<Self, Violation> {
        if (-43_200..=50_400).contains(&secs) {
            return Ok(UtcOffset(secs));
        }
        Err(Violation::new("utc_offset", Rule::Range, "must be -43200 to 50400", secs))
    }

    /// Returns the seconds east of UTC.
    ///
    /// ```
    /// use rollbook::UtcOffset;
    /// assert_eq!((UtcOffset::UTC.secs(), UtcOffset::BEIJING.secs()), (0, 8 * 3_600));
    /// ```
    #[must_use]
    pub const fn secs(self) -> i32 {
        self.0
    }
}

impl<'de> Deserialize<'de> for UtcOffset {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        UtcOffset::new(i32::deserialize(from)?).map_err(Violation::in_decoding)
    }
}

impl TryFrom<i32> for UtcOffset {
    type Error = Violation;
    fn try_from(secs: i32) -> Result<Self, Violation> {
        Self::new(secs)
    }
}

impl From<UtcOffset> for i32 {
    fn from(offset: UtcOffset) -> i32 {
        offset.0
    }
}

/// The presence of a known device.
///
/// ```
/// use rollbook::Presence;
/// let shop = rollbook_testkit::example::shop();
/// assert_eq!(shop.presence(&["watch".parse()?])?, [Some(Presence::Offline)]);
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Seen within the online window.
    Online,
    /// Not online, but seen recently enough to report when.
    LastSeen(Timestamp),
    /// Not online, and last seen too long ago, or never.
    Offline,
}

/// The source of time, and how to wait.
///
/// ```
/// use rollbook::{Clock, SystemClock, Timestamp};
/// use std::time::Duration;
///
/// /// The machine's clock, a day ahead: what has expired tomorrow?
/// struct Tomorrow;
///
/// impl Clock for Tomorrow {
///     fn now(&self) -> Timestamp {
///         SystemClock.now().plus(86_400)
///     }
///     fn pause(&self, how_long: Duration) {
///         SystemClock.pause(how_long);
///     }
/// }
/// assert!(Tomorrow.now() > SystemClock.now());
/// ```
pub trait Clock: Send + Sync + 'static {
    /// Returns the current time.
    fn now(&self) -> Timestamp;
    /// Waits before a write is planned again.
    fn pause(&self, how_long: Duration);
}

/// The clock of the machine, for programs.
///
/// ```
/// use rollbook::{Clock, SystemClock, Timestamp};
/// assert!(SystemClock.now() > Timestamp::from_secs(1_700_000_000));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that may ask the machine for the time")]
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }

    #[allow(clippy::disallowed_methods, reason = "the one place that may wait")]
    fn pause(&self, how_long: Duration) {
        std::thread::sleep(how_long);
    }
}

/// A clock that stands still until it is set, for tests. It never waits.
///
/// ```
/// use rollbook::{Clock, ManualClock, Timestamp};
/// let clock = ManualClock::at(Timestamp::from_secs(100));
/// clock.advance(600);
/// assert_eq!(clock.now(), Timestamp::from_secs(700));
/// ```
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Creates a clock that shows `now`.
    ///
    /// ```
    /// use rollbook::{Clock, ManualClock, Timestamp};
    /// let clock = ManualClock::at(Timestamp::from_secs(1_700_000_000));
    /// assert_eq!(clock.now().secs(), 1_700_000_000);
    /// ```
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        ManualClock(AtomicI64::new(now.0))
    }

    /// Sets the time, forwards or backwards.
    ///
    /// ```
    /// use rollbook::{Clock, ManualClock, Timestamp};
    /// let clock = ManualClock::at(Timestamp::from_secs(1_700_000_000));
    /// clock.set(Timestamp::from_secs(1_600_000_000));
    /// assert_eq!(clock.now().secs(), 1_600_000_000);
    /// ```
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::SeqCst);
    }

    /// Moves the time by `secs` seconds.
    ///
    /// ```
    /// use rollbook::{Clock, ManualClock, Timestamp};
    /// let clock = ManualClock::at(Timestamp::from_secs(100));
    /// clock.advance(-40);
    /// clock.advance(600);
    /// assert_eq!(clock.now().secs(), 660);
    /// ```
    pub fn advance(&self, secs: i64) {
        self.0.fetch_add(secs, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }

    fn pause(&self, _how_long: Duration) {}
}

impl<C: Clock> Clock for std::sync::Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn pause(&self, how_long: Duration) {
        (**self).pause(how_long);
    }
}

/// The source of randomness: for salts, generated secrets, and the jitter of retries.
///
/// ```
/// use rollbook::Entropy;
///
/// /// A source that has run dry: whoever needs a salt is told so.
/// struct Dry;
///
/// impl Entropy for Dry {
///     fn fill(&self, _: &mut [u8]) -> bool {
///         false
///     }
/// }
/// assert!(!Dry.fill(&mut [0; 8]));
/// ```
pub trait Entropy: Send + Sync + 'static {
    /// Fills `bytes` with randomness and returns `true`. Returns `false` if the source has none; then `bytes` must
    /// not be used.
    fn fill(&self, bytes: &mut [u8]) -> bool;
}

/// The randomness of the operating system, for programs.
///
/// ```
/// use rollbook::{Entropy, SystemEntropy};
/// let mut salt = [0; 16];
/// assert!(SystemEntropy.fill(&mut salt));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[allow(clippy::disallowed_methods, reason = "the one place that may ask the machine for randomness")]
    fn fill(&self, bytes: &mut [u8]) -> bool {
        getrandom::fill(bytes).is_ok()
    }
}

/// A sequence that is repeatable by its seed, for tests. It must never be used for real secrets.
///
/// ```
/// use rollbook::{Entropy, SeededEntropy};
/// let bytes = |seed| {
///     let mut bytes = [0; 8];
///     SeededEntropy::new(seed).fill(&mut bytes);
///     bytes
/// };
/// assert_eq!(bytes(1), bytes(1));
/// assert_ne!(bytes(1), bytes(2));
/// ```
#[derive(Debug)]
pub struct SeededEntropy(AtomicU64);

impl SeededEntropy {
    /// Creates the sequence of `seed`.
    ///
    /// ```
    /// use rollbook::{Entropy, SeededEntropy};
    /// let entropy = SeededEntropy::new(1);
    /// let (mut first, mut second) = ([0; 8], [0; 8]);
    /// assert!(entropy.fill(&mut first) && entropy.fill(&mut second));
    /// assert_ne!(first, second); // the sequence goes on
    /// ```
    #[must_use]
    pub fn new(seed: u64) -> Self {
        SeededEntropy(AtomicU64::new(seed))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) -> bool {
        for chunk in bytes.chunks_mut(8) {
            // SplitMix64: each draw is one addition and a mix, so the state is one word.
            let mut z = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            let draw = (z ^ (z >> 31)).to_le_bytes();
            for (to, from) in chunk.iter_mut().zip(draw) {
                *to = from;
            }
        }
        true
    }
}
