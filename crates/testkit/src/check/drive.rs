//! Performs each step by calling the register's own verb.

use super::pages::{Malformed, all_pages};
use crate::op::{Op, Settings};
use crate::oracle::{Answer, Answered, Refusal};
use rollbook::store::Store;
use rollbook::{
    App, AppKey, AppSettings, Command, DeviceId, EventOrder, EventQuery, ManualClock, Outcome, Registry,
    Secret, Version,
};

/// What a register returned, and what is wrong with the form of it.
pub(super) struct Told {
    pub(super) answer: Answered,
    pub(super) remark: Option<String>,
}

impl From<Answered> for Told {
    fn from(answer: Answered) -> Self {
        Told { answer, remark: None }
    }
}

/// Why there is no result: the register refuses, or its pages are malformed.
#[derive(Debug)]
pub(crate) enum Unanswered {
    Refused(rollbook::Error),
    Malformed(String),
}

impl From<rollbook::Error> for Unanswered {
    fn from(error: rollbook::Error) -> Self {
        Unanswered::Refused(error)
    }
}

impl From<rollbook::Violation> for Unanswered {
    fn from(violation: rollbook::Violation) -> Self {
        Unanswered::Refused(violation.into())
    }
}

impl From<Malformed> for Unanswered {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::Refused(error) => Unanswered::Refused(error),
            Malformed::Pages(what) => Unanswered::Malformed(what),
        }
    }
}

/// Calls the verb.
pub(super) fn perform<S: Store>(registry: &Registry<S>, clock: &ManualClock, op: &Op) -> Told {
    match call(registry, clock, op) {
        Ok(answer) => Ok(answer).into(),
        Err(Unanswered::Refused(error)) => Err(Refusal::from(error)).into(),
        Err(Unanswered::Malformed(what)) => {
            Told { answer: Err(Refusal::Failure(what.clone())), remark: Some(what) }
        }
    }
}

/// Returns the verb's own result, or its own error.
pub(crate) fn call<S: Store>(
    registry: &Registry<S>,
    clock: &ManualClock,
    op: &Op,
) -> Result<Answer, Unanswered> {
    match op {
        Op::CreateApp { app, settings } => registry.create_app(app, with_secrets(settings)?).map(drop)?,
        Op::DeleteApp(app) => registry.delete_app(app)?,
        Op::RenameApp { app, name } => registry.rename_app(app, name)?,
        Op::SetLimits { app, limits } => registry.set_limits(app, limits)?,
        Op::SetPresence { app, on } => registry.set_presence(app, *on)?,
        Op::SetPolicies { app, policies } => registry.set_policies(app, policies)?,
        Op::SetMaster { app, secret } => {
            let secret = secret.clone().map(Secret::new).transpose()?;
            registry.set_master_secret(app, secret.as_ref())?;
        }
        Op::SetTokens { app, tokens } => registry.set_api_tokens(app, &secrets(tokens)?)?,
        Op::Apps { limit } => {
            let rows = all_pages(*limit, |after: Option<&AppKey>| registry.apps(after, *limit))?;
            return Ok(Answer::Apps(rows));
        }
        Op::ResumeDeletions => return Ok(Answer::Count(registry.resume_deletions()?)),
        Op::MoveClock(secs) => clock.advance(*secs),
        within => {
            let Some(app) = within.app() else { return Ok(Answer::Done) };
            return ask(&registry.app(app)?, within);
        }
    }
    Ok(Answer::Done)
}

fn ask<S: Store>(app: &App<S>, op: &Op) -> Result<Answer, Unanswered> {
    Ok(match op {
        Op::Do(_, command) => Answer::Outcome(run(app, command)?),
        Op::Batch(_, commands) => Answer::Outcomes(app.batch(commands)?),
        Op::DryRun(_, commands) => done(app.dry_run(commands))?,
        Op::Open(_, open) => Answer::Outcome(Outcome::Registered(app.open(open)?)),
        Op::DeviceCalled(_, id) => done(app.device_called(id))?,
        Op::Touch(_, ids) => done(app.touch(ids))?,
        Op::TouchAt(_, sightings) => done(app.touch_at(sightings))?,
        Op::RemoveUnseen(_, before) => {
            let mut removed = app.remove_unseen(*before, usize::MAX)?;
            removed.sort();
            Answer::Devices(removed)
        }
        Op::PurgeEvents(_) => Answer::Count(app.purge_events()?),
        Op::Device(_, id) => Answer::Device(Box::new(app.device(id)?)),
        Op::AliasDevices(_, alias, platforms) => Answer::Devices(app.alias_devices(alias, *platforms)?),
        Op::UserDevices(_, user, platforms) => Answer::Devices(app.user_devices(user, *platforms)?),
        Op::HasTag(_, id, tag) => Answer::Truth(app.has_tag(id, tag)?),
        Op::TagCount(_, tag, platforms) => Answer::Count(app.tag_count(tag, *platforms)?),
        Op::Tags { platforms, limit, .. } => {
            let rows = all_pages(*limit, |after| app.tags(*platforms, after, *limit))?;
            Answer::Tags(rows.into_iter().map(|row| (row.tag, row.devices)).collect())
        }
        Op::TagDevices { tag, platforms, limit, .. } => {
            let page = |after: Option<&_>| app.tag_devices(tag, *platforms, after.copied(), *limit);
            Answer::Selected(all_pages(*limit, page)?)
        }
        Op::Presence(_, ids) => Answer::Presence(app.presence(ids)?),
        Op::EventTypes(_) => Answer::EventTypes(app.event_types()?),
        Op::Events(_, query) => Answer::Events(events(app, query)?),
        Op::Verify { secret, .. } => {
            let secret = Secret::new(secret.clone())?;
            Answer::Verified {
                master: app.verify_master_secret(&secret),
                token: app.verify_api_token(&secret),
            }
        }
        Op::Count(_, audience) => Answer::Count(app.count(audience)?),
        Op::CountByPlatform(_, audience) => Answer::ByPlatform(app.count_by_platform(audience)?),
        Op::Select { audience, limit, .. } => {
            let page = |after: Option<&_>| app.audience(audience, after.copied(), *limit);
            Answer::Selected(all_pages(*limit, page)?)
        }
        Op::Contains(_, audience, id) => Answer::Truth(app.contains(audience, id)?),
        other => return Err(Unanswered::Malformed(format!("no verb of an app: {other:?}"))),
    })
}

