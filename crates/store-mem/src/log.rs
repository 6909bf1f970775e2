//! The log of events, ordered by time, with indexes by device, user and name.

use hashbrown::HashMap;
use rollbook::store::{EventOwner, EventRecord, LogIndex, LogRange, StoreError, StoredEvent};
use rollbook::{EventOrder, EventPosition, EventSeq, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

type Position = (Timestamp, EventSeq);

/// The events of an owner, ordered by time and ordered by number.
#[derive(Debug, Default)]
struct Owned {
    by_time: BTreeSet<Position>,
    by_seq: BTreeMap<EventSeq, Timestamp>,
}

/// The log of an app.
#[derive(Debug, Default)]
pub(crate) struct Log {
    end: EventSeq,
    all: BTreeMap<Position, Box<EventRecord>>,
    by_device: HashMap<String, Owned>,
    by_user: HashMap<String, Owned>,
    by_name: HashMap<String, BTreeSet<Position>>,
}

impl Log {
    pub(crate) const fn end(&self) -> EventSeq {
        self.end
    }

    pub(crate) fn append(&mut self, event: &EventRecord) -> EventSeq {
        self.end.0 += 1;
        let seq = self.end;
        let position = (event.at, seq);
        let owners = [
            (&mut self.by_device, event.device.as_ref().map(|id| id.as_str())),
            (&mut self.by_user, event.user.as_ref().map(|id| id.as_str())),
        ];
        for (index, owner) in owners {
            let Some(owner) = owner else { continue };
            let owned = index.entry_ref(owner).or_default();
            owned.by_time.insert(position);
            owned.by_seq.insert(seq, event.at);
        }
        self.by_name.entry_ref(event.name.as_str()).or_default().insert(position);
        self.all.insert(position, Box::new(event.clone()));
        seq
    }

    /// Erases the first events of an owner, and returns how many.
    pub(crate) fn erase(&mut self, owner: &EventOwner, through: EventSeq, most: u32) -> u64 {
        let owned = match owner {
            EventOwner::Device(id) => self.by_device.get(id.as_str()),
            EventOwner::User(id) => self.by_user.get(id.as_str()),
        };
        let Some(owned) = owned else { return 0 };
        let first = owned.by_seq.range(..=through).take(most as usize);
        let doomed: Vec<Position> = first.map(|(&seq, &at)| (at, seq)).collect();
        self.remove_all(&doomed)
    }

    /// Erases the oldest events before a time, and returns how many.
    pub(crate) fn trim(&mut self, before: Timestamp, most: u32) -> u64 {
        let oldest = self.all.range(..(before, EventSeq(0))).take(most as usize);
        let doomed: Vec<Position> = oldest.map(|(&position, _)| position).collect();
        self.remove_all(&doomed)
    }

    fn remove_all(&mut self, doomed: &[Position]) -> u64 {
        let mut erased = 0;
        for position in doomed {
            let Some(event) = self.all.remove(position) else { continue };
            erased += 1;
            let owners = [
                (&mut self.by_device, event.device.as_ref().map(|id| id.as_str())),
                (&mut self.by_user, event.user.as_ref().map(|id| id.as_str())),
            ];
            for (index, owner) in owners {
                let Some(owner) = owner else { continue };
                if let Some(owned) = index.get_mut(owner) {
                    owned.by_time.remove(position);
                    owned.by_seq.remove(&position.1);
                    if owned.by_seq.is_empty() {
                        index.remove(owner);
                    }
                }
            }
            if let Some(named) = self.by_name.get_mut(event.name.as_str()) {
                named.remove(position);
                if named.is_empty() {
                    self.by_name.remove(event.name.as_str());
                }
            }
        }
        erased
    }

    /// Returns the events of an index in a range.
    pub(crate) fn read(&self, range: &LogRange<'_>) -> Result<Vec<StoredEvent>, StoreError> {
        let LogRange { index, from, until, order, after, limit } = *range;
        let mut low = Bound::Included((from, EventSeq(0)));
        let mut high = Bound::Included((until, EventSeq(u64::MAX)));
        if let Some(EventPosition { at, seq }) = after {
            let after = (at, seq);
            match order {
                EventOrder::OldestFirst if after >= (from, EventSeq(0)) => low = Bound::Excluded(after),
                EventOrder::NewestFirst if after <= (until, EventSeq(u64::MAX)) => {
                    high = Bound::Excluded(after)
                }
                EventOrder::OldestFirst | EventOrder::NewestFirst => {}
            }
        }
        let (Bound::Included(first) | Bound::Excluded(first), Bound::Included(last) | Bound::Excluded(last)) =
            (low, high)
        else {
            return Ok(Vec::new());
        };
        // `BTreeMap::range` panics if the bounds cross, or if both exclude the same position.
        let both_open = matches!((low, high), (Bound::Excluded(_), Bound::Excluded(_)));
        if first > last || first == last && both_open {
            return Ok(Vec::new());
        }
        let bounds = (low, high);
        let index = match index {
            LogIndex::All => {
                let events = self
                    .all
                    .range(bounds)
                    .map(|(&(_, seq), record)| StoredEvent { seq, record: (**record).clone() });
                return Ok(match order {
                    EventOrder::OldestFirst => events.take(limit).collect(),
                    EventOrder::NewestFirst => events.rev().take(limit).collect(),
                });
            }
            LogIndex::Device(id) => self.by_device.get(id.as_str()).map(|owned| &owned.by_time),
            LogIndex::User(id) => self.by_user.get(id.as_str()).map(|owned| &owned.by_time),
            LogIndex::Name(name) => self.by_name.get(name.as_str()),
        };
        let Some(index) = index else { return Ok(Vec::new()) };
        let positions: Vec<&Position> = match order {
            EventOrder::OldestFirst => index.range(bounds).take(limit).collect(),
            EventOrder::NewestFirst => index.range(bounds).rev().take(limit).collect(),
        };
        let event = |position: &Position| match self.all.get(position) {
            Some(record) => Ok(StoredEvent { seq: position.1, record: (**record).clone() }),
            None => Err(StoreError::corrupt("an index of the log names an event that is not there")),
        };
        positions.into_iter().map(event).collect()
    }

    /// Estimates how many bytes the log takes.
    pub(crate) fn bytes(&self) -> usize {
        let position = size_of::<Position>() * 4 / 3;
        let event = |event: &EventRecord| {
            let attributes: usize = event.attributes.iter().map(|(name, _)| name.len() + 96).sum();
            let owners = usize::from(event.device.is_some()) + usize::from(event.user.is_some());
            size_of::<EventRecord>() + 64 + attributes + position * (2 + 2 * owners)
        };
        self.all.values().map(|record| event(record)).sum()
    }
}
