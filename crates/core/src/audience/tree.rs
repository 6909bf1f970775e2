//! The tree: construction and limits.

use crate::model::{Alias, DeviceId, Limits, Platform, PlatformSet, TagName, UserId};
use crate::violation::{Rule, Violation, Violations};
use serde::Serialize;
use smallvec::{SmallVec, smallvec};
use std::ops::{BitAnd, BitOr, Not};

/// A condition that selects devices of one app.
///
/// Build it from names with `&`, `|` and `!`, parse it from text with [`Audience::parse`], or read it from plain data
/// with serde. `Display` prints text that parses to the same tree.
///
/// ```
/// use rollbook::{Audience, Platform, TagName};
///
/// let built = Audience::from(TagName::new("news")?) & !Audience::from(Platform::Ios);
/// assert_eq!(built, "news && !platform(ios)".parse()?);
/// assert_eq!(built.to_string(), "news && !platform(ios)");
/// # Ok::<(), rollbook::Error>(())
/// ```
///
/// # Meaning
/// `Not` is relative to the devices of the app: `platform(ios) && !news` selects the devices on iOS without the tag. A
/// name that no device has selects nothing and is not an error. The order of a list and its duplicates do not matter.
///
/// # As plain data
/// A leaf or an operator is an object with one member; `All` is a string:
///
/// ```
/// use rollbook::Audience;
///
/// let json = r#"{"and":[{"tag":"news"},{"or":[{"alias":"ann"},{"user":"u1"},{"device":"d1"}]},
///               {"platforms":["ios","android"]},{"not":{"tag":"muted"}},"all"]}"#;
/// let audience: Audience = serde_json::from_str(json)?;
/// assert_eq!(
///     audience.to_string(),
///     "news && (alias(ann) || user(u1) || device(d1)) && platform(ios, android) && !muted && all()"
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Deserialization validates names and refuses nesting beyond [`Audience::MAX_DEPTH`]. It does not limit the number of
/// nodes: see [`Audience::check`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Every device of the app.
    All,
    /// The devices that carry the tag.
    Tag(TagName),
    /// The devices of the alias.
    Alias(Alias),
    /// The devices of the user; the anonymous user of a device is the user of the device's own id.
    User(UserId),
    /// The device with this id.
    Device(DeviceId),
    /// The devices on these platforms; the empty set selects nothing.
    Platforms(PlatformSet),
    /// The devices that all members select; every device if there are no members.
    And(Vec<Audience>),
    /// The devices that any member selects; none if there are no members.
    Or(Vec<Audience>),
    /// Every device of the app that the condition does not select.
    Not(Box<Audience>),
}

impl Audience {
    /// The maximum depth of a tree: the number of nodes from the root to a leaf, including both.
    ///
    /// ```
    /// use rollbook::Audience;
    /// assert!(format!("{}a", "!".repeat(Audience::MAX_DEPTH - 1)).parse::<Audience>().is_ok());
    /// assert!(format!("{}a", "!".repeat(Audience::MAX_DEPTH)).parse::<Audience>().is_err());
    /// ```
    pub const MAX_DEPTH: usize = 64;

    /// The maximum length of a text in bytes.
    ///
    /// ```
    /// use rollbook::Audience;
    /// assert!(" ".repeat(Audience::MAX_TEXT + 1).parse::<Audience>().is_err());
    /// ```
    pub const MAX_TEXT: usize = 1 << 20;

    /// Returns the audience that selects no device: an `Or` without members.
    ///
    /// ```
    /// assert_eq!(rollbook::Audience::none().to_string(), "none()");
    /// ```
    #[must_use]
    pub const fn none() -> Self {
        Audience::Or(Vec::new())
    }

    /// Returns the audience of the devices that all `members` select: a single member itself, or `All` if there are
    /// none.
    ///
    /// ```
    /// use rollbook::{Audience, Platform};
    /// assert_eq!(Audience::all_of([]), Audience::All);
    /// assert_eq!(Audience::all_of([Platform::Ios.into()]).to_string(), "platform(ios)");
    /// ```
    #[must_use]
    pub fn all_of(members: impl IntoIterator<Item = Audience>) -> Self {
        joined(members, Audience::And, Audience::All)
    }

