//! The devices of a registry, each computed from its number.

use crate::Failure;
use rand::{Rng, RngExt, SeedableRng};
use rand_distr::{Distribution, Zipf};
use rand_xoshiro::SplitMix64;
use rollbook::{
    Alias, DeviceId, Language, Mobile, Platform, Registration, TagName, Timestamp, UserId, UtcOffset,
    Violation,
};

/// The properties of the devices of a [`Workload`].
#[derive(Debug, Clone, PartialEq)]
pub struct WorkloadOptions {
    /// Different seeds give different devices with the same properties.
    pub seed: u64,
    /// The number of tags. The default is 1 000.
    pub tags: u32,
    /// Distinct tags on each device, drawn by Zipf's law. The default is 10.
    pub tags_per_device: u32,
    /// Devices that share an alias; with 0, devices have none. The default is 1.
    pub devices_per_alias: u32,
    /// Devices of one user. The default is 3.
    pub devices_per_user: u32,
    /// Gives devices a language, an offset from UTC and, one in three, a mobile number. The default is `false`.
    pub details: bool,
}

impl Default for WorkloadOptions {
    fn default() -> Self {
        WorkloadOptions {
            seed: 1,
            tags: 1_000,
            tags_per_device: 10,
            devices_per_alias: 1,
            devices_per_user: 3,
            details: false,
        }
    }
}

/// A number of generated devices.
///
/// Numbers below [`Workload::devices`] are the devices of the registry, numbers from there on are devices that can be
/// added. Ids are 32 hexadecimal digits, aliases 15 bytes, users 13, tags 8. Of twenty devices, nine are on iOS, nine
/// on Android and two on Huawei. Those that share a user or an alias are far apart in the order of registration, as
/// in practice.
///
/// ```
/// use rollbook_bench::Workload;
/// # fn main() -> Result<(), rollbook_bench::Failure> {
/// let small = Workload::new(1_000)?;
/// assert_eq!(small.id(7)?, Workload::new(1_000_000)?.id(7)?);
/// assert_eq!(small.registration(7)?.tags.len(), 10);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Workload {
    devices: u32,
    options: WorkloadOptions,
    names: Vec<TagName>,
    tag_ranks: Zipf<f64>,
    device_ranks: Zipf<f64>,
}

/// A permutation of the numbers below `count`: multiplication by a prime shuffles the remainders.
pub(crate) fn scattered(number: u32, count: u32) -> u32 {
    const PRIME: u64 = 2_654_435_761;
    // Below `count`, which is a u32; and the product of two numbers of 32 bits fits one of 64.
    (u64::from(number) * PRIME % u64::from(count.max(1))) as u32
}

impl Workload {
    /// Creates a workload with the default options.
    ///
    /// # Errors
    /// None in practice; names are validated.
    pub fn new(devices: u32) -> Result<Self, Failure> {
        Self::with_options(devices, WorkloadOptions::default())
    }

    /// Creates a workload.
    ///
    /// # Errors
    /// None in practice; names are validated.
    pub fn with_options(devices: u32, options: WorkloadOptions) -> Result<Self, Failure> {
        let names =
            (0..options.tags).map(|n| TagName::new(format!("tag_{n:04}"))).collect::<Result<_, _>>()?;
        let ranks = |count: u32| Zipf::new(f64::from(count.max(1)), 1.0);
        let (tag_ranks, device_ranks) = (ranks(options.tags)?, ranks(devices)?);
        Ok(Workload { devices, options, names, tag_ranks, device_ranks })
    }

    /// Returns the number of devices of the registry.
    #[must_use]
    pub const fn devices(&self) -> u32 {
        self.devices
    }

    /// Returns the properties of the devices.
    #[must_use]
    pub const fn options(&self) -> &WorkloadOptions {
        &self.options
    }

    /// Returns the tags, the most popular first.
    #[must_use]
    pub fn tags(&self) -> &[TagName] {
        &self.names
    }

    /// Draws the rank of a tag: Zipf's law starts at rank 1, the list of tags at 0.
    pub(crate) fn popular_tag(&self, rng: &mut impl Rng) -> u32 {
        self.tag_ranks.sample(rng) as u32 - 1
    }

    /// Draws the rank of a device, from 0.
    pub(crate) fn popular_device(&self, rng: &mut impl Rng) -> u32 {
        self.device_ranks.sample(rng) as u32 - 1
    }

    /// A generator for one aspect of one device, so that what is drawn does not depend on other devices and aspects.
    fn rng(&self, device: u32, aspect: u64) -> SplitMix64 {
        let mixed = SplitMix64::seed_from_u64(u64::from(device)).next_u64();
        SplitMix64::seed_from_u64(self.options.seed ^ aspect << 56 ^ mixed)
    }

    /// Returns the id of a device.
    ///
    /// # Errors
    /// None in practice; ids are validated.
    pub fn id(&self, device: u32) -> Result<DeviceId, Violation> {
        let mut rng = self.rng(device, 1);
        DeviceId::new(format!("{:016x}{:016x}", rng.next_u64(), rng.next_u64()))
    }

    /// Returns the platform of a device.
    #[must_use]
    pub fn platform(&self, device: u32) -> Platform {
        match self.rng(device, 2).random_range(0..20) {
            0..9 => Platform::Ios,
            9..18 => Platform::Android,
            _ => Platform::Huawei,
        }
    }

    /// Returns the distinct ranks of a device's tags in [`Workload::tags`], in the order drawn.
    #[must_use]
    pub fn tags_of(&self, device: u32) -> Vec<u32> {
        let mut rng = self.rng(device, 3);
        let wanted = self.options.tags_per_device.min(self.options.tags) as usize;
        let mut drawn = Vec::with_capacity(wanted);
        while drawn.len() < wanted {
            let tag = self.popular_tag(&mut rng);
            if !drawn.contains(&tag) {
                drawn.push(tag);
            }
        }
        drawn
    }

