//! A condition made ready for one picture: names as keys, devices as slots, members in the order of their cost.
//!
//! Made once a question and evaluated once a platform. What orders by size, shares common parts and explains itself
//! belongs here.

use super::Audience;
use crate::error::Error;
use crate::model::PlatformSet;
use crate::picture::Picture;
use crate::store::{Key, Relation, Slot, View};

/// A node of the tree, as far as the picture is needed to resolve it.
pub(super) enum Node<'a> {
    /// Every device on these platforms.
    Platforms(PlatformSet),
    /// The device in this slot; none when the picture does not know it.
    Slot(Option<Slot>),
    Key(Key<'a>),
    And(Vec<Node<'a>>),
    Or(Vec<Node<'a>>),
    Not(Box<Node<'a>>),
}

impl<'a> Node<'a> {
    /// Looks every device of the condition up, once.
    pub(super) fn new<V: View>(audience: &'a Audience, picture: &Picture<V>) -> Result<Self, Error> {
        Ok(match audience {
            Audience::All => Node::Platforms(PlatformSet::ALL),
            Audience::Platforms(set) => Node::Platforms(*set),
            Audience::Device(id) => Node::Slot(picture.find(id)?.map(|place| place.slot)),
            Audience::Tag(tag) => Node::Key(Key::new(Relation::Tag, tag.as_str())),
            Audience::Alias(alias) => Node::Key(Key::new(Relation::Alias, alias.as_str())),
            Audience::User(user) => Node::Key(Key::new(Relation::User, user.as_str())),
            Audience::And(members) => Node::And(Self::members(members, picture)?),
            Audience::Or(members) => Node::Or(Self::members(members, picture)?),
            Audience::Not(inner) => match Self::new(inner, picture)? {
                Node::Not(twice) => *twice,
                Node::Platforms(set) => Node::Platforms(set.complement()),
                once => Node::Not(Box::new(once)),
            },
        })
    }

    /// Cheapest first: a member that settles the answer alone saves the reading of those behind it.
    fn members<V: View>(members: &'a [Audience], picture: &Picture<V>) -> Result<Vec<Self>, Error> {
        let mut nodes =
            members.iter().map(|member| Self::new(member, picture)).collect::<Result<Vec<_>, _>>()?;
        nodes.sort_by_key(Node::cost);
        Ok(nodes)
    }

    fn cost(&self) -> u8 {
        match self {
            Node::Platforms(_) => 0,
            Node::Slot(_) => 1,
            Node::Key(_) => 2,
            Node::And(_) => 3,
            Node::Or(_) => 4,
            Node::Not(_) => 5,
        }
    }

    /// Is it more than one look-up?
    pub(super) fn is_inner(&self) -> bool {
        matches!(self, Node::And(_) | Node::Or(_) | Node::Not(_))
    }
}
