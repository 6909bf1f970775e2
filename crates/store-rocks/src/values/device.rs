//! The record of a device: where it stands, the numbers of its keys, its fields.
//!
//! The numbers come before the fields, so that a look-up of a key reads no further than the numbers.

use super::{Tags, platform_of, start};
use crate::bytes::{Cursor, Decoded, Malformed, put_text, put_varint};
use rollbook::store::{DeviceRecord, Place, Relation, Slot, StoredDevice};
use rollbook::{DeviceId, Language, Mobile, PushToken, Timestamp, UtcOffset, Version};

/// A device with its side of the relations: key numbers, 0 for none. Some may be dead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Device {
    pub(crate) place: Place,
    pub(crate) version: Version,
    pub(crate) alias: u64,
    /// The number of its user, or of the deletion that it waits for.
    pub(crate) owner: u64,
    pub(crate) tags: Tags,
    pub(crate) record: DeviceRecord,
    /// Whether it was inserted by a commit that is not written yet. Not stored.
    pub(crate) fresh: bool,
}

const TOKEN: u8 = 1;
const MOBILE: u8 = 2;
const LANGUAGE: u8 = 4;
const UTC_OFFSET: u8 = 8;
const ALIAS_RANK: u8 = 16;
const REGISTERED_AT: u8 = 32;
const ALL_FIELDS: u8 = 63;

impl Device {
    /// Returns whether the device holds this key number in this relation.
    pub(crate) fn holds(&self, relation: Relation, number: u64) -> bool {
        match relation {
            Relation::Tag => self.tags.contains(number),
            Relation::Alias => self.alias == number,
            Relation::User | Relation::Deletion => self.owner == number,
        }
    }

    pub(crate) fn into_stored(self) -> StoredDevice {
        StoredDevice { place: self.place, version: self.version, record: self.record }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let Device { place, version, alias, owner, tags, record, fresh: _ } = self;
        // The id is not part of the value, because it is the key.
        let DeviceRecord { id: _, token, mobile, language, utc_offset, registered_at, alias_rank } = record;
        let mut out = start();
        out.push(place.slot.platform.number());
        out.extend_from_slice(&place.slot.ordinal.to_le_bytes());
        out.extend_from_slice(&place.filled.0.to_le_bytes());
        out.extend_from_slice(&version.0.to_le_bytes());
        put_varint(&mut out, *alias);
        put_varint(&mut out, *owner);
        put_varint(&mut out, tags.len() as u64);
        let mut before = 0;
        for tag in tags.iter() {
            put_varint(&mut out, tag.wrapping_sub(before));
            before = tag;
        }
        let flag = |is: bool, flag: u8| if is { flag } else { 0 };
        out.push(
            flag(token.is_some(), TOKEN)
                | flag(mobile.is_some(), MOBILE)
                | flag(language.is_some(), LANGUAGE)
                | flag(utc_offset.is_some(), UTC_OFFSET)
                | flag(alias_rank.is_some(), ALIAS_RANK)
                | flag(registered_at.is_some(), REGISTERED_AT),
        );
        token.iter().for_each(|token| put_text(&mut out, token.as_str()));
        mobile.iter().for_each(|mobile| put_text(&mut out, mobile.as_str()));
        language.iter().for_each(|language| put_text(&mut out, language.as_str()));
        utc_offset.iter().for_each(|offset| out.extend_from_slice(&offset.secs().to_le_bytes()));
        alias_rank.iter().for_each(|rank| out.extend_from_slice(&rank.to_le_bytes()));
        registered_at.iter().for_each(|at| out.extend_from_slice(&at.secs().to_le_bytes()));
        out
    }

    pub(crate) fn decode(id: DeviceId, value: &[u8]) -> Decoded<Self> {
        let Holds { place, version, alias, owner, tags, rest: mut cursor } = Holds::decode(value)?;
        let mut all = Vec::new();
        let mut rest = cursor;
        read_tags(&mut rest, tags, |tag| {
            all.push(tag);
            true
        })?;
        cursor = rest;
        let fields = cursor.u8()?;
        if fields & !ALL_FIELDS != 0 {
            return Err(Malformed("unknown fields of a device"));
        }
        let mut text = |flag: u8| (fields & flag != 0).then(|| cursor.text()).transpose();
        let (token, mobile, language) = (text(TOKEN)?, text(MOBILE)?, text(LANGUAGE)?);
        let utc_offset = (fields & UTC_OFFSET != 0).then(|| cursor.i32()).transpose()?;
        let alias_rank = (fields & ALIAS_RANK != 0).then(|| cursor.u32()).transpose()?;
        let registered_at = (fields & REGISTERED_AT != 0).then(|| cursor.i64()).transpose()?;
        cursor.end()?;
        let record = DeviceRecord {
            id,
            token: token.map(PushToken::new).transpose().map_err(|_| Malformed("a token"))?,
            mobile: mobile.map(Mobile::stored).transpose().map_err(|_| Malformed("a mobile number"))?,
            language: language.map(Language::stored).transpose().map_err(|_| Malformed("a language"))?,
            utc_offset: utc_offset.map(UtcOffset::new).transpose().map_err(|_| Malformed("an offset"))?,
            registered_at: registered_at.map(Timestamp::from_secs),
            alias_rank,
        };
        Ok(Device { place, version, alias, owner, tags: all.into(), record, fresh: false })
    }
}

/// The head of a device's record, with all that a look-up of its keys reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holds<'a> {
    pub(crate) place: Place,
    pub(crate) version: Version,
    pub(crate) alias: u64,
    pub(crate) owner: u64,
    /// The number of tags, dead ones included.
    pub(crate) tags: u64,
    rest: Cursor<'a>,
}

impl<'a> Holds<'a> {
    pub(crate) fn decode(value: &'a [u8]) -> Decoded<Self> {
        let mut cursor = Cursor::value(value)?;
        let slot = Slot { platform: platform_of(cursor.u8()?)?, ordinal: cursor.u32()? };
        let place = Place { slot, filled: Version(cursor.u64()?) };
        Ok(Holds {
            place,
            version: Version(cursor.u64()?),
            alias: cursor.varint()?,
            owner: cursor.varint()?,
            tags: cursor.varint()?,
            rest: cursor,
        })
    }

    /// Calls `each` with the number of every tag, ascending, until it returns `false`.
    pub(crate) fn each_tag(&self, each: impl FnMut(u64) -> bool) -> Decoded<()> {
        read_tags(&mut { self.rest }, self.tags, each)
    }

    /// Returns whether the device holds this key number in this relation.
    pub(crate) fn holds(&self, relation: Relation, number: u64) -> Decoded<bool> {
        match relation {
            Relation::Tag => {
                let mut found = false;
                self.each_tag(|tag| {
                    found = tag == number;
                    tag < number
                })?;
                Ok(found)
            }
            Relation::Alias => Ok(self.alias == number),
            Relation::User | Relation::Deletion => Ok(self.owner == number),
        }
    }
}

fn read_tags(cursor: &mut Cursor<'_>, count: u64, mut each: impl FnMut(u64) -> bool) -> Decoded<()> {
    let mut before = 0_u64;
    for _ in 0..count {
        let more = cursor.varint()?;
        before = before.checked_add(more).filter(|_| more > 0).ok_or(Malformed("tags that do not ascend"))?;
        if !each(before) {
            break;
        }
    }
    Ok(())
}
