//! Presence: which devices are online, and when devices were last seen.

use super::PHONE;
use crate::demo::interview::{Interview, listed};
use crate::demo::{NOW, Stage};
use crate::failure::Failure;
use rollbook::{AppKey, AppSettings, DeviceId, Platform, Presence, Registration};

pub(super) fn ask(stage: &Stage, interview: &mut Interview) -> Result<(), Failure> {
    let app = &stage.app;
    let phone = DeviceId::new(PHONE)?;
    let (recent, old, silent) =
        (DeviceId::new("seen-today")?, DeviceId::new("seen-last-week")?, DeviceId::new("never-seen")?);
    for id in [&recent, &old, &silent] {
        app.register(&Registration::new(id.clone(), Platform::Unknown))?;
    }
    interview.topic("presence");

    interview.order("ann-phone is seen now", || app.touch(std::slice::from_ref(&phone)))?;
    let earlier = [(recent.clone(), NOW.plus(-3_600)), (old.clone(), NOW.plus(-7 * 86_400))];
    interview.order("two others were seen before", || app.touch_at(&earlier))?;
    let strangers = [(DeviceId::new("stranger-1")?, NOW)];
    interview.refused("a stranger is seen", || app.touch_at(&strangers))?;
    let asked = [phone.clone(), recent, old, silent, DeviceId::new("stranger-1")?];
    let question = "who of five is online?";
    let told = |answers: &Vec<Option<Presence>>| {
        listed(asked.iter().zip(answers).map(|(id, presence)| format!("{id} {}", in_words(*presence))))
    };
    interview.ask(question, || app.presence(&asked), told)?;
    stage.clock.advance(601);
    let alone = std::slice::from_ref(&phone);
    let question = "eleven minutes later, is ann-phone?";
    interview.ask(
        question,
        || app.presence(alone),
        |answers| listed(answers.iter().map(|presence| in_words(*presence))),
    )?;
    stage.clock.set(NOW);
    let kept = || app.last_seen(&phone);
    interview.ask("when was it seen?", kept, |at| listed(at.iter()))?;
    interview.refused("who of nobody is online?", || app.presence(&[]))?;
    let other = stage.register.create_app(&AppKey::new("kiosk")?, AppSettings::default())?;
    interview.refused("ask in an app that may not", || other.presence(alone))
}

fn in_words(presence: Option<Presence>) -> String {
    match presence {
        Some(Presence::Online) => "online".into(),
        Some(Presence::LastSeen(at)) => format!("last seen {at}"),
        Some(Presence::Offline) => "offline".into(),
        None => "unknown".into(),
    }
}
