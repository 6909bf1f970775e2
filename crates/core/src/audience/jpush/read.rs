//! Conversion from the form to the tree. It checks every rule and limit, and reports all errors at once.

use super::{JpushAudience, JpushMembers, JpushPlatforms, MOST_NAMES, MOST_TAGS};
use crate::audience::Audience;
use crate::error::Error;
use crate::model::{Alias, DeviceId, PlatformSet, TagName};
use crate::violation::{Rule, Violation, Violations};

impl TryFrom<&JpushAudience> for Audience {
    type Error = Violations;

    /// Returns the condition that the form means: one list, joined by and.
    ///
    /// # Errors
    /// Violations of `tag`, `tag_and`, `tag_not`, `alias`, `registration_id`, `platform`: too many items, and every
    /// invalid name by its index; a violation of `audience` if no member is present.
    fn try_from(form: &JpushAudience) -> Result<Self, Violations> {
        let members = match form {
            JpushAudience::All => return Ok(Audience::All),
            JpushAudience::Of(members) => members,
        };
        let mut reading = Reading::default();
        let tag = reading.names::<TagName>("tag", &members.tag, MOST_TAGS);
        let tag_and = reading.names::<TagName>("tag_and", &members.tag_and, MOST_TAGS);
        let tag_not = reading.names::<TagName>("tag_not", &members.tag_not, MOST_TAGS);
        let alias = reading.names::<Alias>("alias", &members.alias, MOST_NAMES);
        let device = reading.names::<DeviceId>("registration_id", &members.registration_id, MOST_NAMES);
        let platform = reading.platforms(members);
        Violations::check(reading.found)?;

        let mut parts = Vec::new();
        parts.extend(any_of(tag));
        parts.extend(tag_and.into_iter().map(Audience::from));
        parts.extend(any_of(tag_not).map(|any| !any));
        parts.extend(any_of(alias));
        parts.extend(any_of(device));
        parts.extend(platform.map(Audience::from));
        if parts.is_empty() {
            let limit = "must be \"all\", or hold something in one of tag, tag_and, tag_not, alias, \
                         registration_id, platform";
            return Err(Violation::new("audience", Rule::Present, limit, "nothing").into());
        }
        Ok(Audience::all_of(parts))
    }
}

impl TryFrom<JpushAudience> for Audience {
    type Error = Error;

    /// Converts as for a borrowed form, with the violations as an [`Error`].
    fn try_from(form: JpushAudience) -> Result<Self, Error> {
        Audience::try_from(&form).map_err(Error::from)
    }
}

/// Returns the union of these names, or `None` for an absent member.
fn any_of<T: Into<Audience>>(names: Vec<T>) -> Option<Audience> {
    if names.is_empty() { None } else { Some(Audience::any_of(names.into_iter().map(Into::into))) }
}

#[derive(Default)]
struct Reading {
    found: Vec<Violation>,
}

impl Reading {
    fn names<T>(&mut self, field: &'static str, texts: &[String], most: usize) -> Vec<T>
    where
        T: for<'a> TryFrom<&'a str, Error = Violation>,
    {
        if texts.len() > most {
            // The items of a list over the limit are not read, so a long list costs no more than its length.
            self.found.push(Violation::new(
                field,
                Rule::Items,
                format!("must be at most {most}"),
                texts.len(),
            ));
            return Vec::new();
        }
        let mut names = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            match T::try_from(text.as_str()) {
                Ok(name) => names.push(name),
                Err(bad) => self.found.push(bad.in_list(field, index)),
            }
        }
        names
    }

    fn platforms(&mut self, members: &JpushMembers) -> Option<PlatformSet> {
        let names = match &members.platform {
            None => return None,
            Some(JpushPlatforms::All) => return Some(PlatformSet::ALL),
            Some(JpushPlatforms::Of(names)) => names,
        };
        if names.len() > MOST_NAMES {
            let limit = format!("must be at most {MOST_NAMES}");
            self.found.push(Violation::new("platform", Rule::Items, limit, names.len()));
            return None;
        }
        let mut set = PlatformSet::NONE;
        for (index, name) in names.iter().enumerate() {
            match PlatformSet::from_jpush_name(name) {
                Ok(platforms) => set = set.or(platforms),
                Err(bad) => self.found.push(bad.in_list("platform", index)),
            }
        }
        Some(set).filter(|set| !set.is_empty())
    }
}
