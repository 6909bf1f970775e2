//! The header of an app: its version and the counters that a commit changes.

use super::{platform_of, start};
use crate::bytes::{Cursor, Decoded, Malformed};
use crate::keys::FIRST_NUMBER;
use rollbook::{EventSeq, Platform, Version};

/// Which ordinals of a platform are given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ordinals {
    /// How many ordinals were ever given, which is the next unused one. At most 2^32.
    pub(crate) next: u64,
    /// The height of the stack of those given back.
    pub(crate) free: u64,
}

impl Ordinals {
    /// Returns how many devices have an ordinal.
    pub(crate) const fn taken(self) -> u64 {
        self.next - self.free
    }
}

/// Everything about an app that has no key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) version: Version,
    pub(crate) sealed: bool,
    pub(crate) log_end: EventSeq,
    /// The next key number to give.
    pub(crate) next_number: u64,
    /// The version of the last commit that left devices with dead key numbers: a device that was changed later has
    /// none.
    pub(crate) last_drop: Version,
    /// The queue of dead key numbers whose chunks still exist: first index, inclusive, and last index, exclusive.
    pub(crate) dead: (u64, u64),
    pub(crate) ordinals: [Ordinals; Platform::COUNT],
}

impl Default for Header {
    fn default() -> Self {
        Header {
            version: Version(0),
            sealed: false,
            log_end: EventSeq(0),
            next_number: FIRST_NUMBER,
            last_drop: Version(0),
            dead: (0, 0),
            ordinals: [Ordinals::default(); Platform::COUNT],
        }
    }
}

impl Header {
    /// Returns the header of an app that was never committed to.
    pub(crate) fn new(first_ordinal: u32) -> Self {
        let ordinals = [Ordinals { next: first_ordinal.into(), free: 0 }; Platform::COUNT];
        Header { ordinals, ..Header::default() }
    }

    /// Returns the ordinals of a platform.
    pub(crate) fn ordinals(&self, platform: Platform) -> Ordinals {
        self.ordinals.get(usize::from(platform.number())).copied().unwrap_or_default()
    }

    pub(crate) fn set_ordinals(&mut self, platform: Platform, ordinals: Ordinals) {
        if let Some(of) = self.ordinals.get_mut(usize::from(platform.number())) {
            *of = ordinals;
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let Header { version, sealed, log_end, next_number, last_drop, dead, ordinals } = self;
        let mut out = start();
        out.push(u8::from(*sealed));
        for number in [version.0, log_end.0, *next_number, last_drop.0, dead.0, dead.1] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        let given = || Platform::ALL.into_iter().zip(ordinals).filter(|(_, of)| of.next > 0);
        out.push(given().count() as u8);
        for (platform, Ordinals { next, free }) in given() {
            out.push(platform.number());
            out.extend_from_slice(&next.to_le_bytes());
            out.extend_from_slice(&free.to_le_bytes());
        }
        out
    }

    pub(crate) fn decode(value: &[u8]) -> Decoded<Self> {
        let mut cursor = Cursor::value(value)?;
        let sealed = match cursor.u8()? {
            0 => false,
            1 => true,
            _ => return Err(Malformed("unknown flags of an app")),
        };
        let mut header = Header {
            sealed,
            version: Version(cursor.u64()?),
            log_end: EventSeq(cursor.u64()?),
            next_number: cursor.u64()?,
            last_drop: Version(cursor.u64()?),
            dead: (cursor.u64()?, cursor.u64()?),
            ..Header::default()
        };
        for _ in 0..cursor.u8()? {
            let platform = platform_of(cursor.u8()?)?;
            let ordinals = Ordinals { next: cursor.u64()?, free: cursor.u64()? };
            header.set_ordinals(platform, ordinals);
        }
        cursor.end()?;
        let given = |of: &Ordinals| of.next <= 1 << 32 && of.free <= of.next;
        if header.dead.0 > header.dead.1
            || header.next_number < FIRST_NUMBER
            || !header.ordinals.iter().all(given)
        {
            return Err(Malformed("counters of an app that contradict each other"));
        }
        Ok(header)
    }
}
