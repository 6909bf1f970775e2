//! Operations on events: declare, post, read, purge.

use super::App;
use crate::error::Error;
use crate::live_view::LiveView;
use crate::model::{
    Event, EventCode, EventName, EventPosition, EventQuery, EventScope, EventSeq, EventType, NewEvent, Page,
    Timestamp, UserId,
};
use crate::registry::commit::Planned;
use crate::registry::transaction::Mode;
use crate::registry::verbs::Pending;
use crate::registry::verbs::events;
use crate::store::{
    Deleted, Deletion, Entry, EntryKind, EventRecord, LogIndex, LogRange, Operation, Relation, Store,
    StoreError, StoredEvent, View, WriteSet,
};

/// The number of expired events that one commit erases.
const STEP: u32 = 1_024;

impl<S: Store> App<S> {
    /// Declares an event type, so that events of this name can be posted. Declaring it again changes nothing.
    ///
    /// ```
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// shop.declare_event(&"closed".parse()?)?;
    /// assert_eq!(shop.event_types()?.len(), 2);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Contended`]; [`Error::Store`].
    pub fn declare_event(&self, name: &EventName) -> Result<(), Error> {
        self.scope.write(Mode::Single, |tx| events::declare(tx, name))?;
        Ok(())
    }

    /// Returns the declared event types, in byte order of their names.
    ///
    /// ```
    /// use rollbook_testkit::example::shop;
    ///
    /// assert_eq!(shop().event_types()?[0].name.as_str(), "opened");
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn event_types(&self) -> Result<Vec<EventType>, Error> {
        let live = self.scope.live_view()?;
        let entries = live.raw().entries(EntryKind::EventType, None, usize::MAX);
        let mut types = Vec::new();
        for (entry, _) in entries.map_err(Error::store("list the event types"))? {
            if let Entry::EventType(event_type) = entry {
                types.push(event_type);
            }
        }
        Ok(types)
    }

    /// Posts an event and returns the code that identifies it. Posting the same event twice creates two events.
    ///
    /// ```
    /// use rollbook::{Attributes, NewEvent};
    /// use rollbook_testkit::example::shop;
    ///
    /// let attributes = Attributes::from_iter([("item", "book".into()), ("price", 12.into())]);
    /// let event = NewEvent {
    ///     user: Some("ann".parse()?),
    ///     attributes,
    ///     ..NewEvent::new("opened".parse()?)
    /// };
    /// let code = shop().post_event(&event)?;
    /// assert_eq!(code.to_string().len(), "XXXXX-XXXXX".len());
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// Violations: `event` is not declared, `attributes`, neither a device nor a user is given, or neither is known,
    /// the time is before 1970 or too far ahead ([`Limits::event_ahead_secs`](crate::Limits::event_ahead_secs));
    /// [`Error::Contended`]; [`Error::Store`].
    pub fn post_event(&self, event: &NewEvent) -> Result<EventCode, Error> {
        let (pending, committed) = self.scope.write(Mode::Single, |tx| events::post(tx, event))?;
        let seq = match pending {
            Pending::Posted { nth } => committed.appended.get(nth).copied(),
            _ => None,
        };
        seq.map(|seq| EventCode::of(seq, self.scope.app.code_salt)).ok_or_else(super::batch::mismatched)
    }

