//! Devices as an app might have them: many people with one device, some with more, tags of very different sizes.

use rollbook::{
    Alias, DeviceId, Entropy, Language, Mobile, Platform, PushToken, Registration, SeededEntropy, TagName,
    UserId, UtcOffset, Violation,
};

/// Platforms with the number of devices of a hundred that are on them.
const PLATFORMS: [(u64, Platform); 8] = [
    (40, Platform::Android),
    (34, Platform::Ios),
    (10, Platform::Huawei),
    (6, Platform::Xiaomi),
    (4, Platform::Harmony),
    (3, Platform::Chrome),
    (2, Platform::Macos),
    (1, Platform::Unknown),
];

/// Tags with the number of devices of a thousand that carry them.
const TAGS: [(u64, &str); 5] = [(500, "news"), (250, "sports"), (80, "muted"), (30, "vip"), (1, "staff")];

/// Languages with a UTC offset that goes with them, in hours.
const PLACES: [(&str, i32); 6] = [("en", 0), ("zh-Hans", 8), ("de", 1), ("es-MX", -6), ("hi", 5), ("ja", 9)];

/// Every device belongs to a city, and the first cities are the largest.
const CITIES: u64 = 300;

/// An endless supply of registrations; equal seeds give equal registrations.
pub(super) struct Population {
    chance: SeededEntropy,
    device: u64,
    person: u64,
    left_of_person: u64,
    claimed: bool,
}

impl Population {
    pub(super) fn new(seed: u64) -> Self {
        // Different from the seed itself, from which the register draws its salts.
        let chance = SeededEntropy::new(seed ^ 0x7061_7261_6465);
        Population { chance, device: 0, person: 0, left_of_person: 0, claimed: false }
    }

    /// Returns a number below `bound`.
    fn below(&self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        self.chance.fill(&mut bytes);
        // The bounds are small, so the bias of the remainder does not matter.
        u64::from_le_bytes(bytes) % bound.max(1)
    }

    fn one_of<'a, T>(&self, choices: &'a [T]) -> Option<&'a T> {
        choices.get(self.below(choices.len() as u64) as usize)
    }

    fn platform(&self) -> Platform {
        let mut ticket = self.below(100);
        for (share, platform) in PLATFORMS {
            if ticket < share {
                return platform;
            }
            ticket -= share;
        }
        Platform::Unknown
    }

    fn tags(&self, platform: Platform) -> Result<Vec<TagName>, Violation> {
        let mut tags = Vec::new();
        for (share, tag) in TAGS {
            if self.below(1_000) < share {
                tags.push(TagName::new(tag)?);
            }
        }
        if platform == Platform::Ios && self.below(10) == 0 {
            tags.push(TagName::new("ios_beta")?);
        }
        let city = self.below(CITIES).min(self.below(CITIES)).min(self.below(CITIES));
        tags.push(TagName::new(format!("city_{city:03}"))?);
        tags.push(TagName::new(format!("version_{}", 10 + self.below(5)))?);
        Ok(tags)
    }

    fn draw(&mut self) -> Result<Registration, Violation> {
        if self.left_of_person == 0 {
            self.person += 1;
            // 1, 1, 1, 2, 2 or 3 devices.
            self.left_of_person = [1, 1, 1, 2, 2].get(self.below(6) as usize).copied().unwrap_or(3);
            // One in four never logs in: an anonymous user for each device.
            self.claimed = self.below(4) > 0;
        }
        self.left_of_person -= 1;
        self.device += 1;
        let platform = self.platform();
        let id = DeviceId::new(format!("device-{:07}", self.device))?;
        let mut registration = Registration::new(id, platform);
        registration.tags = self.tags(platform)?;
        if self.claimed {
            registration.user = Some(UserId::new(format!("user-{:07}", self.person))?);
            registration.alias = Some(Alias::new(format!("person_{:07}", self.person))?);
        }
        if self.below(10) > 0 {
            let (high, low) = (self.below(u64::MAX), self.below(u64::MAX));
            registration.token = Some(PushToken::new(format!("{high:016x}{low:016x}"))?);
        }
        if self.below(5) == 0 {
            registration.mobile = Some(Mobile::new(format!("+86-130{:08}", self.below(100_000_000)))?);
        }
        if let Some((language, hours)) = self.one_of(&PLACES) {
            registration.language = Some(Language::new(*language)?);
            registration.utc_offset = Some(UtcOffset::new(hours * 3_600)?);
        }
        Ok(registration)
    }
}

impl Iterator for Population {
    type Item = Result<Registration, Violation>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.draw())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(seed: u64) -> Vec<Registration> {
        Population::new(seed).take(2_000).collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn the_same_seed_gives_the_same_devices_and_another_gives_others() {
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
    }

    #[test]
    fn every_platform_and_tag_of_the_lists_is_drawn() {
        let devices = drawn(1);
        for (_, platform) in PLATFORMS {
            assert!(devices.iter().any(|device| device.platform == platform), "{platform}");
        }
        for (_, tag) in TAGS {
            assert!(devices.iter().any(|device| device.tags.iter().any(|t| t.as_str() == tag)), "{tag}");
        }
    }
}
