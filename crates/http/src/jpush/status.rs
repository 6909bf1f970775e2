//! Presence, and times as JPush prints them.

use super::wire::{Status, StatusQuestion};
use super::{Call, Refusal};
use crate::exchange::Answer;
use crate::extract::{decode, room};
use rollbook::store::Store;
use rollbook::{DeviceId, Presence, Rule, Timestamp, UtcOffset, Violation};
use serde::{Serialize, Serializer};
use std::collections::HashSet;

/// What is kept of an id and its answer takes about a hundred bytes, that in the answer's body included.
const ID_BYTES: usize = 16;

/// How many ids are asked of the register in one go.
const AT_ONCE: usize = 1_000;

/// A [`StatusAnswer`](super::wire::StatusAnswer) that is written as it is made.
struct Told<I>(I);

impl<'a, I: Iterator<Item = (&'a &'a str, Option<Status>)> + Clone> Serialize for Told<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.clone())
    }
}

impl<S: Store> Call<'_, S> {
    pub(super) fn status(&self) -> Result<Answer, Refusal> {
        if !self.app.has_presence() {
            // The register refuses it before it looks at whose presence is asked.
            self.app.presence(&[])?;
        }
        let texts = decode::<StatusQuestion>(self.body)?.registration_ids;
        if texts.is_empty() {
            return Err(Violation::new("registration_ids", Rule::Items, "must be at least 1", 0).into());
        }
        let room = room(self.body.len(), ID_BYTES);
        let most = self.app.limits().ids_per_presence.map_or(room, |most| room.min(most as usize));
        if texts.len() > most {
            let limit = format!("must be at most {most}");
            return Err(Violation::new("registration_ids", Rule::Items, limit, texts.len()).into());
        }
        // An object has a key once.
        let mut seen = HashSet::with_capacity(texts.len());
        let asked: Vec<&str> = texts.iter().filter(|&id| seen.insert(id)).collect();
        drop(seen);
        let mut answers = Vec::with_capacity(asked.len());
        for some in asked.chunks(AT_ONCE) {
            // A text that is no id is that of no device.
            let ids: Vec<DeviceId> = some.iter().filter_map(|&id| DeviceId::new(id).ok()).collect();
            let told = if ids.is_empty() { Vec::new() } else { self.app.presence(&ids)? };
            let mut known = ids.iter().zip(told).peekable();
            answers.extend(some.iter().map(|&id| {
                known.next_if(|(known, _)| known.as_str() == id).and_then(|(_, presence)| presence)
            }));
        }
        let told = |presence: &Option<Presence>| presence.map(|presence| self.tell(presence));
        self.done(&Told(asked.iter().zip(answers.iter().map(told))))
    }

    fn tell(&self, presence: Presence) -> Status {
        let last_online_time = match presence {
            Presence::LastSeen(seen) => Some(date_and_time(seen, self.options.utc_offset)),
            Presence::Online | Presence::Offline => None,
        };
        Status { online: presence == Presence::Online, last_online_time }
    }
}

/// `yyyy-MM-dd`.
pub(super) fn date(at: Timestamp, offset: UtcOffset) -> String {
    let (year, month, day, ..) = at.civil(offset);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `yyyy-MM-dd HH:mm:ss`.
fn date_and_time(at: Timestamp, offset: UtcOffset) -> String {
    let (.., hour, minute, second) = at.civil(offset);
    format!("{} {hour:02}:{minute:02}:{second:02}", date(at, offset))
}
