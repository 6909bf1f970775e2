//! Presence, and times as JPush prints them.

use super::wire::{Status, StatusAnswer, StatusQuestion};
use super::{Call, Refusal};
use crate::exchange::Answer;
use crate::extract::parse;
use rollbook::store::Store;
use rollbook::{DeviceId, Presence, Rule, Timestamp, UtcOffset, Violation};
use std::collections::HashSet;

impl<S: Store> Call<'_, S> {
    pub(super) fn status(&self) -> Result<Answer, Refusal> {
        if !self.app.has_presence() {
            // The register refuses it before it looks at whose presence is asked.
            self.app.presence(&[])?;
        }
        let asked = StatusQuestion::try_from(parse(self.body)?)?.registration_ids;
        if asked.is_empty() {
            return Err(Violation::new("registration_ids", Rule::Items, "must be at least 1", 0).into());
        }
        if let Some(most) = self.app.limits().ids_per_presence.filter(|&most| asked.len() > most as usize) {
            let limit = format!("must be at most {most}");
            return Err(Violation::new("registration_ids", Rule::Items, limit, asked.len()).into());
        }
        // An object has a key once.
        let mut seen = HashSet::with_capacity(asked.len());
        let asked: Vec<String> = asked.into_iter().filter(|id| seen.insert(id.clone())).collect();
        // A text that is no id is that of no device.
        let ids: Vec<DeviceId> = asked.iter().filter_map(|id| DeviceId::new(id.as_str()).ok()).collect();
        let answers = if ids.is_empty() { Vec::new() } else { self.app.presence(&ids)? };
        let mut known = ids.into_iter().zip(answers).peekable();
        let told = asked.into_iter().map(|id| {
            let presence =
                known.next_if(|(known, _)| known.as_str() == id).and_then(|(_, presence)| presence);
            (id, presence.map(|presence| self.tell(presence)))
        });
        self.done(&StatusAnswer(told.collect()))
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
