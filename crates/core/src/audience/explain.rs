//! How an audience is evaluated: what was read, in which order, how large every part is, and what was skipped.

use super::evaluate::{Evaluation, Taken, Watch};
use super::plan::{Plan, Ref, Step};
use super::{Audience, print};
use crate::error::Error;
use crate::model::{Alias, Platform, TagName, UserId};
use crate::picture::Picture;
use crate::store::{Key, Relation, View};
use std::fmt;

/// How an audience is counted, platform by platform; a platform that is not listed was not visited, because by what its
/// keys are the audience has no devices there.
///
/// It explains the condition as it was planned: equal parts are one, nested lists of one kind are one list, and the
/// members of a list stand in the order in which they were taken. It prints as a tree.
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The audience as text.
    pub audience: String,
    /// The platforms that were visited, in that order, each with the whole audience on it.
    pub platforms: Vec<(Platform, ExplainedPart)>,
}

impl Explanation {
    /// How many devices the audience selects on all platforms.
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedPart {
    /// `and`, `or`, `not and`, or the text of a leaf.
    pub label: String,
    /// How many devices it selects, also when the evaluation did not need to know.
    pub devices: u64,
    /// How the evaluation came by it.
    pub taken: Taken,
    /// Its members in the order in which they were taken; none below a part that was not made here.
    pub members: Vec<ExplainedPart>,
}

/// Explains how `audience`, which passed its check, is counted.
///
/// # Errors
/// What the store answers.
pub(crate) fn explain<V: View>(picture: &Picture<V>, audience: &Audience) -> Result<Explanation, Error> {
    let plan = Plan::new(picture, [audience])?;
    let root = plan.root(0);
    let mut platforms = Vec::new();
    for platform in plan.may(root).iter() {
        let mut followed = Evaluation::new(picture, &plan, platform, Trail::default());
        let devices = followed.count(root)?;
        if devices == 0 && plan.full(root).contains(platform) {
            continue; // a platform without any device
        }
        let mut counted = Evaluation::new(picture, &plan, platform, ());
        if let Some(step) = followed.watch.done.pop() {
            platforms.push((platform, explained(&plan, &mut counted, &step, false)?));
        }
    }
    Ok(Explanation { audience: audience.to_string(), platforms })
}

/// What was taken, as a tree.
struct Taking {
    part: Ref,
    how: Taken,
    members: Vec<Taking>,
}

#[derive(Default)]
struct Trail {
    open: Vec<(Ref, Vec<Taking>)>,
    done: Vec<Taking>,
}

impl Watch for Trail {
    fn enter(&mut self, part: Ref) {
        self.open.push((part, Vec::new()));
    }

    fn leave(&mut self, how: Taken) {
        let Some((part, members)) = self.open.pop() else { return };
        let taking = Taking { part, how, members };
        match self.open.last_mut() {
            Some((_, siblings)) => siblings.push(taking),
            None => self.done.push(taking),
        }
    }
}

/// Names and counts a part; `flip` when it stands in an or, whose members the plan keeps negated.
fn explained<V: View>(
    plan: &Plan<'_>,
    counted: &mut Evaluation<'_, '_, V, ()>,
    taking: &Taking,
    flip: bool,
) -> Result<ExplainedPart, Error> {
    let part = if flip { taking.part.flipped() } else { taking.part };
    let Some(node) = plan.node(part) else {
        return Ok(ExplainedPart {
            label: "none()".into(),
            devices: 0,
            taken: taking.how,
            members: Vec::new(),
        });
    };
    let mut flip_members = false;
    let not = if part.is_outside() { "!" } else { "" };
    let label = match &node.step {
        Step::All(members) => match part.is_outside() {
            false => "and".to_owned(),
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
    let members = taking.members.iter().map(|member| explained(plan, counted, member, flip_members));
    let members = members.collect::<Result<Vec<_>, _>>()?;
    Ok(ExplainedPart { label, devices: counted.count(part)?, taken: taking.how, members })
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
        Taken::Made if part.members.is_empty() => "read",
        Taken::Made => "made",
        Taken::Again => "made already",
        Taken::Counted => "counted",
        Taken::Asked => "asked of the few devices left",
        Taken::Known => "known",
        Taken::Skipped => "skipped",
    };
    writeln!(f, "{} {}: {how}", part.devices, part.label)?;
    print::below(&part.members, indent, f, show)
}
