//! Deserialization of the tree, written by hand to limit the depth while reading, whatever the format.
//!
//! A derived implementation recurses as deep as the input, and leaves the limit to the format.

use super::Audience;
use crate::model::{Alias, DeviceId, PlatformSet, TagName, UserId};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, SeqAccess, VariantAccess, Visitor};
use std::fmt;

const VARIANTS: &[&str] = &["all", "tag", "alias", "user", "device", "platforms", "and", "or", "not"];

/// In the order of the variants of [`Audience`], because a format may identify them by number.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Variant {
    All,
    Tag,
    Alias,
    User,
    Device,
    Platforms,
    And,
    Or,
    Not,
}

/// Reads a node with at most this many levels.
#[derive(Clone, Copy)]
struct Node(usize);

/// Reads the members of a node, each with at most this many levels.
struct Members(usize);

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Node(Audience::MAX_DEPTH).deserialize(from)
    }
}

impl<'de> DeserializeSeed<'de> for Node {
    type Value = Audience;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Audience, D::Error> {
        if self.0 == 0 {
            return Err(D::Error::custom(format_args!(
                "audience: depth: must be at most {}: got more",
                Audience::MAX_DEPTH
            )));
        }
        from.deserialize_enum("Audience", VARIANTS, self)
    }
}

impl<'de> Visitor<'de> for Node {
    type Value = Audience;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an audience")
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Audience, A::Error> {
        let below = self.0 - 1;
        let (variant, content) = data.variant::<Variant>()?;
        Ok(match variant {
            Variant::All => {
                content.unit_variant()?;
                Audience::All
            }
            Variant::Tag => Audience::Tag(content.newtype_variant::<TagName>()?),
            Variant::Alias => Audience::Alias(content.newtype_variant::<Alias>()?),
            Variant::User => Audience::User(content.newtype_variant::<UserId>()?),
            Variant::Device => Audience::Device(content.newtype_variant::<DeviceId>()?),
            Variant::Platforms => Audience::Platforms(content.newtype_variant::<PlatformSet>()?),
            Variant::And => Audience::And(content.newtype_variant_seed(Members(below))?),
            Variant::Or => Audience::Or(content.newtype_variant_seed(Members(below))?),
            Variant::Not => Audience::Not(Box::new(content.newtype_variant_seed(Node(below))?)),
        })
    }
}

impl<'de> DeserializeSeed<'de> for Members {
    type Value = Vec<Audience>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Vec<Audience>, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Members {
    type Value = Vec<Audience>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of audiences")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Vec<Audience>, A::Error> {
        // The length that the input claims is not trusted: no capacity is reserved.
        let mut members = Vec::new();
        while let Some(member) = from.next_element_seed(Node(self.0))? {
            members.push(member);
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::trees;
    use super::*;
    use proptest::prelude::*;

    fn nested(depth: usize) -> String {
        format!("{}\"all\"{}", r#"{"not":"#.repeat(depth - 1), "}".repeat(depth - 1))
    }

    #[test]
    fn data_is_read_at_the_depth_limit_and_refused_beyond() {
        assert!(serde_json::from_str::<Audience>(&nested(63)).is_ok());
        assert!(serde_json::from_str::<Audience>(&nested(64)).is_ok());
        let refused = serde_json::from_str::<Audience>(&nested(65)).unwrap_err().to_string();
        assert!(refused.starts_with("audience: depth: must be at most 64"), "{refused}");
        assert!(serde_json::from_str::<Audience>(&nested(100_000)).is_err());
    }

    #[test]
    fn names_are_validated_while_data_is_read() {
        for bad in [
            r#"{"tag":""}"#,
            r#"{"alias":"a\nb"}"#,
            r#"{"platforms":["amiga"]}"#,
            r#"{"and":{}}"#,
            r#"{"nor":[]}"#,
            "{}",
            "null",
            r#"{"tag":"a","user":"b"}"#,
        ] {
            assert!(serde_json::from_str::<Audience>(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn data_reads_back_as_the_same_tree(tree in trees()) {
            let json = serde_json::to_string(&tree).unwrap();
            prop_assert_eq!(serde_json::from_str::<Audience>(&json).unwrap(), tree);
        }
    }
}
