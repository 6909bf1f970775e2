//! The devices of an app: lines by slot, slots by id, and when each was last seen.

use crate::chunked::{CHUNK, CHUNK_BITS, first_capacity, split};
use crate::line::{KeyNumbers, Line, PackedId, Spills};
use crate::sync::{AtomicI64, OnceLock, Ordering};
use crate::table::Table;
use hashbrown::DefaultHashBuilder;
use roaring::RoaringBitmap;
use rollbook::store::{DeviceRecord, Place, Slot};
use rollbook::{Platform, Timestamp, Version};
use std::hash::BuildHasher;
use std::sync::Arc;

/// A chunk of lines, all of one platform. The number of the chunk and a row in it form a *line number*, which
/// identifies a device of the app in 32 bits.
#[derive(Debug)]
struct Chunk {
    lines: Vec<Line>,
    platform: Platform,
    /// The number of slots of the platform in the chunks before it.
    base: u32,
}

/// The slots of one platform.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shelf {
    chunks: Vec<u32>,
    /// The number of slots that were ever filled.
    pub(crate) len: u32,
    /// The index of the slot that was emptied last, plus one; 0 if there is none. Each vacant line holds the one
    /// before it.
    pub(crate) vacant: u32,
    living: Arc<RoaringBitmap>,
}

/// Seconds by row, or [`NEVER`]. Most apps never use presence, so the array is allocated at the first heartbeat.
type Seen = OnceLock<Box<[AtomicI64]>>;

const NEVER: i64 = i64::MIN;

/// A line that a new device is about to fill.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seat {
    pub(crate) place: Place,
    pub(crate) number: u32,
}

/// The devices of an app.
#[derive(Debug)]
pub(crate) struct Devices {
    chunks: Vec<Chunk>,
    seen: Vec<Seen>,
    shelves: [Shelf; Platform::COUNT],
    ids: Table,
    pub(crate) spills: Spills,
    hasher: DefaultHashBuilder,
    first_ordinal: u32,
}

impl Devices {
    pub(crate) fn new(first_ordinal: u32, hasher: DefaultHashBuilder) -> Self {
        Devices {
            chunks: Vec::new(),
            seen: Vec::new(),
            shelves: Default::default(),
            ids: Table::default(),
            spills: Spills::default(),
            hasher,
            first_ordinal,
        }
    }

    pub(crate) const fn first_ordinal(&self) -> u32 {
        self.first_ordinal
    }

    pub(crate) fn shelf(&self, platform: Platform) -> Option<&Shelf> {
        self.shelves.get(usize::from(platform.number()))
    }

    #[inline]
    fn hash(&self, id: &PackedId<'_>) -> u64 {
        if id.rest.is_empty() {
            self.hasher.hash_one(id.words())
        } else {
            self.hasher.hash_one((id.head, id.rest))
        }
    }

    #[inline]
    pub(crate) fn line(&self, number: u32) -> Option<&Line> {
        let (chunk, row) = split(number);
        self.chunks.get(chunk)?.lines.get(row)
    }

    /// Returns the line, and the blocks into which lines overflow.
    #[inline]
    pub(crate) fn line_mut(&mut self, number: u32) -> Option<(&mut Line, &mut Spills)> {
        let (chunk, row) = split(number);
        Some((self.chunks.get_mut(chunk)?.lines.get_mut(row)?, &mut self.spills))
    }

    /// Returns the slot of a line.
    #[inline]
    pub(crate) fn slot(&self, number: u32) -> Option<Slot> {
        let (chunk, row) = split(number);
        let chunk = self.chunks.get(chunk)?;
        Some(Slot { platform: chunk.platform, ordinal: self.first_ordinal + chunk.base + row as u32 })
    }

    /// Returns the line number of a slot, filled or vacant.
    #[inline]
    fn number(&self, slot: Slot) -> Option<u32> {
        let (chunk, row) = split(slot.ordinal.checked_sub(self.first_ordinal)?);
        let chunk = *self.shelf(slot.platform)?.chunks.get(chunk)?;
        Some(chunk << CHUNK_BITS | row as u32)
    }

    /// Returns the line that fills a slot, with its number.
    #[inline]
    pub(crate) fn at_slot(&self, slot: Slot) -> Option<(u32, &Line)> {
        let number = self.number(slot)?;
        let line = self.line(number)?;
        (!line.is_vacant()).then_some((number, line))
    }

    /// Returns the line that fills a place, with its number.
    #[inline]
    pub(crate) fn at_place(&self, place: Place) -> Option<(u32, &Line)> {
        self.at_slot(place.slot).filter(|(_, line)| line.filled(&self.spills) == place.filled)
    }

    /// Returns the slot that was vacated before this vacant one, in the form of [`Shelf::vacant`].
    pub(crate) fn vacant_under(&self, slot: Slot) -> u32 {
        self.number(slot).and_then(|number| self.line(number)).map_or(0, |line| line.owner)
    }

    /// Returns the line number of an id.
    #[inline]
    pub(crate) fn find(&self, id: &str) -> Option<u32> {
        let id = PackedId::new(id);
        self.ids
            .find(self.hash(&id), |number| self.line(number).is_some_and(|line| line.is(&id, &self.spills)))
    }

    #[inline]
    pub(crate) fn place(&self, number: u32) -> Option<Place> {
        let slot = self.slot(number)?;
        Some(Place { slot, filled: self.line(number)?.filled(&self.spills) })
    }

    /// Returns the ordinals of a platform's devices.
    pub(crate) fn living(&self, platform: Platform) -> Arc<RoaringBitmap> {
        self.shelf(platform).map(|shelf| shelf.living.clone()).unwrap_or_default()
    }

