//! The devices of a register, each worked out from its number.

use crate::{Rng, Zipf};
use rollbook::{
    Alias, DeviceId, Language, Mobile, Platform, Registration, TagName, Timestamp, UserId, UtcOffset,
    Violation,
};

/// What the devices of a [`Workload`] are like.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkloadOptions {
    /// Another seed is another register of the same kind.
    pub seed: u64,
    /// How many tags there are. 1 000.
    pub tags: u32,
    /// Different tags on each device, drawn by Zipf's law. 10.
    pub tags_per_device: u32,
    /// Devices that share an alias: 0 for none. 1.
    pub devices_per_alias: u32,
    /// Devices of one user. 3.
    pub devices_per_user: u32,
    /// Do devices have a language, an offset from UTC and, one in three, a mobile number? No.
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

/// So many made-up devices.
///
/// Numbers below [`Workload::devices`] are the devices of the register, numbers from there on are devices that can be
/// added. Ids are 32 hexadecimal digits, aliases 15 bytes, users 13, tags 8. Of twenty devices, nine are on iOS, nine
/// on Android and two on Huawei. Those that share a user or an alias are far apart in the order of registration, as
/// they are in life.
///
/// ```
/// use rollbook_bench::Workload;
/// # fn main() -> Result<(), rollbook::Violation> {
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
    popularity: Zipf,
}

/// A permutation of the numbers below `count`: multiplying by a prime shuffles the remainders.
pub(crate) fn scattered(number: u32, count: u32) -> u32 {
    const PRIME: u64 = 2_654_435_761;
    // Below `count`, which is a u32; and the product of two numbers of 32 bits fits one of 64.
    (u64::from(number) * PRIME % u64::from(count.max(1))) as u32
}

impl Workload {
    /// So many devices with the default options.
    ///
    /// # Errors
    /// None that these options bring about; names are validated.
    pub fn new(devices: u32) -> Result<Self, Violation> {
        Self::with_options(devices, WorkloadOptions::default())
    }

    /// So many devices with these options.
    ///
    /// # Errors
    /// None in practice; names are validated.
    pub fn with_options(devices: u32, options: WorkloadOptions) -> Result<Self, Violation> {
        let names =
            (0..options.tags).map(|n| TagName::new(format!("tag_{n:04}"))).collect::<Result<_, _>>()?;
        let popularity = Zipf::new(options.tags, 1.0);
        Ok(Workload { devices, options, names, popularity })
    }

    /// How many devices the register has.
    #[must_use]
    pub const fn devices(&self) -> u32 {
        self.devices
    }

    /// What the devices are like.
    #[must_use]
    pub const fn options(&self) -> &WorkloadOptions {
        &self.options
    }

    /// The tags, the most popular first.
    #[must_use]
    pub fn tags(&self) -> &[TagName] {
        &self.names
    }

    /// How popular tags are.
    #[must_use]
    pub const fn popularity(&self) -> &Zipf {
        &self.popularity
    }

    const fn rng(&self, device: u32, aspect: u64) -> Rng {
        Rng::of_item(self.options.seed ^ aspect << 56, device as u64)
    }

    /// The id of a device.
    ///
    /// # Errors
    /// None in practice; ids are validated.
    pub fn id(&self, device: u32) -> Result<DeviceId, Violation> {
        let mut rng = self.rng(device, 1);
        DeviceId::new(format!("{:016x}{:016x}", rng.next_u64(), rng.next_u64()))
    }

    /// The platform of a device.
    #[must_use]
    pub const fn platform(&self, device: u32) -> Platform {
        match self.rng(device, 2).below(20) {
            0..9 => Platform::Ios,
            9..18 => Platform::Android,
            _ => Platform::Huawei,
        }
    }

    /// The places of a device's tags among [`Workload::tags`], all different, in the order drawn.
    #[must_use]
    pub fn tags_of(&self, device: u32) -> Vec<u32> {
        let mut rng = self.rng(device, 3);
        let wanted = self.options.tags_per_device.min(self.options.tags) as usize;
        let mut drawn = Vec::with_capacity(wanted);
        while drawn.len() < wanted {
            let tag = self.popularity.draw(&mut rng);
            if !drawn.contains(&tag) {
                drawn.push(tag);
            }
        }
        drawn
    }

    /// The tag of a rank; the last one for a rank beyond.
    #[must_use]
    pub fn tag(&self, rank: u32) -> Option<&TagName> {
        self.names.get(rank as usize).or(self.names.last())
    }

    /// Deals the devices out to groups of so many.
    fn group(&self, device: u32, size: u32) -> u32 {
        let place = if device < self.devices { scattered(device, self.devices) } else { device };
        place / size.max(1)
    }

    /// The alias of a device.
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

    /// The user of a device.
    ///
    /// # Errors
    /// None in practice; users are validated.
    pub fn user(&self, device: u32) -> Result<UserId, Violation> {
        UserId::new(format!("user_{:08x}", self.group(device, self.options.devices_per_user)))
    }

    /// When a device was last seen before `now`: a third of them within a minute, a third within a day, a sixth within
    /// a month, a sixth never.
    #[must_use]
    pub const fn seen(&self, device: u32, now: Timestamp) -> Option<Timestamp> {
        let mut rng = self.rng(device, 4);
        let ago = match rng.below(6) {
            0 | 1 => rng.below(60),
            2 | 3 => 3_600 + rng.below(82_800),
            4 => 259_200 + rng.below(2_332_800),
            _ => return None,
        };
        Some(now.plus(-(ago as i64)))
    }

    /// What a device registers with.
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
            let language = if rng.below(2) == 0 { "en" } else { "zh-Hans" };
            registration.language = Some(Language::new(language)?);
            registration.utc_offset = Some(UtcOffset::new(rng.below(25).cast_signed() * 3_600 - 39_600)?);
            if rng.below(3) == 0 {
                registration.mobile = Some(Mobile::new(format!("+86-130{:08}", rng.below(100_000_000)))?);
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
    fn a_device_is_what_was_promised() {
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