    /// Returns one page of history. It contains no events older than the app's retention and no events of deleted
    /// users.
    ///
    /// ```
    /// use rollbook::{EventQuery, EventScope};
    /// use rollbook_testkit::example::shop;
    ///
    /// let of_phone = EventQuery { scope: EventScope::Device("phone".parse()?), ..EventQuery::default() };
    /// let page = shop().events(&of_phone)?;
    /// assert_eq!((page.items.len(), page.next), (1, None));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn events(&self, query: &EventQuery) -> Result<Page<Event, EventPosition>, Error> {
        let EventQuery { scope, from, until, order, after, limit } = query;
        let limit = (*limit).max(1);
        let index = match scope {
            EventScope::All => LogIndex::All,
            EventScope::Device(device) => LogIndex::Device(device),
            EventScope::User(user) => LogIndex::User(user),
            EventScope::Name(name) => LogIndex::Name(name),
        };
        let from = self.horizon().map_or(*from, |horizon| horizon.max(*from));
        let live = self.scope.live_view()?;
        let hidden = Hidden::new(&live)?;
        let mut items: Vec<(Event, EventPosition)> = Vec::new();
        let mut behind = *after;
        loop {
            // One more than the page needs shows whether there is a next page. Hidden events do not count, so reading
            // may take several rounds.
            let wanted = limit.saturating_add(1) - items.len();
            let range = LogRange { index, from, until: *until, order: *order, after: behind, limit: wanted };
            let stored = live.raw().events(&range).map_err(Error::store("read events"))?;
            let read = stored.len();
            behind = stored.last().map(StoredEvent::position);
            for event in stored {
                if !hidden.hides(&live, &event)? {
                    items.push((self.told(event.clone()), event.position()));
                }
            }
            if items.len() > limit {
                items.truncate(limit);
                let next = items.last().map(|(_, position)| *position);
                return Ok(Page { items: items.into_iter().map(|(event, _)| event).collect(), next });
            }
            if read < wanted {
                return Ok(Page { items: items.into_iter().map(|(event, _)| event).collect(), next: None });
            }
        }
    }

    /// Erases the events older than the app's retention, which are invisible already, and returns their number.
    ///
    /// ```
    /// use rollbook::Limits;
    /// use rollbook_testkit::example::registry;
    ///
    /// let registry = registry();
    /// let limits = Limits { event_retention_secs: Some(86_400), ..Limits::default() };
    /// registry.set_limits(&"shop".parse()?, &limits)?;
    /// assert_eq!(registry.app(&"shop".parse()?)?.purge_events()?, 0); // none is a day old
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Contended`]; [`Error::Store`].
    pub fn purge_events(&self) -> Result<u64, Error> {
        self.scope.live_view()?;
        // The view was taken only to report a deleted app, even if there is nothing to erase.
        let Some(before) = self.horizon() else { return Ok(0) };
        let mut erased = 0;
        loop {
            let mut writes = WriteSet::default();
            writes.operations.push(Operation::TrimLog { before, most: STEP });
            let (inner, app) = (&self.scope.inner, self.scope.app.id);
            let plan = || Ok(Planned::Commit((), writes.clone()));
            let ((), committed) = inner.commit_loop("erase expired events", app, plan)?;
            erased += committed.erased_events;
            if committed.erased_events < u64::from(STEP) {
                return Ok(erased);
            }
        }
    }

    /// Returns the earliest time within the app's retention, or `None` if events are kept for ever.
    fn horizon(&self) -> Option<Timestamp> {
        let retention = self.scope.app.limits.event_retention_secs?;
        Some(self.scope.inner.clock.now().plus(-i64::from(retention)))
    }

    fn told(&self, stored: StoredEvent) -> Event {
        let StoredEvent { seq, record: EventRecord { at, name, device, user, attributes } } = stored;
        Event { code: EventCode::of(seq, self.scope.app.code_salt), at, name, device, user, attributes }
    }
}

/// The events of pending deletions that are not erased yet.
struct Hidden {
    deletions: Vec<(u64, UserId, EventSeq)>,
}

impl Hidden {
    fn new<V: View>(live: &LiveView<V>) -> Result<Self, Error> {
        let entries = live.raw().entries(EntryKind::Deletion, None, usize::MAX);
        let user = |(entry, _)| match entry {
            Entry::Deletion(Deletion { number, of: Deleted::User { user, through } }) => {
                Some((number, user, through))
            }
            _ => None,
        };
        let entries = entries.map_err(Error::store("read the deletions under way"))?;
        Ok(Hidden { deletions: entries.into_iter().filter_map(user).collect() })
    }

    fn hides<V: View>(&self, live: &LiveView<V>, event: &StoredEvent) -> Result<bool, Error> {
        if self.deletions.is_empty() {
            return Ok(false);
        }
        let of_user = |(_, user, through): &(u64, UserId, EventSeq)| {
            event.record.user.as_ref() == Some(user) && event.seq <= *through
        };
        if self.deletions.iter().any(of_user) {
            return Ok(true);
        }
        // A deletion also covers events that were posted only with one of the user's devices. Events after `through`
        // are newer than the deletion and stay.
        let Some(device) = &event.record.device else { return Ok(false) };
        let read = || -> Result<bool, StoreError> {
            let Some(place) = live.raw().find(device)? else { return Ok(false) };
            let mut number = None;
            live.raw()
                .keys_of(place.slot, Relation::Deletion, &mut |name| number = name.parse::<u64>().ok())?;
            let through =
                self.deletions.iter().find(|(n, ..)| Some(*n) == number).map(|(.., through)| *through);
            Ok(through.is_some_and(|through| event.seq <= through))
        };
        read().map_err(Error::store("read the deletions under way"))
    }
}
