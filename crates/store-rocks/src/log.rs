//! Events: appended, erased by owner in the order of their numbers, trimmed by time.

use crate::draft::{Draft, Logged};
use crate::error::{self, contradiction};
use crate::families::Family;
use crate::keys::{self, EventIndex};
use crate::values;
use rollbook::store::{EventOwner, EventRecord, StoreError};
use rollbook::{EventPosition, EventSeq, Timestamp};
use std::sync::Arc;

/// Returns the index of an owner's events.
pub(crate) fn index_of(owner: &EventOwner) -> EventIndex<'_> {
    match owner {
        EventOwner::Device(id) => EventIndex::Device(id.as_str()),
        EventOwner::User(id) => EventIndex::User(id.as_str()),
    }
}

impl Draft<'_> {
    pub(crate) fn append(&mut self, event: &EventRecord) -> EventSeq {
        self.header.log_end.0 += 1;
        let seq = self.header.log_end;
        let record = Arc::new(event.clone());
        // If the commit is taken back, this remains: an event that is not stored and was erased is not written.
        let absent = Logged { record: record.clone(), stored: false, erased: true };
        let at = EventPosition { at: event.at, seq };
        self.events.set(at, Logged { record, stored: false, erased: false }, absent);
        seq
    }

    /// Erases the first events of an owner, and returns how many.
    pub(crate) fn erase_events(
        &mut self,
        owner: &EventOwner,
        through: EventSeq,
        most: usize,
    ) -> Result<u64, StoreError> {
        let mut found = Vec::new();
        let (app, index) = (self.reads.app, index_of(owner));
        let low = keys::numbered(app, index);
        let high = keys::next(keys::by_number(app, index, through));
        let mut scan = self.reads.scan(Family::EventIndex, &low, &high, false)?;
        while found.len() < most {
            let Some((key, value)) = scan.next()? else { break };
            let parts = keys::seq_in(key).and_then(|seq| Ok((seq, values::decode_time(value)?)));
            let (seq, at) = parts.map_err(error::malformed(Family::EventIndex, key))?;
            found.push(EventPosition { at, seq });
            if self.is_erased(found.last()) {
                found.pop();
            }
        }
        let theirs = |event: &EventRecord| match owner {
            EventOwner::Device(id) => event.device.as_ref() == Some(id),
            EventOwner::User(id) => event.user.as_ref() == Some(id),
        };
        // Every event of the draft has a greater number than every stored one.
        let mut drafted: Vec<EventPosition> = self
            .appended()
            .filter(|(at, event)| at.seq <= through && theirs(event))
            .map(|(at, _)| at)
            .collect();
        drafted.sort_by_key(|at| at.seq);
        found.extend(drafted);
        found.truncate(most);
        self.erase(&found)
    }

    /// Erases the oldest events, and returns how many.
    pub(crate) fn trim(&mut self, before: Timestamp, most: usize) -> Result<u64, StoreError> {
        let mut found = Vec::new();
        let app = self.reads.app;
        let low = keys::of_app(app);
        let high = keys::event(app, EventPosition { at: before, seq: EventSeq(0) });
        let mut scan = self.reads.scan(Family::Event, &low, &high, false)?;
        while found.len() < most {
            let Some((key, _)) = scan.next()? else { break };
            found.push(keys::position_in(key).map_err(error::malformed(Family::Event, key))?);
            if self.is_erased(found.last()) {
                found.pop();
            }
        }
        found.extend(self.appended().map(|(at, _)| at).filter(|at| at.at < before));
        found.sort();
        found.truncate(most);
        self.erase(&found)
    }

    fn is_erased(&self, at: Option<&EventPosition>) -> bool {
        at.and_then(|at| self.events.get(at)).is_some_and(|logged| logged.erased)
    }

    /// The events that this draft has appended and not erased.
    fn appended(&self) -> impl Iterator<Item = (EventPosition, &EventRecord)> {
        let live = self.events.iter().filter(|(_, logged)| !logged.stored && !logged.erased);
        live.map(|(at, logged)| (*at, &*logged.record))
    }

    fn erase(&mut self, events: &[EventPosition]) -> Result<u64, StoreError> {
        for at in events {
            if !self.events.has(at) {
                let Some(record) = self.reads.event(*at)? else {
                    return contradiction("an index of events that names none");
                };
                let record = Arc::new(record);
                self.events.load(*at, Logged { record, stored: true, erased: false });
            }
            if let Some(logged) = self.events.change(at) {
                logged.erased = true;
            }
        }
        Ok(events.len() as u64)
    }
}