    /// Returns the audience of the devices that any of `members` selects: a single member itself, or [`Audience::none`]
    /// if there are none.
    ///
    /// ```
    /// use rollbook::{Audience, parse_list, TagName};
    /// let tags: Vec<TagName> = parse_list("tags", &["a", "b"])?;
    /// assert_eq!(Audience::any_of(tags.into_iter().map(Audience::from)).to_string(), "a || b");
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn any_of(members: impl IntoIterator<Item = Audience>) -> Self {
        joined(members, Audience::Or, Audience::none())
    }

    /// Checks the tree against [`Audience::MAX_DEPTH`] and [`Limits::audience_nodes`].
    ///
    /// The check itself works on a tree of any depth. A tree that passes can be cloned, compared, printed, evaluated
    /// and dropped with a small stack.
    ///
    /// # Errors
    /// Violations of the field `audience`: [`Rule::Depth`], [`Rule::Items`] (the number of nodes), or both.
    ///
    /// ```
    /// use rollbook::{Audience, Limits};
    /// let audience: Audience = "a && b".parse()?;
    /// assert!(audience.check(&Limits { audience_nodes: 3, ..Limits::default() }).is_ok());
    /// let refused = audience.check(&Limits { audience_nodes: 2, ..Limits::default() }).unwrap_err();
    /// assert_eq!(refused.to_string(), "audience: items: must be at most 2 nodes: got 3");
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    pub fn check(&self, limits: &Limits) -> Result<(), Violations> {
        let (mut nodes, mut deepest) = (0_u64, 0);
        // Inline for common conditions, so that a question about one device does not allocate.
        let mut waiting: SmallVec<[(&Audience, usize); 32]> = smallvec![(self, 1)];
        while let Some((node, depth)) = waiting.pop() {
            nodes += 1;
            deepest = deepest.max(depth);
            waiting.extend(node.children().iter().map(|child| (child, depth + 1)));
        }
        let mut found = Vec::new();
        if deepest > Self::MAX_DEPTH {
            found.push(too_deep(deepest));
        }
        if nodes > u64::from(limits.audience_nodes) {
            let limit = format!("must be at most {} nodes", limits.audience_nodes);
            found.push(Violation::new("audience", Rule::Items, limit, nodes));
        }
        Violations::check(found)
    }

    /// Returns the tree as one that may be walked by recursion.
    ///
    /// # Errors
    /// As [`Audience::check`].
    pub(crate) fn checked(&self, limits: &Limits) -> Result<Checked<'_>, Violations> {
        self.check(limits).map(|()| Checked(self))
    }

    /// Returns the members of the node; none for a leaf.
    pub(crate) fn children(&self) -> &[Audience] {
        match self {
            Audience::And(members) | Audience::Or(members) => members,
            Audience::Not(inner) => std::slice::from_ref(inner),
            Audience::All
            | Audience::Tag(_)
            | Audience::Alias(_)
            | Audience::User(_)
            | Audience::Device(_)
            | Audience::Platforms(_) => &[],
        }
    }
}

/// An audience that passed [`Audience::check`]: deep recursion over it cannot overflow the stack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checked<'a>(&'a Audience);

impl<'a> Checked<'a> {
    /// Wraps a leaf, which is within every limit of depth.
    pub(crate) fn leaf(leaf: &'a Audience) -> Self {
        debug_assert!(leaf.children().is_empty(), "{leaf} is not a leaf");
        Checked(leaf)
    }

    pub(super) fn tree(self) -> &'a Audience {
        self.0
    }
}

fn too_deep(depth: usize) -> Violation {
    Violation::new("audience", Rule::Depth, format!("must be at most {}", Audience::MAX_DEPTH), depth)
}

