//! Why a device is or is not in an audience, from the device's own keys.

use super::matches::{Stored, selects};
use super::{Audience, Checked};
use crate::error::Error;
use crate::live_view::LiveView;
use crate::model::DeviceId;
use crate::store::{Slot, View};
use serde::Serialize;
use std::fmt;

/// A part of an audience, whether it holds for a device, and the members that decide it.
///
/// For an and that does not hold, these are all members that do not hold; for an or that does not hold, all members;
/// for an or that holds, the first member that holds. `Display` prints a tree.
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason<'a> {
    /// The part of the audience.
    pub part: &'a Audience,
    /// Whether the part holds for the device.
    pub holds: bool,
    /// The members that decide it; empty for a leaf.
    pub because: Vec<Reason<'a>>,
}

/// Returns whether `audience` selects a device, and why.
///
/// # Errors
/// Errors of the store.
pub(crate) fn reason<'a, V: View>(
    live: &LiveView<V>,
    audience: Checked<'a>,
    slot: Slot,
    id: &DeviceId,
) -> Result<Reason<'a>, Error> {
    decided(audience.tree(), &Stored { live, slot, id })
}

fn decided<'a, V: View>(audience: &'a Audience, device: &Stored<'_, V>) -> Result<Reason<'a>, Error> {
    let of = |member: &'a Audience| decided(member, device);
    let (members, all) = match audience {
        Audience::And(members) => (members, true),
        Audience::Or(members) => (members, false),
        Audience::Not(inner) => {
            let inner = of(inner)?;
            return Ok(Reason { part: audience, holds: !inner.holds, because: vec![inner] });
        }
        leaf => {
            let holds = selects(leaf, device)?;
            return Ok(Reason { part: leaf, holds, because: Vec::new() });
        }
    };
    let members = members.iter().map(of).collect::<Result<Vec<_>, _>>()?;
    let holds = if all {
        members.iter().all(|member| member.holds)
    } else {
        members.iter().any(|member| member.holds)
    };
    let because = members.into_iter().filter(|member| member.holds == holds);
    // One member is enough for an or to hold; the others do not explain more.
    let most = if holds && !all { 1 } else { usize::MAX };
    Ok(Reason { part: audience, holds, because: because.take(most).collect() })
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self, &mut String::new(), f)
    }
}

/// Writes a line and, indented, its members. Long parts are cut, because their members have lines of their own.
fn show(reason: &Reason<'_>, indent: &mut String, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let word = if reason.holds { "yes" } else { "no" };
    writeln!(f, "{word}: {}", super::print::brief(reason.part))?;
    super::print::below(&reason.because, indent, f, show)
}
