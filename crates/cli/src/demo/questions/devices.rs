//! Devices.

use super::{PHONE, TABLET};
use crate::demo::Stage;
use crate::demo::interview::{Interview, listed};
use crate::failure::Failure;
use rollbook::{
    Alias, Device, DeviceId, DeviceUpdate, Mobile, Platform, PushToken, Registered, Registration, Set,
    TagName, TagsChange, UserId, parse_list,
};

pub(super) fn ask(stage: &Stage, interview: &mut Interview) -> Result<(), Failure> {
    let app = &stage.app;
    let (phone, tablet) = (DeviceId::new(PHONE)?, DeviceId::new(TABLET)?);
    interview.topic("devices");

    let registration = Registration {
        token: Some(PushToken::new("a token")?),
        user: Some(UserId::new("ann")?),
        alias: Some(Alias::new("ann")?),
        tags: tags(&["news", "staff"])?,
        ..Registration::new(phone.clone(), Platform::Ios)
    };
    interview.ask("register ann-phone, user ann", || app.register(&registration), registered)?;
    let registration = Registration::new(tablet.clone(), Platform::Android);
    interview.ask("register ann-tablet, no user", || app.register(&registration), registered)?;
    let registration =
        Registration { user: Some(UserId::new("ann")?), ..Registration::new(tablet.clone(), Platform::Ios) };
    let question = "register it again on ios, user ann";
    interview.ask(question, || app.register(&registration), registered)?;
    let before = interview.ask("look ann-phone up", || app.device(&phone), described)?;
    interview.ask("look the first device up", || app.device(&DeviceId::new("device-0000001")?), described)?;

    let update = DeviceUpdate {
        tags: TagsChange::Change { add: tags(&["vip", "mornings"])?, remove: tags(&["staff"])? },
        mobile: Set::To(Mobile::new("+86-13012345678")?),
        based_on: Some(before.version),
        ..DeviceUpdate::default()
    };
    let question = "update it: tags +vip +mornings -staff, mobile, if unchanged";
    interview.ask(question, || app.update(&phone, &update), |_| "done".into())?;
    interview.refused("the same once more: it has changed", || app.update(&phone, &update))?;
    interview.ask("its tags now", || app.device(&phone), |device| listed(&device.tags))?;
    interview.refused("set its mobile to \"call me\"", || Mobile::new("call me"))?;
    let many = parse_list::<TagName>("tags.add", &["ok".to_owned(), "b c".into(), "long".repeat(20)]);
    let update = DeviceUpdate {
        tags: TagsChange::Change { add: many.map_err(rollbook::Error::from)?, remove: vec![] },
        ..DeviceUpdate::default()
    };
    interview.refused("add tags that the app does not allow", || app.update(&phone, &update))?;
    interview.ask("its tags are as before", || app.device(&phone), |device| listed(&device.tags))?;
    let nobody = DeviceId::new("nobody")?;
    interview.refused("update an unknown device", || app.update(&nobody, &update))?;

    interview.order("unregister ann-phone", || app.unregister(&phone))?;
    interview.ask(
        "does it have a push token?",
        || app.device(&phone),
        |device| if device.token.is_some() { "yes" } else { "no, and all else stays" }.into(),
    )?;
    let spare = Registration::new(DeviceId::new("spare")?, Platform::Harmony);
    app.register(&spare)?;
    let question = "remove a device";
    interview.ask(
        question,
        || app.remove(&spare.id),
        |user| match user {
            Some(user) => format!("done; it was the last of user {user}"),
            None => "done; its user has others".into(),
        },
    )?;
    interview.refused("look it up", || app.device(&spare.id))
}

pub(super) fn tags(names: &[&str]) -> Result<Vec<TagName>, rollbook::Error> {
    Ok(parse_list("tags", names)?)
}

/// Returns what a registration did, in words.
pub(super) fn registered(did: &Registered) -> String {
    let what = if did.created { "created" } else { "updated" };
    match (&did.former_user, did.former_user_vanished) {
        (None, _) => what.into(),
        (Some(user), true) => format!("{what}; it was the last of user {user}"),
        (Some(user), false) => format!("{what}; left user {user}"),
    }
}

fn described(device: &Device) -> String {
    let alias = device.alias.as_ref().map_or("none", Alias::as_str);
    format!(
        "{}, user {}, alias {alias}, tags {}, push token: {}",
        device.platform,
        device.user,
        listed(&device.tags),
        if device.token.is_some() { "yes" } else { "no" },
    )
}
