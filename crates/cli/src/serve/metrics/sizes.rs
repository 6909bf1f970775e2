//! How large the register is, read when it is asked for.

use crate::register::Register;
use crate::serve::store::Stats;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use rollbook::store::{Durability, Store};
use rollbook::{AppKey, Audience, Error};
use std::fmt;

/// So many apps are told one by one, the first by their keys; of more of them only how many they are.
const APPS: usize = 1_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Devices {
    app: String,
    platform: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct About {
    version: &'static str,
    store: &'static str,
    durability: &'static str,
}

/// What was counted.
struct Counted {
    apps: i64,
    /// Of the first apps.
    devices: Vec<(Devices, i64)>,
    /// Apps of which the devices could not be counted, the first of them with the reason.
    failed: Option<(u64, AppKey, Error)>,
}

/// Asks the register.
pub(super) struct Sizes {
    register: Register,
    stats: Stats,
}

impl Sizes {
    pub(super) fn new(register: Register, stats: Stats) -> Self {
        Sizes { register, stats }
    }

    fn count(&self) -> Result<Counted, Error> {
        let mut counted = Counted { apps: 0, devices: Vec::new(), failed: None };
        let mut after = None;
        loop {
            let page = self.register.apps(after.as_ref(), APPS)?;
            if counted.apps == 0 {
                for info in &page.items {
                    self.count_devices(&info.key, &mut counted);
                }
            }
            counted.apps += page.items.len() as i64;
            after = page.next;
            if after.is_none() {
                return Ok(counted);
            }
        }
    }

    /// Counts the devices of one app. An app that fails hides no other.
    fn count_devices(&self, key: &AppKey, counted: &mut Counted) {
        match self.register.app(key).and_then(|app| app.count_by_platform(&Audience::All)) {
            Ok(by_platform) => counted.devices.extend(by_platform.into_iter().map(|(platform, count)| {
                let labels = Devices { app: key.to_string(), platform: platform.name() };
                (labels, i64::try_from(count).unwrap_or(i64::MAX))
            })),
            // Deleted since it was listed.
            Err(Error::NotFound { .. }) => {}
            Err(error) => match &mut counted.failed {
                Some((apps, ..)) => *apps += 1,
                None => counted.failed = Some((1, key.clone(), error)),
            },
        }
    }
}

impl fmt::Debug for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sizes").finish_non_exhaustive()
    }
}

impl Collector for Sizes {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let info = self.register.store().info();
        let durability = match info.durability {
            Durability::Volatile => "volatile",
            Durability::Buffered => "buffered",
            Durability::Synced => "synced",
        };
        let about = About { version: env!("CARGO_PKG_VERSION"), store: info.name, durability };
        let mut told = encoder.encode_descriptor("build_info", "What runs", None, MetricType::Gauge)?;
        ConstGauge::new(1_i64).encode(told.encode_family(&about)?)?;
        match self.count() {
            Ok(Counted { apps, devices, failed }) => {
                if let Some((apps, app, error)) = failed {
                    tracing::error!(apps, %app, %error, "the devices of some apps cannot be counted");
                }
                let told =
                    encoder.encode_descriptor("apps", "Apps in the register", None, MetricType::Gauge)?;
                ConstGauge::new(apps).encode(told)?;
                let help = "Devices of an app";
                let mut told = encoder.encode_descriptor("devices", help, None, MetricType::Gauge)?;
                for (labels, count) in devices {
                    ConstGauge::new(count).encode(told.encode_family(&labels)?)?;
                }
            }
            // What is known is told all the same.
            Err(error) => tracing::error!(%error, "the register cannot be counted"),
        }
        for (name, help, number) in (self.stats)() {
            let name = format!("store_{name}");
            let told = encoder.encode_descriptor(&name, help, None, MetricType::Gauge)?;
            ConstGauge::new(i64::try_from(number).unwrap_or(i64::MAX)).encode(told)?;
        }
        Ok(())
    }
}
