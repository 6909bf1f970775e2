//! Samples are uniform.

use crate::shop::{app, audience, enrol};
use rollbook::Platform;
use std::collections::BTreeMap;

#[test]
fn every_device_is_drawn_as_often_as_any_other() {
    let app = app();
    for n in 0..24 {
        let platform = [Platform::Ios, Platform::Android, Platform::Harmony][n % 7 % 3];
        enrol(&app, &format!("d{n:02}"), platform, if n < 20 { &["a"] } else { &["b"] });
    }
    let asked = audience("a");
    let mut times: BTreeMap<String, f64> = BTreeMap::new();
    let rounds = 4_000;
    for seed in 0..rounds {
        let drawn = app.sample(&asked, 5, seed).unwrap();
        assert_eq!(drawn.len(), 5);
        drawn.iter().for_each(|id| *times.entry(id.to_string()).or_default() += 1.0);
    }
    assert_eq!(times.len(), 20);
    let expected = rounds as f64 * 5.0 / 20.0;
    // Draws without repetition vary less than independent ones, by this factor.
    let narrower = 1.0 - 5.0 / 20.0;
    let chi_square: f64 = times.values().map(|seen| (seen - expected).powi(2) / expected).sum();
    let chi_square = chi_square / narrower * (19.0 / 20.0);
    // 19 degrees of freedom: between these lie all but two in a thousand of correct generators.
    assert!((5.4..43.8).contains(&chi_square), "{chi_square}");
}
