//! The steps of an evaluation: what was read, in which order, the size of every part, and what was skipped.

use super::evaluate::{Evaluation, Taken, Watch};
use super::plan::{Plan, Ref, Step};
use super::{Audience, Checked, print};
use crate::error::Error;
use crate::live_view::LiveView;
use crate::model::{Alias, Platform, TagName, UserId};
use crate::store::{Key, Relation, View};
use serde::Serialize;
use std::fmt;

/// How an audience is counted, platform by platform. A platform is missing if the platforms of the keys alone show that
/// the audience has no devices there.
///
/// The parts are those of the plan: equal parts are one part, nested lists of one kind are one list, and the members of
/// a list are in the order of their evaluation. `Display` prints a tree.
///
/// ```
/// use rollbook::{AppKey, AppSettings, Audience, DeviceId, Platform, Registration, Registry, parse_list};
/// use rollbook_testkit::ordered::OrderedStore;
///
/// let registry = Registry::builder(OrderedStore::new()).build();
/// let app = registry.create_app(&AppKey::new("shop")?, AppSettings::default())?;
/// for n in 0..30 {
///     let tags = parse_list("tags", if n < 10 { &["news", "vip"][..] } else { &["news"] })?;
///     app.register(&Registration { tags, ..Registration::new(DeviceId::new(format!("d{n}"))?, Platform::Ios) })?;
/// }
/// let audience: Audience = "news && (vip || muted)".parse()?;
/// assert_eq!(
///     app.explain(&audience)?.to_string(),
///     "10 devices: news && (vip || muted)\n\
///      ios: 10 devices\n\
///      10 and: made\n\
///      ├─ 10 vip: read\n\
///      └─ 30 news: read\n"
/// );
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The audience as text.
    pub audience: String,
    /// The platforms that were visited, in that order, each with the whole audience as its part.
    pub platforms: Vec<(Platform, ExplainedPart)>,
}

impl Explanation {
    /// Returns the number of devices on all platforms.
    ///
    /// ```
    /// # use rollbook::{AppKey, AppSettings, Audience, Registry};
    /// # let registry = Registry::builder(rollbook_testkit::ordered::OrderedStore::new()).build();
    /// # let app = registry.create_app(&AppKey::new("shop")?, AppSettings::default())?;
    /// assert_eq!(app.explain(&Audience::All)?.devices(), 0);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn devices(&self) -> u64 {
        self.platforms.iter().map(|(_, part)| part.devices).sum()
    }
}

/// One part of an audience on one platform.
///
/// ```
/// let explained = rollbook_testkit::example::shop().explain(&"news && !vip".parse()?)?;
/// let (_, on_ios) = &explained.platforms[0];
/// assert_eq!((on_ios.label.as_str(), on_ios.devices), ("and", 0));
/// let members: Vec<_> = on_ios.members.iter().map(|part| (part.label.as_str(), part.devices)).collect();
/// assert_eq!(members, [("news", 1), ("!vip", 0)]);
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedPart {
    /// `and`, `or`, `not and`, or the text of a leaf.
    pub label: String,
    /// The number of devices that it selects, even if the evaluation did not need it.
    pub devices: u64,
    /// How the evaluation obtained it.
    pub taken: Taken,
    /// Its members in the order of their evaluation; empty for a part that was not evaluated at this place.
    pub members: Vec<ExplainedPart>,
}

/// Explains how `audience` is counted.
///
/// # Errors
/// Errors of the store.
pub(crate) fn explain<V: View>(live: &LiveView<V>, audience: Checked<'_>) -> Result<Explanation, Error> {
    let plan = Plan::new(live, [audience])?;
    let root = plan.root(0);
    let mut platforms = Vec::new();
    for platform in plan.may(root).iter() {
        let mut followed = Evaluation::new(live, &plan, platform, Trail::default());
        let devices = followed.count(root)?;
        if devices == 0 && plan.full(root).contains(platform) {
            continue; // the part is every device of the platform, and there is none
        }
        // A second evaluation counts the parts, so that the recorded steps are those of counting alone.
        let mut counted = Evaluation::new(live, &plan, platform, ());
        if let Some(step) = followed.watch.done.pop() {
            platforms.push((platform, explained(&plan, &mut counted, &step, false)?));
        }
    }
    Ok(Explanation { audience: audience.tree().to_string(), platforms })
}

