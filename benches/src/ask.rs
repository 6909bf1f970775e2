//! Who asks for what.

use crate::workload::scattered;
use crate::{Rng, Workload, Zipf};
use rollbook::{DeviceId, TagName, Violation};

/// How questions spread over devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skew {
    /// Every device alike: the worst for caches.
    Uniform,
    /// By Zipf's law: a few devices are asked for most of the time.
    Zipf,
}

/// Draws questions about the devices of a workload; the same seed draws the same ones.
#[derive(Debug, Clone)]
pub struct Asker<'w> {
    workload: &'w Workload,
    rng: Rng,
    devices: Option<Zipf>,
}

impl<'w> Asker<'w> {
    /// Questions of a seed.
    #[must_use]
    pub fn new(workload: &'w Workload, seed: u64, skew: Skew) -> Self {
        let devices = match skew {
            Skew::Uniform => None,
            Skew::Zipf => Some(Zipf::new(workload.devices(), 1.0)),
        };
        Asker { workload, rng: Rng::new(seed), devices }
    }

    /// The number of a device.
    pub fn device(&mut self) -> u32 {
        let devices = self.workload.devices();
        match &self.devices {
            None => self.rng.below(devices),
            Some(zipf) => {
                // The popular ones are not the first registered.
                scattered(zipf.draw(&mut self.rng), devices)
            }
        }
    }

    /// The id of a device.
    ///
    /// # Errors
    /// None in practice; ids are validated.
    pub fn id(&mut self) -> Result<DeviceId, Violation> {
        let device = self.device();
        self.workload.id(device)
    }

    /// The place of a tag, drawn as devices draw theirs.
    pub fn rank(&mut self) -> u32 {
        self.workload.popularity().draw(&mut self.rng)
    }

    /// A tag, drawn as devices draw theirs.
    ///
    /// # Errors
    /// None in practice; names are validated.
    pub fn tag(&mut self) -> Result<TagName, Violation> {
        let rank = self.rank();
        self.workload.tag(rank).cloned().map_or_else(|| TagName::new("tag"), Ok)
    }

    /// A device and a tag that it does not carry.
    ///
    /// # Errors
    /// None in practice; names are validated.
    pub fn lacking(&mut self) -> Result<(DeviceId, TagName), Violation> {
        loop {
            let (device, rank) = (self.device(), self.rank());
            if !self.workload.tags_of(device).contains(&rank)
                && let Some(tag) = self.workload.tag(rank)
            {
                return Ok((self.workload.id(device)?, tag.clone()));
            }
        }
    }

    /// A number below `bound`.
    pub const fn below(&mut self, bound: u32) -> u32 {
        self.rng.below(bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_asks_the_same_questions() {
        let workload = Workload::new(100).unwrap();
        let asked = |seed| {
            let mut asker = Asker::new(&workload, seed, Skew::Zipf);
            (0..20).map(|_| (asker.id().unwrap(), asker.tag().unwrap())).collect::<Vec<_>>()
        };
        assert_eq!(asked(1), asked(1));
        assert_ne!(asked(1), asked(2));
    }

    #[test]
    fn skewed_questions_are_about_few_devices() {
        let workload = Workload::new(10_000).unwrap();
        let distinct = |skew| {
            let mut asker = Asker::new(&workload, 1, skew);
            (0..2_000).map(|_| asker.device()).collect::<std::collections::BTreeSet<_>>().len()
        };
        assert!(distinct(Skew::Uniform) > 1_700);
        assert!(distinct(Skew::Zipf) < 1_200);
    }

    #[test]
    fn a_tag_that_a_device_lacks_is_not_among_its_tags() {
        let workload = Workload::new(50).unwrap();
        let mut asker = Asker::new(&workload, 1, Skew::Uniform);
        for _ in 0..200 {
            let (id, tag) = asker.lacking().unwrap();
            let device = (0..50).find(|&d| workload.id(d).unwrap() == id).unwrap();
            assert!(!workload.registration(device).unwrap().tags.contains(&tag));
        }
    }
}
