//! One device in one cache line, and the overflow blocks for what does not fit.

use crate::chunked::Slab;
use crate::pack::{self, Form};
use crate::varint::{self, Bytes, Reader};
use rollbook::store::{DeviceRecord, StoreError};
use rollbook::{DeviceId, Language, Mobile, PushToken, Timestamp, UtcOffset, Version};
use smallvec::SmallVec;

/// The overflow blocks of lines.
pub(crate) type Spills = Slab<Box<[u8]>>;

/// The numbers of a device's tags, ascending.
pub(crate) type TagNumbers = SmallVec<[u32; 24]>;

/// The numbers of a device's keys; 0 means none.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyNumbers {
    /// Ascending once the device has them.
    pub(crate) tags: TagNumbers,
    pub(crate) alias: u32,
    pub(crate) owner: u32,
}

const TAIL: usize = 30;
/// The longest id that a line stores unpacked.
const HEAD: usize = 16;

const VACANT: u8 = 0;
const HEX: u8 = 17;
const LOWER_UUID: u8 = 18;
const UPPER_UUID: u8 = 19;
const LONG: u8 = 20;

const FILLED: u8 = 1;
/// UTC offset, time of registration, or both.
const CLOCK: u8 = 2;
const RANK: u8 = 4;
const LANGUAGE: u8 = 8;
const MOBILE: u8 = 16;
const TOKEN: u8 = 32;
const COLD_SPILLED: u8 = 64;
const ALL_SPILLED: u8 = 128;
/// Times of registration near this one take four bytes.
const USUAL_TIME: i64 = 1_760_000_000;
const FIELDS: u8 = FILLED | CLOCK | RANK | LANGUAGE | MOBILE | TOKEN;

/// An id as a line stores and compares it: 16 bytes, how to read them, and the rest of a longer id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PackedId<'a> {
    pub(crate) kind: u8,
    pub(crate) head: [u8; HEAD],
    pub(crate) rest: &'a [u8],
}

impl<'a> PackedId<'a> {
    #[inline]
    pub(crate) fn new(id: &'a str) -> Self {
        let bytes = id.as_bytes();
        if let Some((form, head)) = pack::pack(bytes) {
            let kind = match form {
                Form::Hex => HEX,
                Form::LowerUuid => LOWER_UUID,
                Form::UpperUuid => UPPER_UUID,
            };
            return PackedId { kind, head, rest: &[] };
        }
        if let Some((&head, rest)) = bytes.split_first_chunk()
            && !rest.is_empty()
        {
            return PackedId { kind: LONG, head, rest };
        }
        let mut head = [0; HEAD];
        pack::fill(&mut head, bytes);
        PackedId { kind: bytes.len() as u8, head, rest: &[] }
    }

    /// Returns the bytes of the id as two words, for hashing.
    #[inline]
    pub(crate) fn words(&self) -> (u64, u64) {
        let all = u128::from_le_bytes(self.head);
        (all as u64 ^ u64::from(self.kind) << 56, (all >> 64) as u64)
    }
}

/// One device. The documentation of the crate describes the layout.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub(crate) struct Line {
    head: [u8; HEAD],
    pub(crate) version: Version,
    pub(crate) alias: u32,
    /// In a vacant line, the next vacant one.
    pub(crate) owner: u32,
    kind: u8,
    flags: u8,
    tail: [u8; TAIL],
}

const _: () = assert!(size_of::<Line>() == 64);

/// The fields of a device that a check of membership does not need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Cold<'a> {
    filled: u64,
    utc_offset: Option<i32>,
    registered_at: Option<i64>,
    rank: Option<u32>,
    id_rest: &'a [u8],
    language: Option<&'a [u8]>,
    mobile: Option<&'a [u8]>,
    token: Option<&'a [u8]>,
}

impl<'a> Cold<'a> {
    fn of(record: &'a DeviceRecord, id_rest: &'a [u8], filled: Version) -> Self {
        let DeviceRecord { id: _, token, mobile, language, utc_offset, registered_at, alias_rank } = record;
        Cold {
            filled: filled.0,
            utc_offset: utc_offset.map(UtcOffset::secs),
            registered_at: registered_at.map(Timestamp::secs),
            rank: *alias_rank,
            id_rest,
            language: language.as_ref().map(|text| text.as_str().as_bytes()),
            mobile: mobile.as_ref().map(|text| text.as_str().as_bytes()),
            token: token.as_ref().map(|text| text.as_str().as_bytes()),
        }
    }

