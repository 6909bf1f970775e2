//! Users: the people behind devices.

use super::devices::registered;
use super::{PHONE, TABLET};
use crate::demo::Stage;
use crate::demo::interview::{Interview, counted, listed};
use crate::failure::Failure;
use rollbook::{DeletedUser, DeviceId, Platform, PlatformSet, UserId, UtcOffset};

pub(super) fn ask(stage: &Stage, interview: &mut Interview) -> Result<(), Failure> {
    let app = &stage.app;
    let (ann, bob) = (UserId::new("ann")?, UserId::new("bob")?);
    let (phone, tablet, watch) = (DeviceId::new(PHONE)?, DeviceId::new(TABLET)?, DeviceId::new("bob-watch")?);
    interview.topic("users");

    let of = |user: &UserId| app.user_devices(user, PlatformSet::ALL);
    interview.ask("the devices of user ann", || of(&ann), |ids| listed(ids))?;
    let question = "register user bob on a new device, UTC+8";
    let make = || app.register_user(&watch, Some(&bob), Some(Platform::Harmony), Some(UtcOffset::BEIJING));
    interview.ask(question, make, registered)?;
    let hand_over = |device| {
        let bob = &bob;
        move || app.register_user(device, Some(bob), None, None)
    };
    interview.ask("ann-tablet goes to bob", hand_over(&tablet), registered)?;
    interview.ask("ann-phone goes to bob", hand_over(&phone), registered)?;
    let question = "nobody is logged in on ann-phone";
    interview.ask(question, || app.register_user(&phone, None, None, None), registered)?;
    interview.ask("the devices of user bob", || of(&bob), |ids| listed(ids))?;
    let removed = |devices: &u64| format!("{} removed", counted(*devices, "device"));
    let deleted = |gone: &DeletedUser| {
        format!("{} and {} removed", counted(gone.devices, "device"), counted(gone.events, "event"))
    };
    interview.ask("delete user bob", || app.delete_user(&bob), deleted)?;
    interview.refused("look bob-watch up", || app.device(&watch))?;
    interview.ask("delete user bob again", || app.delete_user(&bob), deleted)?;
    let question = "go on with deletions that were interrupted";
    interview.ask(question, || stage.register.resume_deletions(), removed)?;
    Ok(())
}