/// Runs a command by the verb of the same name.
fn run<S: Store>(app: &App<S>, command: &Command) -> Result<Outcome, rollbook::Error> {
    Ok(match command {
        Command::Register(registration) => Outcome::Registered(app.register(registration)?),
        Command::Unregister(device) => nothing(app.unregister(device))?,
        Command::Remove(device) => Outcome::Removed { vanished_user: app.remove(device)? },
        Command::RemoveBasedOn { device, version } => {
            Outcome::Removed { vanished_user: app.remove_based_on(device, *version)? }
        }
        Command::SignOut(device) => Outcome::SignedOut(app.sign_out(device)?),
        Command::SignOutUser(user) => Outcome::UserSignedOut { devices: app.sign_out_user(user)? },
        Command::Update { device, update } => Outcome::Updated(app.update(device, update)?),
        Command::UnbindAlias { alias, devices } => nothing(app.unbind_alias(alias, devices))?,
        Command::DeleteAlias { alias, platforms } => nothing(app.delete_alias(alias, *platforms))?,
        Command::UpdateTag { tag, add, remove } => nothing(app.update_tag(tag, add, remove))?,
        Command::DeleteTag { tag, platforms } => nothing(app.delete_tag(tag, *platforms))?,
        Command::RegisterUser { device, user, platform, utc_offset } => {
            Outcome::Registered(app.register_user(device, user.as_ref(), *platform, *utc_offset)?)
        }
        Command::DeleteUser(user) => Outcome::UserDeleted(app.delete_user(user)?),
        Command::DeclareEvent(name) => nothing(app.declare_event(name))?,
        Command::PostEvent(event) => Outcome::Posted(app.post_event(event)?),
    })
}

/// Reads every page of events. Each page begins after the row at which the one before ended, in the requested order.
fn events<S: Store>(app: &App<S>, query: &EventQuery) -> Result<Vec<rollbook::Event>, Unanswered> {
    let mut last = None;
    Ok(all_pages(query.limit, |after: Option<&rollbook::EventPosition>| {
        let page = app.events(&EventQuery { after: after.copied(), ..query.clone() })?;
        if let (Some(next), Some(row)) = (page.next, page.items.last()) {
            let onward = match (query.order, last) {
                (_, None) => true,
                (EventOrder::NewestFirst, Some(last)) => next < last,
                (EventOrder::OldestFirst, Some(last)) => next > last,
            };
            last = Some(next);
            if !onward || next.at != row.at {
                return Err(Malformed::Pages(format!("{next:?} is not where the page ended: {row:?}")));
            }
        }
        Ok(page)
    })?)
}

fn done(result: Result<(), rollbook::Error>) -> Result<Answer, rollbook::Error> {
    result.map(|()| Answer::Done)
}

fn nothing(result: Result<(), rollbook::Error>) -> Result<Outcome, rollbook::Error> {
    result.map(|()| Outcome::Done)
}

fn secrets(texts: &[String]) -> Result<Vec<Secret>, rollbook::Violation> {
    texts.iter().map(|text| Secret::new(text.clone())).collect()
}

fn with_secrets(settings: &Settings) -> Result<AppSettings, rollbook::Violation> {
    Ok(AppSettings {
        name: settings.name.clone(),
        master_secret: settings.master.clone().map(Secret::new).transpose()?,
        api_tokens: secrets(&settings.tokens)?,
        presence: settings.presence,
        limits: settings.limits.clone(),
        policies: settings.policies.clone(),
    })
}

/// Returns the version of a device, if there is one.
pub(super) fn version<S: Store>(registry: &Registry<S>, app: &AppKey, id: &DeviceId) -> Option<Version> {
    Some(registry.app(app).ok()?.device(id).ok()?.version)
}
