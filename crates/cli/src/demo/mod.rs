//! `rollbook demo`: fills a register in memory and asks it questions.
//!
//! - `population`: the devices, drawn from the seed;
//! - `interview`: asks, measures, and keeps questions and results;
//! - `questions`: questions of every kind, topic by topic;
//! - `table`: question, result and time, for a person to read.
//!
//! The clock stands still and all randomness comes from the seed, so the results are the same each time.

mod interview;
mod population;
mod questions;
mod table;

use crate::args::Demo;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Progress;
use crate::register::{Devices, Register};
use crate::store::{Access, StoreChoice};
use interview::{Interview, counted, grouped};
use population::Population;
use rollbook::{AppKey, AppSettings, Audience, Limits, ManualClock, Secret, SeededEntropy, Timestamp};
use std::sync::Arc;

/// The time of the demo: 2026-01-01, 12:00 UTC.
const NOW: Timestamp = Timestamp::from_secs(1_767_268_800);

/// How long the app keeps its events: 30 days.
const RETENTION_SECS: u32 = 30 * 86_400;

/// The register and app to which the questions are put.
pub(crate) struct Stage {
    register: Register,
    app: Devices,
    clock: Arc<ManualClock>,
}

pub(crate) fn run(options: &Demo) -> Result<(), Failure> {
    let clock = Arc::new(ManualClock::at(NOW));
    let register = Register::builder(StoreChoice::Memory.open(Access::Create)?)
        .clock(Arc::clone(&clock))
        .entropy(SeededEntropy::new(options.seed))
        .build();
    let app = register.create_app(&AppKey::new("shop")?, settings()?)?;
    let stage = Stage { register, app, clock };
    let mut interview = Interview::default();
    interview.topic("filling the register");
    fill(&stage, options, &mut interview)?;
    questions::ask_all(&stage, &mut interview)?;

    let mut output = Output::new();
    table::print(interview.rows(), &mut output)?;
    output.finish()
}

fn settings() -> Result<AppSettings, Failure> {
    Ok(AppSettings {
        name: "A shop".into(),
        master_secret: Some(Secret::new("the secret of the shop")?),
        presence: true,
        limits: Limits { event_retention_secs: Some(RETENTION_SECS), ..Limits::default() },
        ..AppSettings::default()
    })
}

fn fill(stage: &Stage, options: &Demo, interview: &mut Interview) -> Result<(), Failure> {
    let total = u64::from(options.devices);
    // The time includes drawing the devices: to draw them before would need their memory twice.
    let question = format!("register {}, one by one", counted(total, "device"));
    interview.ask(
        &question,
        || {
            let mut progress = Progress::of_devices("loading", total);
            for (n, registration) in (1..).zip(Population::new(options.seed).take(options.devices as usize)) {
                stage.app.register(&registration?)?;
                progress.step(n);
            }
            stage.app.count(&Audience::All)
        },
        |count| format!("{} in the register", grouped(*count)),
    )?;
    Ok(())
}
