//! Everything that the model knows, in the form of a register's survey.

use super::tenant::Tenant;
use super::{Oracle, info};
use crate::survey::{AppSurvey, Survey};
use rollbook::{Event, EventOrder, EventQuery, Timestamp};
use std::collections::BTreeMap;

impl Oracle {
    /// Returns the survey of a register with the same content, except for what each register has of its own: versions,
    /// event codes, and the order of devices, which here is that of their ids. Compare by [`Survey::comparable`].
    ///
    /// ```
    /// use rollbook::{AppSettings, Command, ManualClock, Platform, Registration, Registry};
    /// use rollbook_testkit::{op::{Op, Settings}, oracle::Oracle, ordered::OrderedStore, survey::survey};
    ///
    /// let clock = ManualClock::at(Oracle::START);
    /// let (registry, mut oracle) = (Registry::builder(OrderedStore::new()).clock(clock).build(), Oracle::new());
    /// let shop = registry.create_app(&"shop".parse()?, AppSettings::default())?;
    /// oracle.answer(&Op::CreateApp { app: "shop".parse()?, settings: Settings::default() }).unwrap();
    ///
    /// let phone = Registration::new("phone".parse()?, Platform::Ios);
    /// shop.register(&phone)?;
    /// oracle.answer(&Op::Do("shop".parse()?, Command::Register(phone))).unwrap();
    /// assert_eq!(oracle.survey().comparable(), survey(&registry)?.comparable());
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn survey(&self) -> Survey {
        let apps = self.apps.iter().map(|(key, tenant)| (key.clone(), info(key, tenant))).collect();
        let contents =
            self.apps.iter().map(|(key, tenant)| (key.clone(), tenant.survey(self.now()))).collect();
        Survey { apps, contents }
    }
}

impl Tenant {
    fn survey(&self, now: Timestamp) -> AppSurvey {
        let (mut tags, mut aliases, mut users) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (id, member) in &self.devices {
            for tag in &member.tags {
                let (count, carriers): &mut (u64, Vec<_>) = tags.entry(tag.clone()).or_default();
                *count += 1;
                carriers.push(id.clone());
            }
            if let Some((alias, _)) = &member.alias {
                aliases.entry(alias.clone()).or_insert_with(Vec::new).push(id.clone());
            }
            users.entry(member.user.clone()).or_insert_with(Vec::new).push(id.clone());
        }
        AppSurvey {
            devices: self.devices.iter().map(|(id, member)| member.shown(id)).collect(),
            tags,
            aliases,
            users,
            event_types: self.declared(),
            events: self.kept(now),
        }
    }

    /// Returns the events that are not older than the retention, oldest first.
    fn kept(&self, now: Timestamp) -> Vec<Event> {
        let query = EventQuery { order: EventOrder::OldestFirst, ..EventQuery::default() };
        self.history(&query, now).unwrap_or_default()
    }
}
