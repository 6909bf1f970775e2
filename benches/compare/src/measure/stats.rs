//! Medians and the like.

/// Several measurements of one thing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn push(&mut self, sample: f64) {
        self.0.push(sample);
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    /// The sample below or at which this share of all lies (by nearest rank); `None` without samples.
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

/// Steps between a number and its double: a quantile is told to within one of them.
const STEPS: usize = 16;

/// So many measurements that only their distribution is kept.
#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    steps: Vec<usize>,
    len: usize,
    worst: f64,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { steps: vec![0; 64 * STEPS], len: 0, worst: 0.0 }
    }
}

impl Histogram {
    #[inline]
    pub(crate) fn push(&mut self, sample: f64) {
        let step = (sample.max(1.0).log2() * STEPS as f64) as usize;
        if let Some(count) = self.steps.get_mut(step) {
            *count += 1;
        }
        self.len += 1;
        self.worst = self.worst.max(sample);
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn worst(&self) -> Option<f64> {
        (self.len > 0).then_some(self.worst)
    }

    /// The upper end of the step in which this share of all is reached.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let rank = (share * self.len as f64).ceil() as usize;
        let mut below = 0;
        let step = self.steps.iter().position(|count| {
            below += count;
            below >= rank.max(1)
        })?;
        Some(((step + 1) as f64 / STEPS as f64).exp2().min(self.worst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_tells_quantiles_to_within_a_step() {
        let mut delays = Histogram::default();
        assert_eq!((delays.quantile(0.5), delays.worst()), (None, None));
        (1..=10_000).for_each(|n| delays.push(f64::from(n)));
        let near = |share, exact: f64| (delays.quantile(share).unwrap() / exact - 1.0).abs() < 0.05;
        assert!(near(0.5, 5_000.0) && near(0.99, 9_900.0));
        assert_eq!((delays.len(), delays.worst()), (10_000, Some(10_000.0)));
    }

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
