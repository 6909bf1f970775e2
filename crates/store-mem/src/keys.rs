//! The keys of a relation: a numbered row for each name and platform, and the devices of each.
//!
//! The rows of one name form a chain whose first row holds the name; a table leads from the name to that row. A chain
//! has at most one row per platform, except when two users were condemned under one deletion: their rows stay
//! separate, and together they are the key.

use crate::chunked::{Chunked, Slab};
use crate::row::{Row, Space, State};
use crate::sets::Set;
use crate::table::Table;
use crate::text::Text;
use hashbrown::DefaultHashBuilder;
use roaring::RoaringBitmap;
use rollbook::store::{Posting, Slot};
use rollbook::{Platform, PlatformSet};
use smallvec::SmallVec;
use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::sync::Arc;

/// What a commit did to names, from which the vanished users are found.
#[derive(Debug)]
pub(crate) enum Happened {
    Born(Box<str>),
    Gone(Box<str>),
}

/// The keys of a relation.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// Row 0 is unused, because number 0 means no key.
    rows: Chunked<Row>,
    free: u32,
    sets: Slab<Set>,
    longs: Slab<Box<str>>,
    tables: [Table; 2],
    /// The names in byte order, for the spaces in which a page of names must not cost a scan.
    ordered: [Option<BTreeSet<Box<str>>>; 2],
    hasher: DefaultHashBuilder,
    /// The number of dead rows. While it is 0, no device needs sweeping.
    dead: u32,
    /// Bitmaps to be freed after the lock is released.
    pub(crate) garbage: Vec<Arc<RoaringBitmap>>,
    /// Plain names that came or went, if the commit asks for it.
    pub(crate) happened: SmallVec<[Happened; 1]>,
    pub(crate) note_gone: bool,
    pub(crate) note_born: bool,
}

impl Keys {
    pub(crate) fn new(hasher: DefaultHashBuilder, ordered: [bool; 2]) -> Self {
        let ordered = ordered.map(|ordered| ordered.then(BTreeSet::new));
        Keys { hasher, ordered, ..Keys::default() }
    }

    /// Returns whether devices may hold dead numbers.
    #[inline]
    pub(crate) const fn any_dead(&self) -> bool {
        self.dead > 0
    }

    /// Returns how many more rows fit.
    pub(crate) fn rows_left(&self) -> u64 {
        u64::from(u32::MAX - 1 - self.rows.len().max(self.sets.len()).max(self.longs.len()))
    }

    fn table(&self, space: Space) -> &Table {
        let [plain, deletion] = &self.tables;
        if space == Space::Plain { plain } else { deletion }
    }

    fn table_mut(&mut self, space: Space) -> &mut Table {
        let [plain, deletion] = &mut self.tables;
        if space == Space::Plain { plain } else { deletion }
    }

    fn ordered_mut(&mut self, space: Space) -> Option<&mut BTreeSet<Box<str>>> {
        let [plain, deletion] = &mut self.ordered;
        if space == Space::Plain { plain.as_mut() } else { deletion.as_mut() }
    }

    pub(crate) fn ordered(&self, space: Space) -> Option<&BTreeSet<Box<str>>> {
        let [plain, deletion] = &self.ordered;
        if space == Space::Plain { plain.as_ref() } else { deletion.as_ref() }
    }

    fn hash_text(&self, text: &Text) -> u64 {
        match text.as_long().and_then(|number| self.longs.get(number)) {
            Some(name) => self.hasher.hash_one(&**name),
            None => self.hasher.hash_one(text.words()),
        }
    }

    /// Returns the first row of a name.
    #[inline]
    pub(crate) fn find(&self, space: Space, name: &str) -> Option<u32> {
        if let Some(text) = Text::short(name) {
            let hash = self.hasher.hash_one(text.words());
            return self.table(space).find(hash, |n| self.rows.get(n).is_some_and(|row| row.text == text));
        }
        let long = |n| self.longs.get(self.rows.get(n)?.text.as_long()?).map(|name| &**name);
        self.table(space).find(self.hasher.hash_one(name), |n| long(n) == Some(name))
    }

