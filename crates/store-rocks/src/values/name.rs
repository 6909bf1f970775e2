//! The record of a name in a relation: for each platform its key number, and its devices if they are few.

use super::{platform_of, start};
use crate::bytes::{Cursor, Decoded, Malformed, put_varint};
use rollbook::Platform;
use smallvec::SmallVec;

/// The most ordinals of one platform that are kept in the record of the name. With one more, they move into chunks.
///
/// Nearly every alias and user names at most this many: their devices are read with the one record and are kept under
/// one key.
pub(crate) const MOST_INLINE: usize = 4;

/// The devices of a key on one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Devices {
    /// Up to [`MOST_INLINE`] ordinals, ascending.
    Few(SmallVec<[u32; MOST_INLINE]>),
    /// The number of devices, whose ordinals are in the chunks of the key number.
    Chunked(u64),
}

impl Devices {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Devices::Few(few) => few.len() as u64,
            Devices::Chunked(many) => *many,
        }
    }
}

/// A name on one platform: its key number and its devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Home {
    pub(crate) platform: Platform,
    pub(crate) number: u64,
    pub(crate) devices: Devices,
}

/// A name on all platforms on which it has devices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NameRecord {
    pub(crate) homes: SmallVec<[Home; 1]>,
}

impl NameRecord {
    pub(crate) fn home(&self, platform: Platform) -> Option<&Home> {
        self.homes.iter().find(|home| home.platform == platform)
    }

    pub(crate) fn home_mut(&mut self, platform: Platform) -> Option<&mut Home> {
        self.homes.iter_mut().find(|home| home.platform == platform)
    }

    /// Returns the number of devices on all platforms together.
    pub(crate) fn len(&self) -> u64 {
        self.homes.iter().map(|home| home.devices.len()).sum()
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = start();
        for Home { platform, number, devices } in &self.homes {
            out.push(platform.number());
            put_varint(&mut out, *number);
            match devices {
                Devices::Few(few) => {
                    out.push(few.len() as u8);
                    few.iter().for_each(|ordinal| out.extend_from_slice(&ordinal.to_le_bytes()));
                }
                Devices::Chunked(many) => {
                    out.push(0);
                    put_varint(&mut out, *many);
                }
            }
        }
        out
    }

    pub(crate) fn decode(value: &[u8]) -> Decoded<Self> {
        let mut homes = SmallVec::<[Home; 1]>::new();
        let mut repeated = false;
        each_home(value, |home| {
            repeated |= homes.iter().any(|other| other.platform == home.platform);
            homes.push(home);
            true
        })?;
        if repeated {
            return Err(Malformed("a name twice on one platform"));
        }
        if homes.is_empty() {
            return Err(Malformed("a name without devices"));
        }
        Ok(NameRecord { homes })
    }
}

fn decode_home(cursor: &mut Cursor<'_>) -> Decoded<Home> {
    let platform = platform_of(cursor.u8()?)?;
    let number = cursor.varint()?;
    let devices = match cursor.u8()? {
        0 => Devices::Chunked(cursor.varint()?),
        few if usize::from(few) <= MOST_INLINE => {
            let ordinals: SmallVec<_> = (0..few).map(|_| cursor.u32()).collect::<Decoded<_>>()?;
            if !ordinals.is_sorted_by(|a, b| a < b) {
                return Err(Malformed("ordinals that do not ascend"));
            }
            Devices::Few(ordinals)
        }
        _ => return Err(Malformed("too many ordinals beside a name")),
    };
    if devices.len() == 0 {
        return Err(Malformed("a name without devices"));
    }
    Ok(Home { platform, number, devices })
}

/// Finds the home of a name on one platform.
pub(crate) fn find_home(value: &[u8], platform: Platform) -> Decoded<Option<Home>> {
    let mut found = None;
    each_home(value, |home| {
        found = Some(home).filter(|home| home.platform == platform);
        found.is_none()
    })?;
    Ok(found)
}

/// Calls `each` with every home of a name until it returns `false`. Allocates nothing.
pub(crate) fn each_home(value: &[u8], mut each: impl FnMut(Home) -> bool) -> Decoded<()> {
    let mut cursor = Cursor::value(value)?;
    while cursor.remaining() > 0 {
        if !each(decode_home(&mut cursor)?) {
            break;
        }
    }
    Ok(())
}