    /// Appends the bytes of the fields, and returns the flags of those that are present.
    fn encode(&self, out: &mut Bytes) -> u8 {
        let Cold { filled, utc_offset, registered_at, rank, id_rest, language, mobile, token } = *self;
        let mut flags = 0;
        if filled != 0 {
            flags |= FILLED;
            varint::put(out, filled);
        }
        if utc_offset.is_some() || registered_at.is_some() {
            flags |= CLOCK;
            let (has_offset, has_time) = (utc_offset.is_some(), registered_at.is_some());
            let offset = zigzag(utc_offset.unwrap_or(0).into());
            varint::put(out, offset << 2 | u64::from(has_offset) << 1 | u64::from(has_time));
            if let Some(secs) = registered_at {
                varint::put(out, zigzag(secs.wrapping_sub(USUAL_TIME)));
            }
        }
        if let Some(rank) = rank {
            flags |= RANK;
            varint::put(out, u64::from(rank));
        }
        if !id_rest.is_empty() {
            varint::put_sized(out, id_rest);
        }
        for (field, flag) in [(language, LANGUAGE), (mobile, MOBILE), (token, TOKEN)] {
            if let Some(bytes) = field {
                flags |= flag;
                varint::put_sized(out, bytes);
            }
        }
        flags
    }

    /// Returns the fields, and how many bytes they take.
    fn decode(flags: u8, kind: u8, bytes: &'a [u8]) -> Option<(Self, usize)> {
        let mut reader = Reader(bytes);
        let mut cold = Cold::default();
        if flags & FILLED != 0 {
            cold.filled = reader.number()?;
        }
        if flags & CLOCK != 0 {
            let offset = reader.number()?;
            if offset & 2 != 0 {
                cold.utc_offset = i32::try_from(unzigzag(offset >> 2)).ok();
            }
            if offset & 1 != 0 {
                cold.registered_at = Some(unzigzag(reader.number()?).wrapping_add(USUAL_TIME));
            }
        }
        if flags & RANK != 0 {
            cold.rank = Some(reader.small()?);
        }
        if kind == LONG {
            cold.id_rest = reader.sized()?;
        }
        for (field, flag) in
            [(&mut cold.language, LANGUAGE), (&mut cold.mobile, MOBILE), (&mut cold.token, TOKEN)]
        {
            if flags & flag != 0 {
                *field = Some(reader.sized()?);
            }
        }
        Some((cold, bytes.len() - reader.0.len()))
    }
}

/// Maps small numbers of either sign to small unsigned numbers.
const fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63) as u64
}

const fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

impl Line {
    /// Makes a line without a device; `next` chains the vacant ones.
    pub(crate) const fn vacant(next: u32) -> Self {
        Line {
            head: [0; HEAD],
            version: Version(0),
            alias: 0,
            owner: next,
            kind: VACANT,
            flags: 0,
            tail: [0; TAIL],
        }
    }

    /// Makes the line of a new device. `id` is that of its record.
    pub(crate) fn new(
        record: &DeviceRecord,
        id: &PackedId<'_>,
        keys: &KeyNumbers,
        version: Version,
        filled: Version,
        spills: &mut Spills,
    ) -> Self {
        let mut line = Line { head: id.head, version, kind: id.kind, ..Line::vacant(0) };
        (line.alias, line.owner) = (keys.alias, keys.owner);
        let mut cold = Bytes::new();
        line.flags = Cold::of(record, id.rest, filled).encode(&mut cold);
        line.write(spills, &encoded(&keys.tags), &cold);
        line
    }

    #[inline]
    pub(crate) const fn is_vacant(&self) -> bool {
        self.kind == VACANT
    }

    /// Empties the line; `next` chains the vacant ones.
    pub(crate) fn clear(&mut self, spills: &mut Spills, next: u32) {
        self.unspill(spills);
        *self = Line::vacant(next);
    }

    fn spill(&self) -> Option<u32> {
        let spilled = self.flags & (COLD_SPILLED | ALL_SPILLED) != 0;
        spilled.then(|| self.tail.first_chunk().map(|&bytes| u32::from_le_bytes(bytes))).flatten()
    }

