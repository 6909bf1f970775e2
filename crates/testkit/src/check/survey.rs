//! Compares everything that can be read of a register.

use super::{Found, Run};
use crate::op::{Alphabet, Op};
use crate::oracle::Oracle;
use rollbook::store::Store;
use rollbook::{Alias, AppKey, Audience, DeviceId, EventOrder, EventQuery, PlatformSet, TagName, UserId};
use std::collections::BTreeSet;

/// A page size that everything fits in.
const WHOLE: usize = 10_000;

impl<S: Store> Run<S> {
    /// Compares all of one app, or of all apps and their list.
    pub(super) fn survey(&mut self, app: Option<&AppKey>) -> Result<(), Box<Found>> {
        self.compare_quietly(&Op::Apps { limit: WHOLE })?;
        let apps = match app {
            Some(app) => vec![app.clone()],
            None => self.oracle.apps().cloned().chain(Alphabet::default().apps).collect(),
        };
        for app in apps.into_iter().collect::<BTreeSet<_>>() {
            let names = Names::of(&self.oracle, &app);
            if names.is_none() {
                self.compare_quietly(&Op::EventTypes(app))?;
                continue;
            }
            for question in names.into_iter().flat_map(|names| names.questions(&app)) {
                self.compare_quietly(&question)?;
            }
        }
        Ok(())
    }
}

/// The names that questions about an app use: those it holds, and others that it might hold.
struct Names {
    devices: BTreeSet<DeviceId>,
    users: BTreeSet<UserId>,
    tags: BTreeSet<TagName>,
    aliases: BTreeSet<Alias>,
}

impl Names {
    /// Returns `None` for an app that does not exist.
    fn of(oracle: &Oracle, app: &AppKey) -> Option<Self> {
        oracle.apps().any(|key| key == app).then(|| {
            let Alphabet { devices, users, tags, aliases, .. } = Alphabet::default();
            let mut names = Names {
                devices: devices.into_iter().collect(),
                users: users.into_iter().collect(),
                tags: tags.into_iter().collect(),
                aliases: aliases.into_iter().collect(),
            };
            for device in oracle.everything(app) {
                names.devices.insert(device.id);
                names.users.insert(device.user);
                names.tags.extend(device.tags);
                names.aliases.extend(device.alias);
            }
            names
        })
    }

    fn questions(self, app: &AppKey) -> Vec<Op> {
        let all = PlatformSet::ALL;
        let key = || app.clone();
        let mut questions = vec![
            Op::Tags { app: key(), platforms: all, limit: WHOLE },
            Op::Select { app: key(), audience: Audience::All, limit: WHOLE },
            Op::EventTypes(key()),
            Op::Events(
                key(),
                EventQuery { order: EventOrder::OldestFirst, limit: WHOLE, ..EventQuery::default() },
            ),
        ];
        questions.extend(self.devices.into_iter().map(|id| Op::Device(key(), id)));
        questions.extend(self.users.into_iter().map(|user| Op::UserDevices(key(), user, all)));
        questions.extend(self.aliases.into_iter().map(|alias| Op::AliasDevices(key(), alias, all)));
        let listed = |tag| Op::TagDevices { app: key(), tag, platforms: all, limit: WHOLE };
        questions.extend(self.tags.into_iter().map(listed));
        questions
    }
}