    /// Returns the tag of a rank; the last tag for a rank beyond it.
    #[must_use]
    pub fn tag(&self, rank: u32) -> Option<&TagName> {
        self.names.get(rank as usize).or(self.names.last())
    }

    /// Divides the devices into groups of this size.
    fn group(&self, device: u32, size: u32) -> u32 {
        let position = if device < self.devices { scattered(device, self.devices) } else { device };
        position / size.max(1)
    }

    /// Returns the alias of a device.
    ///
    /// # Errors
    /// None in practice; aliases are validated.
    pub fn alias(&self, device: u32) -> Result<Option<Alias>, Violation> {
        if self.options.devices_per_alias == 0 {
            return Ok(None);
        }
        let group = self.group(device, self.options.devices_per_alias);
        Alias::new(format!("member_{group:08x}")).map(Some)
    }

    /// Returns the user of a device.
    ///
    /// # Errors
    /// None in practice; users are validated.
    pub fn user(&self, device: u32) -> Result<UserId, Violation> {
        UserId::new(format!("user_{:08x}", self.group(device, self.options.devices_per_user)))
    }

    /// Returns the last heartbeat of a device before `now`: for a third of the devices it is within a minute, for a
    /// third within a day, for a sixth within a month, and a sixth have none.
    #[must_use]
    pub fn seen(&self, device: u32, now: Timestamp) -> Option<Timestamp> {
        let mut rng = self.rng(device, 4);
        let ago: i64 = match rng.random_range(0..6) {
            0 | 1 => rng.random_range(0..60),
            2 | 3 => rng.random_range(3_600..86_400),
            4 => rng.random_range(259_200..2_592_000),
            _ => return None,
        };
        Some(now.plus(-ago))
    }

    /// Returns the registration of a device.
    ///
    /// # Errors
    /// None in practice; names are validated.
    pub fn registration(&self, device: u32) -> Result<Registration, Violation> {
        let mut registration = Registration {
            user: Some(self.user(device)?),
            alias: self.alias(device)?,
            tags: self.tags_of(device).iter().filter_map(|&rank| self.tag(rank)).cloned().collect(),
            ..Registration::new(self.id(device)?, self.platform(device))
        };
        if self.options.details {
            let mut rng = self.rng(device, 5);
            let language = if rng.random_range(0..2) == 0 { "en" } else { "zh-Hans" };
            registration.language = Some(Language::new(language)?);
            registration.utc_offset = Some(UtcOffset::new(rng.random_range(-11..=13) * 3_600)?);
            if rng.random_range(0..3) == 0 {
                let number = rng.random_range(0..100_000_000);
                registration.mobile = Some(Mobile::new(format!("+86-130{number:08}"))?);
            }
        }
        Ok(registration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn all(options: WorkloadOptions, devices: u32) -> Vec<Registration> {
        let workload = Workload::with_options(devices, options).unwrap();
        (0..devices).map(|device| workload.registration(device).unwrap()).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_devices() {
        let options = WorkloadOptions { details: true, ..WorkloadOptions::default() };
        assert_eq!(all(options.clone(), 100), all(options.clone(), 100));
        assert_ne!(all(options.clone(), 100), all(WorkloadOptions { seed: 2, ..options }, 100));
    }

    #[test]
    fn a_device_has_the_promised_id_tags_alias_user_and_platform() {
        let devices = all(WorkloadOptions::default(), 3_000);
        let ids: BTreeSet<_> = devices.iter().map(|d| d.id.clone()).collect();
        assert_eq!(ids.len(), 3_000);
        for device in &devices {
            assert!(
                device.id.as_str().len() == 32 && device.id.as_str().bytes().all(|b| b.is_ascii_hexdigit())
            );
            assert_eq!(device.tags.iter().collect::<BTreeSet<_>>().len(), 10);
        }
        let aliases: BTreeSet<_> = devices.iter().map(|d| d.alias.clone()).collect();
        assert_eq!(aliases.len(), 3_000);
        let mut users = BTreeMap::<_, u32>::new();
        devices.iter().for_each(|d| *users.entry(d.user.clone()).or_default() += 1);
        assert_eq!(users.len(), 1_000);
        assert!(users.values().all(|&devices| devices == 3));
        let huawei = devices.iter().filter(|d| d.platform == Platform::Huawei).count();
        assert!((200..400).contains(&huawei), "{huawei}");
    }

    #[test]
    fn devices_of_a_user_are_far_apart() {
        let workload = Workload::new(10_000).unwrap();
        let first = workload.user(0).unwrap();
        let others: Vec<u32> = (1..10_000).filter(|&d| workload.user(d).unwrap() == first).collect();
        assert!(others.len() == 2 && others.iter().all(|&other| other > 100), "{others:?}");
    }

    #[test]
    fn the_most_popular_tag_is_on_most_devices() {
        let devices = all(WorkloadOptions::default(), 2_000);
        let carriers =
            |tag: &str| devices.iter().filter(|d| d.tags.iter().any(|t| t.as_str() == tag)).count();
        let (first, tenth, last) = (carriers("tag_0000"), carriers("tag_0009"), carriers("tag_0999"));
        assert!(first > 1_200 && (150..450).contains(&tenth) && last < 20, "{first} {tenth} {last}");
    }

    #[test]
    fn a_device_that_is_added_has_a_user_of_its_own() {
        let workload = Workload::new(10).unwrap();
        let known: BTreeSet<_> = (0..10).map(|d| workload.user(d).unwrap()).collect();
        assert!(!known.contains(&workload.user(12).unwrap()));
    }
}
