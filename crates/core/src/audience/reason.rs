//! Why a device is not in an audience: the parts that failed, from the device's own keys.

use super::Audience;
use super::matches::matches;
use crate::error::Error;
use crate::model::DeviceId;
use crate::picture::Picture;
use crate::store::{Slot, View};
use std::fmt;

/// A part of an audience, what it says of a device, and the parts that make it so.
///
/// It prints as a tree. The parts that decided are all named: of an and that does not hold, every member that does
/// not; of an or, every member; of an or that holds, the first member that does.
///
/// ```
/// use rollbook::{AppKey, AppSettings, Audience, DeviceId, Platform, Registration, Registry, TagName};
/// use rollbook_testkit::ordered::OrderedStore;
///
/// let registry = Registry::builder(OrderedStore::new()).build();
/// let app = registry.create_app(&AppKey::new("shop")?, AppSettings::default())?;
/// let phone = DeviceId::new("phone")?;
/// let tags = vec![TagName::new("muted")?];
/// app.register(&Registration { tags, ..Registration::new(phone.clone(), Platform::Ios) })?;
///
/// let audience: Audience = "platform(ios) && (news || vip) && !muted".parse()?;
/// let why = app.why_not(&audience, &phone)?.unwrap();
/// assert_eq!(
///     why.to_string(),
///     "no: platform(ios) && (news || vip) && !muted\n\
///      ├─ no: news || vip\n\
///      │  ├─ no: news\n\
///      │  └─ no: vip\n\
///      └─ no: !muted\n   \
///         └─ yes: muted\n"
/// );
/// assert!(app.why_not(&"muted".parse()?, &phone)?.is_none());
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason<'a> {
    /// The part of the audience.
    pub part: &'a Audience,
    /// Does it hold for the device?
    pub holds: bool,
    /// The members that make it so; none for a leaf.
    pub because: Vec<Reason<'a>>,
}

/// What `audience`, which passed its check, says of a device, and why.
///
/// # Errors
/// What the store answers.
pub(crate) fn reason<'a, V: View>(
    picture: &Picture<V>,
    audience: &'a Audience,
    slot: Slot,
    id: &DeviceId,
) -> Result<Reason<'a>, Error> {
    let of = |member: &'a Audience| reason(picture, member, slot, id);
    let (members, all) = match audience {
        Audience::And(members) => (members, true),
        Audience::Or(members) => (members, false),
        Audience::Not(inner) => {
            let inner = of(inner)?;
            return Ok(Reason { part: audience, holds: !inner.holds, because: vec![inner] });
        }
        leaf => {
            let holds = matches(picture, leaf, slot, id)?;
            return Ok(Reason { part: leaf, holds, because: Vec::new() });
        }
    };
    let members = members.iter().map(of).collect::<Result<Vec<_>, _>>()?;
    let holds = if all {
        members.iter().all(|member| member.holds)
    } else {
        members.iter().any(|member| member.holds)
    };
    let decided = members.into_iter().filter(|member| member.holds == holds);
    // Of several members that would each be enough to hold, the first is.
    let most = if holds && !all { 1 } else { usize::MAX };
    Ok(Reason { part: audience, holds, because: decided.take(most).collect() })
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self, &mut String::new(), f)
    }
}

/// Writes a line and, indented, those below it. Long parts are cut: below them are their own lines.
fn show(reason: &Reason<'_>, indent: &mut String, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let word = if reason.holds { "yes" } else { "no" };
    writeln!(f, "{word}: {}", super::print::brief(reason.part))?;
    super::print::below(&reason.because, indent, f, show)
}
