//! Conversion from the tree to the form: a list of conditions joined by and, each of which is a member of the form.

use super::{JpushAudience, JpushMembers, JpushPlatforms, MOST_NAMES, MOST_TAGS};
use crate::audience::Audience;
use crate::error::Error;
use crate::model::PlatformSet;
use crate::violation::{Rule, Violation, Violations, shown};

impl TryFrom<&Audience> for JpushAudience {
    type Error = Violations;

    /// Returns a form that selects the same devices, if there is one. The tree must be an and of at most one "any of
    /// these tags", one "any of these aliases", one "any of these devices", and any number of tags, negated tags and
    /// platforms.
    ///
    /// # Errors
    /// Violations of `audience`: each part for which the form has no member. Violations of a member: more items than it
    /// accepts, and every platform without a JPush name, by its index.
    ///
    /// ```
    /// use rollbook::{Audience, JpushAudience};
    /// let refused = JpushAudience::try_from(&"news && user(ann)".parse::<Audience>()?).unwrap_err();
    /// assert_eq!(
    ///     refused.to_string(),
    ///     "audience: form: must be tags, aliases, device ids or platforms, joined by and: got \"user(ann)\""
    /// );
    /// # Ok::<(), rollbook::ParseError>(())
    /// ```
    fn try_from(audience: &Audience) -> Result<Self, Violations> {
        let mut form = Writing::default();
        form.part(audience, true);
        form.finish()
    }
}

impl TryFrom<Audience> for JpushAudience {
    type Error = Error;

    /// Converts as for a borrowed tree, with the violations as an [`Error`].
    fn try_from(audience: Audience) -> Result<Self, Error> {
        JpushAudience::try_from(&audience).map_err(Error::from)
    }
}

#[derive(Default)]
struct Writing {
    members: JpushMembers,
    platforms: Option<PlatformSet>,
    found: Vec<Violation>,
}

/// The leaves of one "any of", all of one kind.
enum AnyOf {
    Tags(Vec<String>),
    Aliases(Vec<String>),
    Devices(Vec<String>),
}

impl Writing {
    /// Adds a part of the and; `holds` is false below an odd number of negations.
    fn part(&mut self, audience: &Audience, holds: bool) {
        match audience {
            Audience::All if holds => {}
            Audience::Not(inner) => self.part(inner, !holds),
            Audience::And(members) if holds || members.len() == 1 => {
                members.iter().for_each(|member| self.part(member, holds));
            }
            Audience::Or(members) if members.len() == 1 => {
                members.iter().for_each(|member| self.part(member, holds));
            }
            // By De Morgan, a negated or is an and of its negated members.
            Audience::Or(members) if !holds => members.iter().for_each(|member| self.part(member, false)),
            Audience::Platforms(set) => {
                let set = if holds { *set } else { set.complement() };
                self.platforms = Some(self.platforms.map_or(set, |chosen| chosen.and(set)));
            }
            Audience::Tag(tag) if holds => self.members.tag_and.push(tag.as_str().to_owned()),
            Audience::Tag(tag) => self.members.tag_not.push(tag.as_str().to_owned()),
            other => match any_of(other).filter(|_| holds) {
                Some(names) => self.any_of(names, other),
                None => self.refuse(other, holds),
            },
        }
    }

    fn any_of(&mut self, names: AnyOf, from: &Audience) {
        let (member, names) = match names {
            AnyOf::Tags(names) => (&mut self.members.tag, names),
            AnyOf::Aliases(names) => (&mut self.members.alias, names),
            AnyOf::Devices(names) => (&mut self.members.registration_id, names),
        };
        if member.is_empty() {
            *member = names;
        } else if *member != names {
            let limit = "must hold at most one \"any of\" of tags, of aliases, of device ids";
            self.found.push(Violation::new("audience", Rule::Form, limit, shown(&from.to_string())));
        }
    }

    fn refuse(&mut self, part: &Audience, holds: bool) {
        let text = if holds { part.to_string() } else { format!("!({part})") };
        let limit = "must be tags, aliases, device ids or platforms, joined by and";
        self.found.push(Violation::new("audience", Rule::Form, limit, shown(&text)));
    }

    fn finish(mut self) -> Result<JpushAudience, Violations> {
        if self.members.tag.is_empty() && self.members.tag_and.len() == 1 {
            std::mem::swap(&mut self.members.tag, &mut self.members.tag_and);
        }
        self.write_platforms();
        let JpushMembers { tag, tag_and, tag_not, alias, registration_id, .. } = &self.members;
        for (field, names, most) in [
            ("tag", tag, MOST_TAGS),
            ("tag_and", tag_and, MOST_TAGS),
            ("tag_not", tag_not, MOST_TAGS),
            ("alias", alias, MOST_NAMES),
            ("registration_id", registration_id, MOST_NAMES),
        ] {
            if names.len() > most {
                let limit = format!("must be at most {most}");
                self.found.push(Violation::new(field, Rule::Items, limit, names.len()));
            }
        }
        Violations::check(self.found)?;
        let nothing = self.members == JpushMembers::default();
        Ok(if nothing { JpushAudience::All } else { JpushAudience::Of(self.members) })
    }

    fn write_platforms(&mut self) {
        let Some(set) = self.platforms.filter(|set| *set != PlatformSet::ALL) else { return };
        if set.is_empty() {
            let limit = "must leave at least one platform, because an empty list counts as absent";
            self.found.push(Violation::new("platform", Rule::Present, limit, "none"));
        }
        let mut names: Vec<String> = Vec::new();
        for (index, platform) in set.iter().enumerate() {
            // A JPush name stands for all platforms with this name, so it is written only if all of them are meant.
            let name = platform
                .jpush_name()
                .filter(|name| PlatformSet::from_jpush_name(name).is_ok_and(|all| all.and(set) == all));
            match name {
                Some(name) if names.iter().any(|written| written == name) => {}
                Some(name) => names.push(name.to_owned()),
                None => {
                    let limit = "must be all of the platforms that JPush has one of its names for";
                    let bad = Violation::new("platform", Rule::Known, limit, shown(platform.name()));
                    self.found.push(bad.in_list("platform", index));
                }
            }
        }
        self.members.platform = Some(JpushPlatforms::Of(names));
    }
}

/// Returns the names of a leaf, or of an or of leaves of one kind.
fn any_of(audience: &Audience) -> Option<AnyOf> {
    match audience {
        Audience::Tag(tag) => Some(AnyOf::Tags(vec![tag.as_str().to_owned()])),
        Audience::Alias(alias) => Some(AnyOf::Aliases(vec![alias.as_str().to_owned()])),
        Audience::Device(device) => Some(AnyOf::Devices(vec![device.as_str().to_owned()])),
        Audience::Or(members) => {
            let mut members = members.iter();
            let mut all = any_of(members.next()?)?;
            for member in members {
                match (&mut all, any_of(member)?) {
                    (AnyOf::Tags(all), AnyOf::Tags(more))
                    | (AnyOf::Aliases(all), AnyOf::Aliases(more))
                    | (AnyOf::Devices(all), AnyOf::Devices(more)) => all.extend(more),
                    _ => return None,
                }
            }
            Some(all)
        }
        _ => None,
    }
}
