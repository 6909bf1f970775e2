//! Events: posted, read, erased.

use super::answer::no_code;
use super::refusal::Refusal;
use super::rules::Found;
use super::tenant::{Happened, Tenant};
use rollbook::{
    Event, EventCode, EventOrder, EventQuery, EventScope, EventType, NewEvent, Rule, Timestamp, UtcOffset,
};

impl Tenant {
    pub(super) fn post(&mut self, new: &NewEvent, now: Timestamp) -> Result<EventCode, Refusal> {
        let mut found = Found::default();
        found.attributes(&self.limits, &new.attributes);
        if new.device.is_none() && new.user.is_none() {
            found.add("device or user", None, Rule::Present);
        }
        if !self.limits.declare_on_first_use && !self.types.contains_key(&new.name) {
            found.add("event", None, Rule::Known);
        }
        let device = new.device.as_ref().and_then(|id| self.devices.get(id));
        if device.is_none() && !new.user.as_ref().is_some_and(|user| self.has_user(user)) {
            if new.device.is_some() {
                found.add("device", None, Rule::Known);
            }
            if new.user.is_some() {
                found.add("user", None, Rule::Known);
            }
        }
        let offset = device.and_then(|member| member.utc_offset).unwrap_or(UtcOffset::UTC);
        let current = new.timestamp_current.map(|local| local.plus(-i64::from(offset.secs())));
        let at = new.timestamp_utc.or(current).unwrap_or(now);
        let latest = self.limits.event_ahead_secs.map(|secs| now.plus(i64::from(secs)));
        if new.timestamp_utc.or(current).is_some()
            && latest.is_some_and(|latest| at.secs() < 0 || at > latest)
        {
            let field = if new.timestamp_utc.is_some() { "timestamp_utc" } else { "timestamp_current" };
            found.add(field, None, Rule::Range);
        }
        found.verdict()?;

        self.types.entry(new.name.clone()).or_insert(now);
        let number = self.tick();
        self.events.push(Happened {
            number,
            at,
            name: new.name.clone(),
            device: new.device.clone(),
            user: new.user.clone(),
            attributes: new.attributes.clone(),
        });
        code(number)
    }

    /// Returns every event that the query matches, whatever its page: the position and the page size are left to the
    /// reader.
    pub(super) fn history(&self, query: &EventQuery, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let mut chosen: Vec<&Happened> = self
            .events
            .iter()
            .filter(|event| (query.from..=query.until).contains(&event.at) && self.is_kept(event, now))
            .filter(|event| match &query.scope {
                EventScope::All => true,
                EventScope::Device(id) => event.device.as_ref() == Some(id),
                EventScope::User(user) => event.user.as_ref() == Some(user),
                EventScope::Name(name) => event.name == *name,
            })
            .collect();
        chosen.sort_by_key(|event| (event.at, event.number));
        if query.order == EventOrder::NewestFirst {
            chosen.reverse();
        }
        chosen.into_iter().map(shown).collect()
    }

    /// Events older than the retention are invisible, and erased when they are purged.
    pub(super) fn purge(&mut self, now: Timestamp) -> u64 {
        let before = self.events.len();
        let kept = self.events.iter().filter(|event| self.is_kept(event, now)).cloned().collect();
        self.events = kept;
        (before - self.events.len()) as u64
    }

    fn is_kept(&self, event: &Happened, now: Timestamp) -> bool {
        let age = i128::from(now.secs()) - i128::from(event.at.secs());
        self.limits.event_retention_secs.is_none_or(|most| age <= i128::from(most))
    }

    pub(super) fn declared(&self) -> Vec<EventType> {
        let one = |(name, at): (&_, &_)| EventType { name: Clone::clone(name), declared_at: *at };
        self.types.iter().map(one).collect()
    }
}

fn shown(event: &Happened) -> Result<Event, Refusal> {
    Ok(Event { code: code(event.number)?, ..without_code(event) })
}

/// Returns the event with a code that is the same for all events.
pub(super) fn without_code(event: &Happened) -> Event {
    Event {
        code: no_code(),
        at: event.at,
        name: event.name.clone(),
        device: event.device.clone(),
        user: event.user.clone(),
        attributes: event.attributes.clone(),
    }
}

/// Returns one of the model's own codes: its number in the form of a code.
fn code(number: u64) -> Result<EventCode, Refusal> {
    let text = format!("{:05X}-{:05X}", number >> 20 & 0xF_FFFF, number & 0xF_FFFF);
    text.parse().map_err(|_| Refusal::Failure(format!("the model made no code of {number}")))
}
