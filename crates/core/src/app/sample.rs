//! A random sample of the devices of an audience, repeatable by its seed.

use super::App;
use super::cursor::read_ids;
use crate::audience::{Audience, select};
use crate::error::Error;
use crate::model::{DeviceId, PlatformSet};
use crate::store::Store;
use std::collections::BTreeSet;

impl<S: Store> App<S> {
    /// Returns a random sample of `k` devices that the audience selects, or all of them if there are fewer. Every set
    /// of `k` devices is equally likely. The order is that of [`DeviceCursor`](crate::DeviceCursor). The same register
    /// and the same `seed` give the same devices.
    ///
    /// The sample is selected and read from one snapshot, so writers may have to wait while many devices are read.
    ///
    /// ```
    /// use rollbook::{AppKey, AppSettings, Audience, DeviceId, Platform, Registration, Registry};
    /// use rollbook_testkit::ordered::OrderedStore;
    ///
    /// let registry = Registry::builder(OrderedStore::new()).build();
    /// let app = registry.create_app(&AppKey::new("shop")?, AppSettings::default())?;
    /// for n in 0..50 {
    ///     app.register(&Registration::new(DeviceId::new(format!("d{n}"))?, Platform::Ios))?;
    /// }
    /// let some = app.sample(&Audience::All, 5, 1)?;
    /// assert_eq!(some.len(), 5);
    /// assert_eq!(app.sample(&Audience::All, 5, 1)?, some);
    /// assert_eq!(app.sample(&Audience::All, 500, 1)?.len(), 50);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// A violation of `audience` if it is too deep or too large; [`Error::Store`].
    pub fn sample(&self, audience: &Audience, k: usize, seed: u64) -> Result<Vec<DeviceId>, Error> {
        let audience = audience.checked(self.limits())?;
        let live = self.scope.live_view()?;
        let selection = select(&live, audience, PlatformSet::ALL)?;
        let mut ranks = draw(selection.len(), k as u64, seed).into_iter().peekable();
        let (mut devices, mut before) = (Vec::new(), 0_u64);
        for (platform, set) in selection.sets() {
            // The ranks ascend, so each set takes its ranks from the front.
            let mut ordinals = Vec::new();
            while let Some(rank) = ranks.next_if(|rank| *rank < before + set.len()) {
                ordinals.extend(u32::try_from(rank - before).ok().and_then(|rank| set.select(rank)));
            }
            before += set.len();
            let version = selection.version();
            read_ids(live.raw(), *platform, &ordinals, version, |_, id| devices.push(id))?;
        }
        Ok(devices)
    }
}

/// Returns `k` different numbers below `n`, or all of them, in ascending order. Every set is equally likely (Floyd's
/// algorithm).
fn draw(n: u64, k: u64, seed: u64) -> BTreeSet<u64> {
    if k >= n {
        return (0..n).collect();
    }
    let mut chance = Chance(seed);
    let mut drawn = BTreeSet::new();
    for last in n - k..n {
        let one = chance.up_to(last);
        // `last` has not been a candidate in an earlier round, so it cannot be drawn already.
        if !drawn.insert(one) {
            drawn.insert(last);
        }
    }
    drawn
}

/// SplitMix64, a pseudo-random sequence that the seed determines. It is good enough for samples and for nothing else.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number from 0 to `last`, all equally likely. Draws that would favour low numbers are rejected and
    /// repeated.
    fn up_to(&mut self, last: u64) -> u64 {
        let Some(count) = last.checked_add(1) else { return self.next() };
        // Draws from `uneven` on would favour low numbers, because the range is no multiple of `count`.
        let uneven = u64::MAX - u64::MAX % count;
        loop {
            let drawn = self.next();
            if drawn < uneven {
                return drawn % count;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn every_set_of_three_of_seven_is_drawn_as_often() {
        let mut counts: BTreeMap<Vec<u64>, f64> = BTreeMap::new();
        let rounds = 35_000;
        for seed in 0..rounds {
            *counts.entry(draw(7, 3, seed).into_iter().collect()).or_default() += 1.0;
        }
        assert_eq!(counts.len(), 35);
        let expected = rounds as f64 / 35.0;
        let chi_square: f64 = counts.values().map(|seen| (seen - expected).powi(2) / expected).sum();
        // 34 degrees of freedom: one correct generator in a thousand exceeds 65.2.
        assert!(chi_square < 65.2, "{chi_square}");
    }

    #[test]
    fn draws_are_of_the_asked_number_and_in_range() {
        for (n, k) in [(0, 0), (0, 3), (1, 1), (5, 0), (5, 5), (5, 9), (1_000_000_007, 100)] {
            let drawn = draw(n, k, 42);
            assert_eq!(drawn.len() as u64, k.min(n));
            assert!(drawn.iter().all(|one| *one < n));
        }
        assert_eq!(Chance(1).up_to(0), 0);
        Chance(1).up_to(u64::MAX);
    }
}
