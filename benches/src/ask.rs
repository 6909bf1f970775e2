//! Random questions about the devices of a workload.

use crate::Workload;
use crate::workload::scattered;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::SplitMix64;
use rollbook::{DeviceId, TagName, Violation};

/// How questions spread over devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skew {
    /// Every device is equally likely, which is the worst case for caches.
    Uniform,
    /// Devices follow Zipf's law: most questions are about a few of them.
    Zipf,
}

/// Draws questions about the devices of a workload. The same seed draws the same questions.
#[derive(Debug, Clone)]
pub struct Asker<'w> {
    workload: &'w Workload,
    rng: SplitMix64,
    skew: Skew,
}

impl<'w> Asker<'w> {
    /// Creates the stream of questions of a seed.
    #[must_use]
    pub fn new(workload: &'w Workload, seed: u64, skew: Skew) -> Self {
        Asker { workload, rng: SplitMix64::seed_from_u64(seed), skew }
    }

    /// Draws the number of a device.
    pub fn device(&mut self) -> u32 {
        let devices = self.workload.devices();
        match self.skew {
            Skew::Uniform => self.below(devices),
            // Scattered, so that the popular devices are not those that registered first.
            Skew::Zipf => scattered(self.workload.popular_device(&mut self.rng), devices),
        }
    }

    /// Draws the id of a device.
    ///
    /// # Errors
    /// None in practice; ids are validated.
    pub fn id(&mut self) -> Result<DeviceId, Violation> {
        let device = self.device();
        self.workload.id(device)
    }

    /// Draws the rank of a tag with the same probabilities as the tags of a device.
    pub fn rank(&mut self) -> u32 {
        self.workload.popular_tag(&mut self.rng)
    }

    /// Draws a tag with the same probabilities as the tags of a device.
    ///
    /// # Errors
    /// None in practice; names are validated.
    pub fn tag(&mut self) -> Result<TagName, Violation> {
        let rank = self.rank();
        self.workload.tag(rank).cloned().map_or_else(|| TagName::new("tag"), Ok)
    }

    /// Draws a device and a tag that the device does not carry.
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

    /// Draws a number below `bound`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        self.rng.random_range(0..bound.max(1))
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