/// A part that was evaluated, with the members that were evaluated for it.
struct Followed {
    part: Ref,
    how: Taken,
    members: Vec<Followed>,
}

#[derive(Default)]
struct Trail {
    open: Vec<(Ref, Vec<Followed>)>,
    done: Vec<Followed>,
}

impl Watch for Trail {
    fn enter(&mut self, part: Ref) {
        self.open.push((part, Vec::new()));
    }

    fn leave(&mut self, how: Taken) {
        let Some((part, members)) = self.open.pop() else { return };
        let followed = Followed { part, how, members };
        match self.open.last_mut() {
            Some((_, siblings)) => siblings.push(followed),
            None => self.done.push(followed),
        }
    }
}

/// Labels and counts a part. `flip` is set for the members of an or: the plan holds `a || b` as the complement of
/// "neither a nor b", so its members are negated.
fn explained<V: View>(
    plan: &Plan<'_>,
    counted: &mut Evaluation<'_, '_, V, ()>,
    followed: &Followed,
    flip: bool,
) -> Result<ExplainedPart, Error> {
    let part = if flip { followed.part.flipped() } else { followed.part };
    let Some(node) = plan.node(part) else {
        return Ok(ExplainedPart {
            label: "none()".into(),
            devices: 0,
            taken: followed.how,
            members: Vec::new(),
        });
    };
    let mut flip_members = false;
    let not = if part.is_outside() { "!" } else { "" };
    let label = match &node.step {
        Step::All(members) => match part.is_outside() {
            false => "and".to_owned(),
            // Printed as an or if this removes a negation, otherwise as a negated and.
            true if members.iter().any(|member| member.is_outside()) => {
                flip_members = true;
                "or".to_owned()
            }
            true => "not and".to_owned(),
        },
        Step::Platforms(set) => format!("{not}{}", Audience::Platforms(*set)),
        Step::Slot(_, id) => format!("{not}{}", Audience::Device((*id).clone())),
        Step::Key(key) => format!("{not}{}", key_text(*key)),
    };
    let members = followed.members.iter().map(|member| explained(plan, counted, member, flip_members));
    let members = members.collect::<Result<Vec<_>, _>>()?;
    Ok(ExplainedPart { label, devices: counted.count(part)?, taken: followed.how, members })
}

fn key_text(key: Key<'_>) -> String {
    let leaf = match key.relation {
        Relation::Tag => TagName::new(key.name).map(Audience::Tag),
        Relation::Alias => Alias::new(key.name).map(Audience::Alias),
        Relation::User | Relation::Deletion => UserId::new(key.name).map(Audience::User),
    };
    leaf.map_or_else(|_| key.name.to_owned(), |leaf| leaf.to_string())
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", devices(self.devices()), print::brief(&self.audience))?;
        for (platform, part) in &self.platforms {
            writeln!(f, "{platform}: {}", devices(part.devices))?;
            show(part, &mut String::new(), f)?;
        }
        Ok(())
    }
}

fn devices(number: u64) -> String {
    if number == 1 { "1 device".into() } else { format!("{number} devices") }
}

fn show(part: &ExplainedPart, indent: &mut String, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let how = match part.taken {
        Taken::Computed if part.members.is_empty() => "read",
        Taken::Computed => "made",
        Taken::Cached => "made already",
        Taken::CounterOnly => "counted",
        Taken::Probed => "asked of the few devices left",
        Taken::Constant => "known",
        Taken::Skipped => "skipped",
    };
    writeln!(f, "{} {}: {how}", part.devices, part.label)?;
    print::below(&part.members, indent, f, show)
}
