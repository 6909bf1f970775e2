//! Quantiles of a few hundred samples, exactly.

/// Measurements of one quantity.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn push(&mut self, sample: f64) {
        self.0.push(sample);
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the sample at this share of all samples in order, by nearest rank; `None` without samples.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let rank = (share * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.max(1) - 1).copied()
    }

    pub(crate) fn median(&self) -> Option<f64> {
        self.quantile(0.5)
    }

    pub(crate) fn p99(&self) -> Option<f64> {
        self.quantile(0.99)
    }

    pub(crate) fn worst(&self) -> Option<f64> {
        self.quantile(1.0)
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(samples: I) -> Self {
        Samples(samples.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_samples_by_nearest_rank() {
        let samples: Samples = (1..=200).rev().map(f64::from).collect();
        assert_eq!(
            (samples.median(), samples.p99(), samples.worst()),
            (Some(100.0), Some(198.0), Some(200.0))
        );
        assert_eq!(Samples::default().median(), None);
        let one: Samples = [7.0].into_iter().collect();
        assert_eq!((one.median(), one.p99()), (Some(7.0), Some(7.0)));
    }
}
