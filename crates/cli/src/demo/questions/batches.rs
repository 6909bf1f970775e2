//! Batches: all of it, nothing of it, or only a dry run.

use super::devices::tags;
use crate::demo::Stage;
use crate::demo::interview::{Interview, counted, listed};
use crate::failure::Failure;
use rollbook::{
    Command, DeviceId, DeviceUpdate, Outcome, Platform, Registration, Subject, TagName, TagsChange,
};

pub(super) fn ask(stage: &Stage, interview: &mut Interview) -> Result<(), Failure> {
    let app = &stage.app;
    let (lamp, nobody) = (DeviceId::new("lamp")?, DeviceId::new("nobody")?);
    let dim = |device: &DeviceId| -> Result<Command, Failure> {
        let tags = TagsChange::Change { add: tags(&["dimmed"])?, remove: vec![] };
        Ok(Command::Update {
            device: device.clone(),
            update: DeviceUpdate { tags, ..DeviceUpdate::default() },
        })
    };
    let register = Command::Register(Registration::new(lamp.clone(), Platform::Quickapp));
    let bad = [
        register.clone(),
        dim(&nobody)?,
        dim(&lamp)?,
        Command::UpdateTag { tag: TagName::new("lit")?, add: vec![lamp.clone(), nobody], remove: vec![] },
    ];
    let good = [register, dim(&lamp)?];
    interview.topic("batches");

    interview.refused("rehearse four operations", || app.dry_run(&bad))?;
    interview.refused("apply them", || app.batch(&bad))?;
    interview.refused("nothing was done: look lamp up", || app.device(&lamp))?;
    interview.order("rehearse the good ones", || app.dry_run(&good))?;
    interview.refused("only a rehearsal: look lamp up", || app.device(&lamp))?;
    interview.ask("apply the good ones", || app.batch(&good), |outcomes| told(outcomes))?;
    interview.ask(
        "look lamp up",
        || app.device(&lamp),
        |device| format!("{}, tags {}", device.platform, listed(&device.tags)),
    )?;
    Ok(())
}

fn told(outcomes: &[Outcome]) -> String {
    let each = outcomes.iter().map(|outcome| match outcome {
        Outcome::Registered(registered) if registered.created => format!("{} created", Subject::Device),
        Outcome::Registered(_) | Outcome::Updated(_) => format!("{} updated", Subject::Device),
        _ => "done".into(),
    });
    format!("{}: {}", counted(outcomes.len() as u64, "operation"), listed(each))
}