    /// Iterates over the rows of a name, from its first.
    fn chain(&self, first: u32) -> impl Iterator<Item = (u32, &Row)> {
        let mut next = first;
        std::iter::from_fn(move || {
            let number = next;
            let row = self.rows.get(number).filter(|_| number != 0)?;
            next = row.next;
            Some((number, row))
        })
    }

    /// Returns the row of a name on a platform.
    #[inline]
    pub(crate) fn on(&self, first: u32, platform: Platform) -> Option<u32> {
        self.chain(first).find(|(_, row)| row.is_on(platform)).map(|(number, _)| number)
    }

    /// Returns whether this number is that of a key.
    #[inline]
    pub(crate) fn is_live(&self, number: u32) -> bool {
        number != 0 && self.rows.get(number).is_some_and(Row::is_live)
    }

    /// Returns whether this number is that of a key in a space.
    #[inline]
    pub(crate) fn is_live_in(&self, number: u32, space: Space) -> bool {
        number != 0 && self.rows.get(number).is_some_and(|row| row.is_live() && row.space() == space)
    }

    /// Returns the first row of the name that a live row belongs to.
    #[inline]
    pub(crate) fn first_of(&self, number: u32) -> Option<u32> {
        let row = self.rows.get(number).filter(|row| row.is_live())?;
        Some(row.text.as_link().unwrap_or(number))
    }

    /// Calls `with` with the name of a live row.
    pub(crate) fn with_name<R>(&self, number: u32, with: impl FnOnce(&str) -> R) -> Option<R> {
        let text = &self.rows.get(self.first_of(number)?)?.text;
        match text.as_long() {
            Some(long) => Some(with(self.longs.get(long)?)),
            None => Some(text.with(with)),
        }
    }

    fn row_len(&self, row: &Row) -> u64 {
        match row.state() {
            State::One => 1,
            State::Several => self.sets.get(row.value).map_or(0, |set| u64::from(set.len())),
            State::Dead | State::Free => 0,
        }
    }

    /// Returns the platforms on which a name has devices.
    pub(crate) fn platforms(&self, first: u32) -> PlatformSet {
        self.chain(first).map(|(_, row)| row.platform()).collect()
    }

    /// Returns how many devices a name has on the platforms.
    pub(crate) fn len(&self, first: u32, platforms: PlatformSet) -> u64 {
        self.chain(first)
            .filter(|(_, row)| platforms.contains(row.platform()))
            .map(|(_, row)| self.row_len(row))
            .sum()
    }

    /// Returns the devices of a name on a platform.
    pub(crate) fn posting(&self, first: u32, platform: Platform) -> Posting {
        let row_posting = |row: &Row| match row.state() {
            State::One => Posting::Few(SmallVec::from_slice(&[row.value])),
            State::Several => self.sets.get(row.value).map(Set::posting).unwrap_or_default(),
            State::Dead | State::Free => Posting::default(),
        };
        let mut rows = self.chain(first).map(|(_, row)| row).filter(|row| row.is_on(platform));
        let Some(one) = rows.next() else { return Posting::default() };
        // Only two users that were condemned under one deletion have several rows on a platform.
        let Some(second) = rows.next() else { return row_posting(one) };
        let mut all = RoaringBitmap::new();
        for row in [one, second].into_iter().chain(rows) {
            row_posting(row).union_into(&mut all);
        }
        all.iter().collect()
    }

    /// Iterates over the first rows of all names, in no particular order.
    pub(crate) fn firsts(&self, space: Space) -> impl Iterator<Item = u32> {
        self.table(space).iter()
    }