    /// Returns how many more chunks of lines the line numbers allow.
    pub(crate) fn chunks_left(&self) -> u64 {
        // The last chunk is not used, so that every line number is below `u32::MAX`.
        (u64::from(u32::MAX) >> CHUNK_BITS).saturating_sub(self.chunks.len() as u64)
    }

    /// Takes the seat of the next device of a platform: the slot that was emptied last, or else the next unused one.
    /// The caller has made sure that there is one, and must fill it.
    pub(crate) fn seat(&mut self, platform: Platform, version: Version) -> Option<Seat> {
        let (number, filled) = match self.shelf(platform)?.vacant.checked_sub(1) {
            Some(index) => {
                let number = self.number(Slot { platform, ordinal: self.first_ordinal + index })?;
                let below = self.line(number)?.owner;
                self.shelves.get_mut(usize::from(platform.number()))?.vacant = below;
                (number, version)
            }
            None => (self.push(platform)?, Version(0)),
        };
        Some(Seat { place: Place { slot: self.slot(number)?, filled }, number })
    }

    /// Puts a new device, whose id is new, into its seat.
    pub(crate) fn fill(
        &mut self,
        Seat { place: Place { slot, filled }, number }: Seat,
        record: &DeviceRecord,
        keys: &KeyNumbers,
        version: Version,
    ) -> Option<()> {
        let id = PackedId::new(record.id.as_str());
        let (line, spills) = self.line_mut(number)?;
        *line = Line::new(record, &id, keys, version, filled, spills);
        self.ids.insert(self.hash(&id), number);
        self.clear_seen(number);
        let shelf = self.shelves.get_mut(usize::from(slot.platform.number()))?;
        Arc::make_mut(&mut shelf.living).insert(slot.ordinal);
        Some(())
    }

    /// Appends a vacant line to a platform and returns its number.
    fn push(&mut self, platform: Platform) -> Option<u32> {
        let shelf = self.shelves.get_mut(usize::from(platform.number()))?;
        let index = shelf.len;
        let (chunk, row) = split(index);
        if shelf.chunks.len() <= chunk {
            shelf.chunks.push(u32::try_from(self.chunks.len()).ok()?);
            let lines = Vec::with_capacity(first_capacity(chunk));
            self.chunks.push(Chunk { lines, platform, base: index });
            self.seen.push(Seen::new());
        }
        let chunk = *shelf.chunks.get(chunk)?;
        self.chunks.get_mut(chunk as usize)?.lines.push(Line::vacant(0));
        shelf.len += 1;
        Some(chunk << CHUNK_BITS | row as u32)
    }

    /// Empties a line. The device has been unlinked from its keys.
    pub(crate) fn remove(&mut self, number: u32) -> Option<()> {
        let slot = self.slot(number)?;
        let hash = self.hash(&self.line(number)?.packed_id(&self.spills));
        self.ids.remove(hash, number);
        let shelf = self.shelves.get_mut(usize::from(slot.platform.number()))?;
        let below = std::mem::replace(&mut shelf.vacant, slot.ordinal - self.first_ordinal + 1);
        Arc::make_mut(&mut shelf.living).remove(slot.ordinal);
        let (line, spills) = self.line_mut(number)?;
        line.clear(spills, below);
        Some(())
    }

    fn seen(&self, number: u32) -> Option<&AtomicI64> {
        let (chunk, row) = split(number);
        self.seen.get(chunk)?.get()?.get(row)
    }

    fn clear_seen(&self, number: u32) {
        if let Some(seen) = self.seen(number) {
            seen.store(NEVER, Ordering::Relaxed);
        }
    }

    /// Returns when a device was last seen.
    pub(crate) fn last_seen(&self, number: u32) -> Option<Timestamp> {
        let secs = self.seen(number)?.load(Ordering::Relaxed);
        (secs != NEVER).then(|| Timestamp::from_secs(secs))
    }

    /// Notes that a device was seen. The earliest possible instant is stored as the one after it.
    pub(crate) fn touch(&self, number: u32, at: Timestamp) {
        let (chunk, row) = split(number);
        let Some(seen) = self.seen.get(chunk) else { return };
        let rows =
            seen.get_or_init(|| std::iter::repeat_with(|| AtomicI64::new(NEVER)).take(CHUNK).collect());
        if let Some(seen) = rows.get(row) {
            seen.fetch_max(at.secs().max(NEVER + 1), Ordering::Relaxed);
        }
    }

    /// Returns the bytes of lines, of the id table, of overflow blocks, of the sets of all devices, and of presence.
    pub(crate) fn bytes(&self) -> [usize; 5] {
        let lines: usize = self.chunks.iter().map(|chunk| chunk.lines.capacity() * size_of::<Line>()).sum();
        let shelves: usize =
            self.shelves.iter().map(|shelf| shelf.chunks.capacity() * size_of::<u32>()).sum();
        let lines = lines + self.chunks.capacity() * size_of::<Chunk>() + shelves;
        let spilled: usize = self.spills.iter().map(|spill| spill.len()).sum();
        let living = self.shelves.iter().map(|shelf| crate::memory::bitmap(&shelf.living)).sum();
        let rows = self.seen.iter().filter_map(OnceLock::get).map(|rows| rows.len() * size_of::<AtomicI64>());
        let seen = self.seen.capacity() * size_of::<Seen>() + rows.sum::<usize>();
        [lines, self.ids.bytes(), self.spills.bytes() + spilled, living, seen]
    }

    /// Returns how many devices there are.
    pub(crate) fn count(&self) -> u64 {
        self.shelves.iter().map(|shelf| shelf.living.len()).sum()
    }
}
