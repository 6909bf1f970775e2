//! The questions. Each examines every device.

use super::refusal::Refusal;
use super::rules::{Found, above};
use super::tenant::{Member, Tenant};
use super::{Answer, Answered};
use crate::op::Op;
use rollbook::{AppKey, Audience, DeviceId, PlatformSet, Presence, Rule, Timestamp};
use std::collections::BTreeMap;

impl Tenant {
    pub(super) fn ask(&self, app: &AppKey, question: &Op, now: Timestamp) -> Answered {
        Ok(match question {
            Op::Device(_, id) => Answer::Device(Box::new(self.get(id)?.shown(id))),
            Op::AliasDevices(_, alias, platforms) => Answer::Devices(self.carriers(alias, *platforms)),
            Op::UserDevices(_, user, platforms) => Answer::Devices(
                self.ids(|_, member| member.user == *user && platforms.contains(member.platform)),
            ),
            Op::HasTag(_, id, tag) => Answer::Truth(self.get(id)?.tags.contains(tag)),
            Op::TagCount(_, tag, platforms) => Answer::Count(self.tagged(tag, *platforms).len() as u64),
            Op::Tags { platforms, .. } => self.tags(*platforms),
            Op::TagDevices { tag, platforms, .. } => {
                let chosen = self.tagged(tag, *platforms);
                Answer::Selected(self.by_platform(chosen))
            }
            Op::Presence(_, ids) => self.presence(app, ids, now)?,
            Op::EventTypes(_) => Answer::EventTypes(self.declared()),
            Op::Events(_, query) => Answer::Events(self.history(query, now)?),
            Op::Verify { secret, .. } => Answer::Verified {
                master: self.master.as_ref() == Some(secret),
                token: self.tokens.contains(secret),
            },
            Op::Count(_, audience) => Answer::Count(self.select(audience)?.len() as u64),
            Op::CountByPlatform(_, audience) => {
                let mut counts = BTreeMap::new();
                for id in self.select(audience)? {
                    *counts.entry(self.get(&id)?.platform).or_insert(0) += 1;
                }
                Answer::ByPlatform(counts)
            }
            Op::Select { audience, .. } => {
                let chosen = self.select(audience)?;
                Answer::Selected(self.by_platform(chosen))
            }
            Op::Contains(_, audience, id) => {
                check(audience, self.limits.audience_nodes)?;
                Answer::Truth(selects(audience, id, self.get(id)?))
            }
            _ => return Err(Refusal::Failure("the model does not know this question".to_owned())),
        })
    }

    fn tags(&self, platforms: PlatformSet) -> Answer {
        let mut counts = BTreeMap::new();
        for member in self.devices.values().filter(|member| platforms.contains(member.platform)) {
            for tag in &member.tags {
                *counts.entry(tag.clone()).or_insert(0) += 1;
            }
        }
        Answer::Tags(counts.into_iter().collect())
    }

    fn by_platform(&self, mut ids: Vec<DeviceId>) -> Vec<DeviceId> {
        ids.sort_by_key(|id| self.devices.get(id).map(|member| member.platform));
        ids
    }

    fn presence(&self, app: &AppKey, ids: &[DeviceId], now: Timestamp) -> Answered {
        if !self.presence {
            return Err(Refusal::Forbidden(app.clone()));
        }
        if ids.is_empty() || above(ids.len(), self.limits.ids_per_presence) {
            return Err(Refusal::one("devices", None, Rule::Items));
        }
        let one = |id: &DeviceId| {
            let member = self.devices.get(id)?;
            let Some(seen) = member.last_seen else { return Some(Presence::Offline) };
            let ago = i128::from(now.secs()) - i128::from(seen.secs());
            Some(if ago <= i128::from(self.limits.online_window_secs) {
                Presence::Online
            } else if ago <= i128::from(self.limits.last_seen_window_secs) {
                Presence::LastSeen(seen)
            } else {
                Presence::Offline
            })
        };
        Ok(Answer::Presence(ids.iter().map(one).collect()))
    }

    /// A heartbeat is not a change of the device, so its version stays.
    pub(super) fn touch(&mut self, sightings: &[(DeviceId, Timestamp)], now: Timestamp) -> Answered {
        let ids: Vec<DeviceId> = sightings.iter().map(|(id, _)| id.clone()).collect();
        let mut found = Found::default();
        found.known("devices", &ids, |id| self.knows(id));
        found.verdict()?;
        for (id, at) in sightings {
            self.see(id, now.min(*at));
        }
        Ok(Answer::Done)
    }

    /// Records that a device, if it exists, was seen.
    pub(super) fn see(&mut self, id: &DeviceId, at: Timestamp) {
        if let Some(member) = self.devices.get_mut(id) {
            member.last_seen = member.last_seen.max(Some(at));
        }
    }

    fn select(&self, audience: &Audience) -> Result<Vec<DeviceId>, Refusal> {
        check(audience, self.limits.audience_nodes)?;
        Ok(self.ids(|id, member| selects(audience, id, member)))
    }
}

/// Returns `true` if the audience selects this device.
fn selects(audience: &Audience, id: &DeviceId, member: &Member) -> bool {
    match audience {
        Audience::All => true,
        Audience::Tag(tag) => member.tags.contains(tag),
        Audience::Alias(alias) => member.carries(alias),
        Audience::User(user) => member.user == *user,
        Audience::Device(device) => device == id,
        Audience::Platforms(platforms) => platforms.contains(member.platform),
        Audience::And(parts) => parts.iter().all(|part| selects(part, id, member)),
        Audience::Or(parts) => parts.iter().any(|part| selects(part, id, member)),
        Audience::Not(part) => !selects(part, id, member),
    }
}

fn check(audience: &Audience, most: u32) -> Result<(), Refusal> {
    let mut broken = Found::default();
    broken.items("audience", nodes(audience), Some(most));
    if depth(audience) > Audience::MAX_DEPTH {
        broken.add("audience", None, Rule::Depth);
    }
    broken.verdict()
}

fn parts(audience: &Audience) -> &[Audience] {
    match audience {
        Audience::And(parts) | Audience::Or(parts) => parts,
        Audience::Not(part) => std::slice::from_ref(part),
        _ => &[],
    }
}

fn nodes(audience: &Audience) -> usize {
    1 + parts(audience).iter().map(nodes).sum::<usize>()
}

fn depth(audience: &Audience) -> usize {
    1 + parts(audience).iter().map(depth).max().unwrap_or(0)
}
