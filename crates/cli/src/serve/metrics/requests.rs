//! Requests: how many of which operation, with which outcome, in what time.

use super::Metrics;
use crate::stopwatch::Stopwatch;
use axum::response::Response;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use rollbook_http::{Dropped, Outcome};
use std::sync::Arc;

/// From less than an answer out of memory takes to more than a request may take, in seconds.
const BUCKETS: [f64; 14] =
    [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    operation: &'static str,
    /// The vendor's code; 200 is success.
    code: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Member {
    member: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    operation: &'static str,
}

pub(super) struct Requests {
    answered: Family<Answered, Counter>,
    dropped: Family<Member, Counter>,
    unknown: Family<Asked, Counter>,
    seconds: Family<Asked, Histogram, fn() -> Histogram>,
    under_way: Gauge,
}

impl Requests {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let requests = Requests {
            answered: Family::default(),
            dropped: Family::default(),
            unknown: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            under_way: Gauge::default(),
        };
        registry.register("requests", "Requests that were answered", requests.answered.clone());
        let help = "Members of requests that were dropped so that the device is not lost for them";
        registry.register("dropped_members", help, requests.dropped.clone());
        let help = "Requests of which it is not known whether they were done, among those that were answered";
        registry.register("requests_outcome_unknown", help, requests.unknown.clone());
        let help = "Time from a request's head to its answer";
        registry.register("request_seconds", help, requests.seconds.clone());
        registry.register(
            "requests_under_way",
            "Requests that wait for their answer",
            requests.under_way.clone(),
        );
        requests
    }
}

/// A request that waits for its answer, or whose client has gone.
struct UnderWay<'m>(&'m Gauge);

impl<'m> UnderWay<'m> {
    fn new(gauge: &'m Gauge) -> Self {
        gauge.inc();
        UnderWay(gauge)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Counts what a protocol answers.
pub(in crate::serve) async fn measure<E>(
    metrics: Arc<Metrics>,
    answering: impl Future<Output = Result<Response, E>>,
) -> Result<Response, E> {
    let requests = &metrics.requests;
    let watch = Stopwatch::start();
    let under_way = UnderWay::new(&requests.under_way);
    let response = answering.await?;
    drop(under_way);
    if let Some(&Outcome { operation, code, unknown }) = response.extensions().get() {
        requests.answered.get_or_create(&Answered { operation, code }).inc();
        if unknown {
            requests.unknown.get_or_create(&Asked { operation }).inc();
        }
        requests.seconds.get_or_create(&Asked { operation }).observe(watch.elapsed().as_secs_f64());
    }
    if let Some(Dropped(members)) = response.extensions().get() {
        for &member in members {
            requests.dropped.get_or_create(&Member { member }).inc();
        }
    }
    Ok(response)
}