    /// Makes a row for a name on a platform, with one device. `first` is the name's first row, if it has any. The
    /// caller has made sure that a number is left.
    pub(crate) fn create(&mut self, space: Space, name: &str, first: Option<u32>, slot: Slot) -> u32 {
        let mut row = Row::new(space, slot.platform, State::One, slot.ordinal);
        if let Some(first) = first {
            row.text = Text::link(first);
            // The new row becomes the second of the chain: the first must stay first, because it holds the name.
            row.next = self.rows.get(first).map_or(0, |first| first.next);
            let number = self.put(row);
            if let Some(first) = self.rows.get_mut(first) {
                first.next = number;
            }
            return number;
        }
        let text = Text::short(name).unwrap_or_else(|| Text::long(self.longs.put(name.into())));
        row.text = text;
        let number = self.put(row);
        self.add_name(space, name, &text, number);
        number
    }

    fn put(&mut self, row: Row) -> u32 {
        if self.rows.len() == 0 {
            self.rows.push(Row::new(Space::Plain, Platform::Unknown, State::Free, 0));
        }
        match self.rows.get_mut(self.free).filter(|_| self.free != 0) {
            Some(free) => {
                let number = std::mem::replace(&mut self.free, free.value);
                *free = row;
                number
            }
            None => self.rows.push(row),
        }
    }

    fn add_name(&mut self, space: Space, name: &str, text: &Text, first: u32) {
        let hash = self.hash_text(text);
        self.table_mut(space).insert(hash, first);
        if let Some(ordered) = self.ordered_mut(space) {
            ordered.insert(name.into());
        }
        if space == Space::Plain && self.note_born {
            self.happened.push(Happened::Born(name.into()));
        }
    }

    fn remove_name(&mut self, space: Space, text: &Text, first: u32) {
        let hash = self.hash_text(text);
        self.table_mut(space).remove(hash, first);
        let wanted = self.ordered_mut(space).is_some() || space == Space::Plain && self.note_gone;
        let long = text.as_long().map(|number| self.longs.take(number));
        if !wanted {
            return;
        }
        let name = long.unwrap_or_else(|| text.with(|name| name.into()));
        if let Some(ordered) = self.ordered_mut(space) {
            ordered.remove(&name);
        }
        if space == Space::Plain && self.note_gone {
            self.happened.push(Happened::Gone(name));
        }
    }

    /// Returns whether a live row has this device.
    pub(crate) fn has(&self, number: u32, ordinal: u32) -> bool {
        self.rows.get(number).is_some_and(|row| match row.state() {
            State::One => row.value == ordinal,
            State::Several => self.sets.get(row.value).is_some_and(|set| set.contains(ordinal)),
            State::Dead | State::Free => false,
        })
    }

    /// Adds a device to a live row that does not have it.
    #[inline]
    pub(crate) fn add(&mut self, number: u32, ordinal: u32) {
        let Some(row) = self.rows.get_mut(number) else { return };
        match row.state() {
            State::Several => {
                if let Some(set) = self.sets.get_mut(row.value) {
                    set.insert(ordinal);
                }
            }
            State::One => {
                let set = self.sets.put(Set::of_two(row.value, ordinal));
                row.set(State::Several, set);
            }
            State::Dead | State::Free => {}
        }
    }

    /// Removes a device from the holders of a number. A key without devices is gone; a dead number without holders
    /// becomes free.
    pub(crate) fn release(&mut self, number: u32, ordinal: u32) {
        let Some(row) = self.rows.get_mut(number).filter(|_| number != 0) else { return };
        match row.state() {
            State::Several => {
                let Some(set) = self.sets.get_mut(row.value) else { return };
                set.remove(ordinal);
                if set.len() == 1 {
                    let last = self.sets.take(row.value).posting();
                    last.for_each(|ordinal| row.set(State::One, ordinal));
                }
            }
            State::One => {
                self.unchain(number);
                self.free(number);
            }
            State::Dead if row.value > 1 => row.value -= 1,
            State::Dead => {
                self.dead -= 1;
                self.free(number);
            }
            State::Free => {}
        }
    }

    fn free(&mut self, number: u32) {
        let next = self.free;
        if let Some(row) = self.rows.get_mut(number) {
            *row = Row::new(Space::Plain, Platform::Unknown, State::Free, next);
            self.free = number;
        }
    }

