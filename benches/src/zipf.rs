//! Zipf's law: few are popular, most are not.

use crate::Rng;

/// Ranks from 0 below `ranks`, where rank k comes up in proportion to 1 / (k + 1)^exponent.
///
/// Drawn by rejection-inversion (Hörmann and Derflinger, 1996): in the same time for a thousand ranks and for ten
/// million, without a table.
#[derive(Debug, Clone)]
pub struct Zipf {
    ranks: u32,
    exponent: f64,
    /// The area under the hat from the first rank to the last.
    from: f64,
    to: f64,
    shortcut: f64,
}

impl Zipf {
    /// The law for so many ranks; at least one.
    #[must_use]
    pub fn new(ranks: u32, exponent: f64) -> Self {
        let mut zipf = Zipf { ranks: ranks.max(1), exponent, from: 0.0, to: 0.0, shortcut: 0.0 };
        zipf.from = zipf.area(1.5) - 1.0;
        zipf.to = zipf.area(f64::from(zipf.ranks) + 0.5);
        zipf.shortcut = 2.0 - zipf.area_inverse(zipf.area(2.5) - zipf.height(2.0));
        zipf
    }

    /// Draws a rank.
    pub fn draw(&self, rng: &mut Rng) -> u32 {
        loop {
            let area = self.to + rng.unit() * (self.from - self.to);
            let x = self.area_inverse(area);
            let rank = (x + 0.5).floor().clamp(1.0, f64::from(self.ranks));
            if rank - x <= self.shortcut || area >= self.area(rank + 0.5) - self.height(rank) {
                return rank as u32 - 1;
            }
        }
    }

    fn height(&self, x: f64) -> f64 {
        (-self.exponent * x.ln()).exp()
    }

    /// The integral of `height`, up to a constant.
    fn area(&self, x: f64) -> f64 {
        let log = x.ln();
        let power = (1.0 - self.exponent) * log;
        // (e^p - 1) / p, which is 1 where p is 0.
        let slope = if power.abs() > 1e-8 { power.exp_m1() / power } else { 1.0 + power / 2.0 };
        slope * log
    }

    fn area_inverse(&self, area: f64) -> f64 {
        let power = (area * (1.0 - self.exponent)).max(-1.0);
        let slope = if power.abs() > 1e-8 { power.ln_1p() / power } else { 1.0 - power / 2.0 };
        (slope * area).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(ranks: u32, exponent: f64, draws: u32) -> Vec<f64> {
        let (zipf, mut rng) = (Zipf::new(ranks, exponent), Rng::new(3));
        let mut counts = vec![0.0; ranks as usize];
        for _ in 0..draws {
            counts[zipf.draw(&mut rng) as usize] += 1.0 / f64::from(draws);
        }
        counts
    }

    #[test]
    fn ranks_come_up_in_proportion() {
        for exponent in [0.7, 1.0, 1.3] {
            let counts = counted(1_000, exponent, 400_000);
            let whole: f64 = (1..=1_000).map(|k| f64::from(k).powf(-exponent)).sum();
            for rank in [0, 1, 2, 9, 99] {
                let expected = f64::from(rank + 1).powf(-exponent) / whole;
                let off = (counts[rank as usize] / expected - 1.0).abs();
                assert!(off < 0.15, "exponent {exponent}, rank {rank}: off by {off}");
            }
        }
    }

    #[test]
    fn one_rank_is_always_drawn() {
        assert!((counted(1, 1.0, 100)[0] - 1.0).abs() < 1e-9);
    }
}