fn joined(
    members: impl IntoIterator<Item = Audience>,
    join: fn(Vec<Audience>) -> Audience,
    empty: Audience,
) -> Audience {
    let mut members: Vec<Audience> = members.into_iter().collect();
    match members.len() {
        0 => empty,
        1 => members.pop().unwrap_or(empty),
        _ => join(members),
    }
}

impl BitAnd for Audience {
    type Output = Audience;

    /// Returns the audience of the devices that both select. A chain of `&` is one `And` and does not nest.
    fn bitand(self, other: Audience) -> Audience {
        let mut members = match self {
            Audience::And(members) if members.len() > 1 => members,
            one => vec![one],
        };
        members.push(other);
        Audience::And(members)
    }
}

impl BitOr for Audience {
    type Output = Audience;

    /// Returns the audience of the devices that either selects. A chain of `|` is one `Or` and does not nest.
    fn bitor(self, other: Audience) -> Audience {
        let mut members = match self {
            Audience::Or(members) if members.len() > 1 => members,
            one => vec![one],
        };
        members.push(other);
        Audience::Or(members)
    }
}

impl Not for Audience {
    type Output = Audience;

    /// Returns the audience of all other devices of the app.
    fn not(self) -> Audience {
        Audience::Not(Box::new(self))
    }
}

impl From<TagName> for Audience {
    fn from(tag: TagName) -> Self {
        Audience::Tag(tag)
    }
}

impl From<Alias> for Audience {
    fn from(alias: Alias) -> Self {
        Audience::Alias(alias)
    }
}

impl From<UserId> for Audience {
    fn from(user: UserId) -> Self {
        Audience::User(user)
    }
}

impl From<DeviceId> for Audience {
    fn from(device: DeviceId) -> Self {
        Audience::Device(device)
    }
}

impl From<Platform> for Audience {
    fn from(platform: Platform) -> Self {
        Audience::Platforms(platform.into())
    }
}

impl From<PlatformSet> for Audience {
    fn from(platforms: PlatformSet) -> Self {
        Audience::Platforms(platforms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(depth: usize) -> Audience {
        (1..depth).fold(Audience::All, |inner, _| !inner)
    }

    #[test]
    fn a_tree_is_accepted_at_the_depth_limit_and_refused_beyond() {
        let limits = Limits::default();
        assert!(chain(63).check(&limits).is_ok());
        assert!(chain(64).check(&limits).is_ok());
        let refused = chain(65).check(&limits).unwrap_err();
        assert_eq!(refused.to_string(), "audience: depth: must be at most 64: got 65");
    }

    #[test]
    fn a_tree_is_accepted_at_the_node_limit_and_refused_beyond() {
        let limits = Limits { audience_nodes: 4, ..Limits::default() };
        let wide = |members: usize| Audience::Or(vec![Audience::All; members]);
        assert!(wide(2).check(&limits).is_ok());
        assert!(wide(3).check(&limits).is_ok());
        assert_eq!(wide(4).check(&limits).unwrap_err().as_slice()[0].rule(), Rule::Items);
    }

    #[test]
    fn both_bounds_are_reported_at_once() {
        let limits = Limits { audience_nodes: 4, ..Limits::default() };
        assert_eq!(chain(100).check(&limits).unwrap_err().as_slice().len(), 2);
    }

    #[test]
    fn checking_a_tree_of_a_million_levels_needs_no_stack() {
        let mut deep = chain(1_000_000);
        assert_eq!(deep.check(&Limits::default()).unwrap_err().as_slice().len(), 2);
        // Dropping it as a whole would recurse a million times. Only code that builds trees by hand can create one.
        while let Audience::Not(inner) = deep {
            deep = *inner;
        }
    }

    #[test]
    fn a_chain_of_operators_does_not_nest() {
        let leaf = || Audience::from(Platform::Ios);
        assert_eq!(leaf() & leaf() & leaf(), Audience::And(vec![leaf(), leaf(), leaf()]));
        assert_eq!(leaf() | leaf() | leaf(), Audience::Or(vec![leaf(), leaf(), leaf()]));
        assert_eq!(Audience::none() | leaf(), Audience::Or(vec![Audience::none(), leaf()]));
    }
}