    /// Takes a row out of the chain of its name. A name without rows is gone.
    fn unchain(&mut self, number: u32) {
        let Some(row) = self.rows.get(number).cloned() else { return };
        if let Some(first) = row.text.as_link() {
            let before = self.chain(first).find(|(_, row)| row.next == number).map(|(before, _)| before);
            if let Some(before) = before.and_then(|before| self.rows.get_mut(before)) {
                before.next = row.next;
            }
        } else if row.next == 0 {
            self.remove_name(row.space(), &row.text, number);
        } else {
            // The first row holds the name and is leaving: the second row takes the name, and all others link to it.
            let hash = self.hash_text(&row.text);
            self.table_mut(row.space()).replace(hash, number, row.next);
            self.each_in_chain(row.next, |other, first| {
                other.text = if first { row.text } else { Text::link(row.next) };
            });
        }
    }

    /// Calls `with` with each row of a chain and whether it is the first. Returns the number of the last row.
    fn each_in_chain(&mut self, first: u32, mut with: impl FnMut(&mut Row, bool)) -> u32 {
        let (mut number, mut last) = (first, first);
        while let Some(row) = self.rows.get_mut(number).filter(|_| number != 0) {
            with(row, number == first);
            last = std::mem::replace(&mut number, row.next);
        }
        last
    }

    /// Drops a name on the platforms, in time that does not depend on how many devices hold its numbers.
    pub(crate) fn drop_name(&mut self, first: u32, platforms: PlatformSet) {
        let doomed: SmallVec<[u32; 4]> = self
            .chain(first)
            .filter(|(_, row)| platforms.contains(row.platform()))
            .map(|(number, _)| number)
            .collect();
        for number in doomed {
            self.unchain(number);
            let Some(row) = self.rows.get_mut(number) else { continue };
            let holders = match row.state() {
                State::Several => {
                    let set = self.sets.take(row.value);
                    let holders = set.len();
                    if let Set::Many { ordinals, .. } = set {
                        self.garbage.push(ordinals);
                    }
                    holders
                }
                State::One | State::Dead | State::Free => 1,
            };
            row.text = Text::NONE;
            row.next = 0;
            row.set(State::Dead, holders);
            self.dead += 1;
        }
    }

    /// Renames a plain name to one of the deletions. Every number stays as it is.
    pub(crate) fn condemn(&mut self, first: u32, deletion: &str) {
        let Some(text) = self.rows.get(first).map(|row| row.text) else { return };
        self.remove_name(Space::Plain, &text, first);
        // If the deletion has rows already, the rows of this user are inserted after its first row.
        let under = self.find(Space::Deletion, deletion);
        let name = match under {
            Some(first) => Text::link(first),
            None => Text::short(deletion).unwrap_or(Text::NONE),
        };
        let last = self.each_in_chain(first, |row, is_first| {
            row.condemn();
            if is_first || under.is_some() {
                row.text = name;
            }
        });
        match under {
            None => self.add_name(Space::Deletion, deletion, &name, first),
            Some(under) => {
                let behind =
                    self.rows.get_mut(under).map_or(0, |row| std::mem::replace(&mut row.next, first));
                if let Some(last) = self.rows.get_mut(last) {
                    last.next = behind;
                }
            }
        }
    }

    /// Returns the bytes of rows, names and their tables, and the bytes of sets.
    pub(crate) fn bytes(&self) -> [usize; 2] {
        let longs: usize = self.longs.iter().map(|name| name.len()).sum();
        let names = self.ordered.iter().flatten().flatten();
        // A node of a B-tree is about three quarters full.
        let ordered: usize = names.map(|name| name.len() + size_of::<Box<str>>() * 4 / 3).sum();
        let tables: usize = self.tables.iter().map(Table::bytes).sum();
        let bitmaps = self.sets.iter().map(|set| match set {
            Set::Many { ordinals, .. } => crate::memory::bitmap(ordinals),
            Set::Few { .. } => 0,
        });
        let sets = self.sets.bytes() + bitmaps.sum::<usize>();
        [self.rows.bytes() + self.longs.bytes() + longs + ordered + tables, sets]
    }
}
