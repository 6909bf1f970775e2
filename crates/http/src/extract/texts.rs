//! A list of texts that takes hardly more memory than its JSON.

use super::faults::{Faults, Place, Tally};
use super::read::{Piece, Read, Reader};
use rollbook::Rule;
use serde::de::SeqAccess;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A list of texts, kept in one piece: a list of very many short ones takes hardly more memory than its JSON.
///
/// ```
/// use rollbook_http::jpush::wire::Texts;
/// let texts: Texts = serde_json::from_str(r#"["news","","汉"]"#)?;
/// assert_eq!(texts.iter().collect::<Vec<_>>(), ["news", "", "汉"]);
/// assert_eq!(texts, Texts::from_iter(["news", "", "汉"]));
/// assert_eq!(serde_json::to_string(&texts)?, r#"["news","","汉"]"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Texts {
    joined: String,
    /// Where each text ends.
    ends: Vec<usize>,
}

impl Texts {
    /// Adds a text at the end.
    ///
    /// ```
    /// use rollbook_http::jpush::wire::Texts;
    /// let mut texts = Texts::default();
    /// texts.push("news");
    /// assert_eq!(texts.iter().next(), Some("news"));
    /// ```
    pub fn push(&mut self, text: &str) {
        self.joined.push_str(text);
        self.ends.push(self.joined.len());
    }

    /// The number of texts.
    ///
    /// ```
    /// use rollbook_http::jpush::wire::Texts;
    /// assert_eq!(Texts::from_iter(["news", "news"]).len(), 2);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no text in the list.
    ///
    /// ```
    /// use rollbook_http::jpush::wire::Texts;
    /// assert!(Texts::default().is_empty());
    /// assert!(!Texts::from_iter([""]).is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The texts in their order.
    ///
    /// ```
    /// use rollbook_http::jpush::wire::Texts;
    /// assert!(Texts::from_iter(["vip", "news"]).iter().eq(["vip", "news"]));
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| self.joined.get(start..end).unwrap_or_default())
    }
}

impl<T: AsRef<str>> FromIterator<T> for Texts {
    fn from_iter<I: IntoIterator<Item = T>>(all: I) -> Self {
        let mut texts = Texts::default();
        all.into_iter().for_each(|text| texts.push(text.as_ref()));
        texts
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for Texts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::deserialize(deserializer)
    }
}

/// Every item that is no text is a fault, the first ones each by its index.
impl<'de> Read<'de> for Texts {
    const EXPECTED: &'static str = "must be a list of strings";

    fn list<A: SeqAccess<'de>>(
        mut items: A,
        place: Place<'_>,
        faults: &mut Faults,
    ) -> Result<Option<Self>, A::Error> {
        const ITEM: &str = "must be a string";
        let mut texts = Texts::default();
        let mut bad = Tally::default();
        let mut index = 0;
        while let Some(piece) =
            items.next_element_seed(Reader::<Piece<'de>>::new(place.item(index), faults))?
        {
            match piece {
                Some(Piece::Text(text)) => texts.push(&text),
                Some(other) if bad.names() => faults.wrong(place.item(index), ITEM, &other),
                _ => {}
            }
            index += 1;
        }
        faults.extend(bad.others(place, Rule::Type, ITEM));
        Ok(Some(texts))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Unread, decode};
    use super::*;
    use rollbook::Violation;

    #[test]
    fn every_item_of_the_wrong_type_is_named() {
        let Err(Unread::Invalid(refused)) = decode::<Texts>(br#"["a",5,null,["b"],{"c":1},true,1e3]"#) else {
            panic!("read")
        };
        let places: Vec<_> = refused.iter().map(Violation::index).collect();
        assert_eq!(places, [Some(1), Some(2), Some(3), Some(4), Some(5), Some(6)]);
        assert_eq!(refused.as_slice()[0].to_string(), "body[1]: type: must be a string: got 5");
    }

    #[test]
    fn an_item_that_is_no_value_is_named() {
        let Err(Unread::Invalid(refused)) = decode::<Texts>(br#"["a",1e400]"#) else { panic!("read") };
        let message = "body[1]: range: must be a number that 64 bits hold: got 1e400";
        assert_eq!(refused.to_string(), message);
    }

    #[test]
    fn an_endless_list_of_bad_items_has_a_bounded_answer() {
        let body = format!("[{}0]", "0,".repeat(299_999));
        let Err(Unread::Invalid(refused)) = decode::<Texts>(body.as_bytes()) else { panic!("read") };
        assert_eq!(refused.as_slice().len(), 101);
        let message = "body: type: must be a string: got 299900 more that are not";
        assert_eq!(refused.as_slice()[100].to_string(), message);
    }
}