    fn unspill(&mut self, spills: &mut Spills) {
        if let Some(spill) = self.spill() {
            drop(spills.take(spill));
        }
        self.flags &= FIELDS;
    }

    /// Returns the tags and the bytes after them: the cold fields and possibly more, or none of them if they have
    /// overflowed.
    #[inline]
    fn tags_and_rest<'a>(&'a self, spills: &'a Spills) -> Option<(&'a [u8], &'a [u8])> {
        if self.flags & ALL_SPILLED != 0 {
            let mut reader = Reader(spills.get(self.spill()?)?);
            let tags = reader.sized()?;
            return Some((tags, reader.0));
        }
        let skip = if self.flags & COLD_SPILLED == 0 { 0 } else { 4 };
        let (&len, rest) = self.tail.get(skip..)?.split_first()?;
        rest.split_at_checked(usize::from(len))
    }

    fn cold_bytes<'a>(&'a self, spills: &'a Spills) -> Option<&'a [u8]> {
        if self.flags & COLD_SPILLED != 0 {
            return spills.get(self.spill()?).map(|bytes| &**bytes);
        }
        self.tags_and_rest(spills).map(|(_, rest)| rest)
    }

    fn cold<'a>(&'a self, spills: &'a Spills) -> Option<(Cold<'a>, usize)> {
        if self.flags & FIELDS == 0 && self.kind != LONG {
            return Some((Cold::default(), 0));
        }
        Cold::decode(self.flags, self.kind, self.cold_bytes(spills)?)
    }

    /// Writes tags and cold fields to the line. What does not fit goes to an overflow block, the cold fields first,
    /// because checks of membership read the tags.
    fn write(&mut self, spills: &mut Spills, tags: &[u8], cold: &[u8]) {
        self.unspill(spills);
        self.tail = [0; TAIL];
        let mut head = Bytes::new();
        if 1 + tags.len() + cold.len() <= TAIL {
            head.push(tags.len() as u8);
            head.extend_from_slice(tags);
            head.extend_from_slice(cold);
        } else if 5 + tags.len() <= TAIL {
            self.flags |= COLD_SPILLED;
            head.extend_from_slice(&spills.put(cold.into()).to_le_bytes());
            head.push(tags.len() as u8);
            head.extend_from_slice(tags);
        } else {
            self.flags |= ALL_SPILLED;
            let mut all = Bytes::new();
            varint::put_sized(&mut all, tags);
            all.extend_from_slice(cold);
            head.extend_from_slice(&spills.put(all.as_slice().into()).to_le_bytes());
        }
        pack::fill(&mut self.tail, &head);
    }

    /// Returns the version at which the device filled its slot.
    #[inline]
    pub(crate) fn filled(&self, spills: &Spills) -> Version {
        if self.flags & FILLED == 0 {
            return Version(0);
        }
        // The version is the first of the cold fields.
        let stamp = self.cold_bytes(spills).and_then(|bytes| Reader(bytes).number());
        // If the bytes do not decode, the line must not match any place, and no commit has this version.
        Version(stamp.unwrap_or(u64::MAX))
    }

    /// Returns whether this is the device's id.
    #[inline]
    pub(crate) fn is(&self, id: &PackedId<'_>, spills: &Spills) -> bool {
        self.head == id.head && self.kind == id.kind && (id.kind != LONG || self.id_rest(spills) == id.rest)
    }

    fn id_rest<'a>(&'a self, spills: &'a Spills) -> &'a [u8] {
        self.cold(spills).map_or(&[], |(cold, _)| cold.id_rest)
    }

    /// Returns the id in the form that is hashed.
    #[inline]
    pub(crate) fn packed_id<'a>(&'a self, spills: &'a Spills) -> PackedId<'a> {
        let rest = if self.kind == LONG { self.id_rest(spills) } else { &[] };
        PackedId { kind: self.kind, head: self.head, rest }
    }

    /// Calls `with` with the id.
    #[inline]
    pub(crate) fn with_id<R>(&self, spills: &Spills, with: impl FnOnce(&str) -> R) -> Result<R, StoreError> {
        let mut packed = [0; pack::LONGEST];
        let mut long = Bytes::new();
        let bytes = match self.kind {
            HEX => pack::unpack(Form::Hex, &self.head, &mut packed),
            LOWER_UUID => pack::unpack(Form::LowerUuid, &self.head, &mut packed),
            UPPER_UUID => pack::unpack(Form::UpperUuid, &self.head, &mut packed),
            LONG => {
                long.extend_from_slice(&self.head);
                long.extend_from_slice(self.id_rest(spills));
                &long
            }
            len => self.head.get(..usize::from(len)).unwrap_or_default(),
        };
        let text = std::str::from_utf8(bytes).map_err(|_| broken("id"))?;
        Ok(with(text))
    }

    /// Returns the record of the device.
    pub(crate) fn record(&self, spills: &Spills) -> Result<DeviceRecord, StoreError> {
        let (cold, _) = self.cold(spills).ok_or_else(|| broken("fields"))?;
        let id = self.with_id(spills, |text| DeviceId::new(text))?.map_err(|_| broken("id"))?;
        let text = |bytes: &[u8]| std::str::from_utf8(bytes).map(Box::<str>::from).ok();
        let broken_field = |_| broken("fields");
        let mut record = DeviceRecord::new(id);
        record.alias_rank = cold.rank;
        record.utc_offset = cold.utc_offset.map(UtcOffset::new).transpose().map_err(broken_field)?;
        record.registered_at = cold.registered_at.map(Timestamp::from_secs);
        record.language =
            cold.language.and_then(text).map(Language::stored).transpose().map_err(broken_field)?;
        record.mobile = cold.mobile.and_then(text).map(Mobile::stored).transpose().map_err(broken_field)?;
        record.token = cold.token.and_then(text).map(PushToken::new).transpose().map_err(broken_field)?;
        Ok(record)
    }

    /// Replaces the record. Id, the version that filled the slot, and tags stay.
    pub(crate) fn put(&mut self, record: &DeviceRecord, spills: &mut Spills) {
        let filled = self.filled(spills);
        let id = PackedId::new(record.id.as_str());
        let tags = Bytes::from_slice(self.tags_and_rest(spills).map_or(&[], |(tags, _)| tags));
        let mut cold = Bytes::new();
        let fields = Cold::of(record, id.rest, filled).encode(&mut cold);
        self.unspill(spills);
        self.flags = fields;
        self.write(spills, &tags, &cold);
    }

    /// Returns the numbers of the tags, ascending.
    #[inline]
    pub(crate) fn tags<'a>(&'a self, spills: &'a Spills) -> Tags<'a> {
        let bytes = self.tags_and_rest(spills).map_or::<&[u8], _>(&[], |(tags, _)| tags);
        Tags { reader: Reader(bytes), last: 0 }
    }

    /// Replaces the tags by these numbers, which ascend.
    pub(crate) fn set_tags(&mut self, numbers: &[u32], spills: &mut Spills) {
        let tags = encoded(numbers);
        let len = tags.len();
        if self.flags & COLD_SPILLED != 0
            && 5 + len <= TAIL
            && let Some((place, room)) = self.tail.get_mut(4..).and_then(<[u8]>::split_first_mut)
        {
            *place = len as u8;
            pack::fill(room, &tags);
            return;
        }
        let cold_len = self.cold(spills).map_or(0, |(_, len)| len);
        let cold = self.cold_bytes(spills).and_then(|bytes| bytes.get(..cold_len));
        let cold = Bytes::from_slice(cold.unwrap_or_default());
        self.write(spills, &tags, &cold);
    }
}

/// Encodes tags as a line stores them. The numbers ascend.
fn encoded(numbers: &[u32]) -> Bytes {
    let mut tags = Bytes::new();
    let mut last = 0;
    for &number in numbers {
        varint::put(&mut tags, u64::from(number.wrapping_sub(last)));
        last = number;
    }
    tags
}

fn broken(what: &str) -> StoreError {
    StoreError::corrupt(format!("a device's {what} cannot be read"))
}

/// Iterates over the numbers of a device's tags, ascending. Each is stored as its distance from the one before.
#[derive(Debug, Clone)]
pub(crate) struct Tags<'a> {
    reader: Reader<'a>,
    last: u32,
}

impl Iterator for Tags<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        self.last = self.last.wrapping_add(self.reader.number()? as u32);
        Some(self.last)
    }
}

#[cfg(test)]
#[path = "line/tests.rs"]
mod tests;
