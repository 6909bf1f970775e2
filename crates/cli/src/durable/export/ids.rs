//! A compact list of very many ids: one text, and eight bytes for each.

/// The number of bits of an entry that hold the id's length; an id has at most 255 bytes.
const LENGTH_BITS: u32 = 8;

/// Ids in one text, each with its position.
#[derive(Debug, Default)]
pub(super) struct Ids {
    text: String,
    /// The offset of each id, and in the lowest bits its length.
    places: Vec<u64>,
}

impl Ids {
    pub(super) fn push(&mut self, id: &str) {
        let length = id.len() as u64 & ((1 << LENGTH_BITS) - 1);
        self.places.push((self.text.len() as u64) << LENGTH_BITS | length);
        self.text.push_str(id);
    }

    /// Sorts the ids by their bytes.
    pub(super) fn sort(&mut self) {
        let Ids { text, places } = self;
        places.sort_unstable_by(|a, b| at(text, *a).cmp(at(text, *b)));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.places.iter().map(|place| at(&self.text, *place))
    }
}

fn at(text: &str, place: u64) -> &str {
    let start = (place >> LENGTH_BITS) as usize;
    let length = place & ((1 << LENGTH_BITS) - 1);
    text.get(start..start + length as usize).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back_in_the_order_of_their_bytes() {
        let mut ids = Ids::default();
        let longest = "é".repeat(127) + "x";
        for id in ["b", "a", "ab", &longest, "B", "é"] {
            ids.push(id);
        }
        ids.sort();
        assert_eq!(ids.iter().collect::<Vec<_>>(), ["B", "a", "ab", "b", "é", &longest]);
        assert_eq!(longest.len(), 255);
    }
}
