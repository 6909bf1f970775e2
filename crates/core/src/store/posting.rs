//! The devices of one key on one platform, as ordinals.

use roaring::RoaringBitmap;
use smallvec::SmallVec;
use std::sync::Arc;

/// A set of ordinals that is cheap to clone: a few ordinals inline, or a bitmap shared with the store.
///
/// Most aliases and users name one to three devices; a bitmap for each would take more memory than the devices
/// themselves.
///
/// ```
/// use rollbook::store::Posting;
/// let household: Posting = [8, 3].into_iter().collect();
/// assert!(matches!(&household, Posting::Few(few) if few[..] == [3, 8]));
/// assert!(matches!((0..5).collect(), Posting::Many(many) if many.len() == 5));
/// ```
#[derive(Debug, Clone)]
pub enum Posting {
    /// Up to four ordinals, ascending.
    Few(SmallVec<[u32; 4]>),
    /// Any number of ordinals.
    Many(Arc<RoaringBitmap>),
}

impl Default for Posting {
    fn default() -> Self {
        Posting::Few(SmallVec::new())
    }
}

impl Posting {
    /// Returns the number of ordinals.
    ///
    /// ```
    /// use rollbook::store::Posting;
    /// assert_eq!(Posting::from_iter([3, 8, 3]).len(), 2);
    /// ```
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Posting::Few(few) => few.len() as u64,
            Posting::Many(many) => many.len(),
        }
    }

    /// Returns whether the set is empty.
    ///
    /// ```
    /// use rollbook::store::Posting;
    /// assert!(Posting::default().is_empty());
    /// assert!(!Posting::from_iter([3]).is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Posting::Few(few) => few.is_empty(),
            Posting::Many(many) => many.is_empty(),
        }
    }

    /// Returns whether the ordinal is in the set.
    ///
    /// ```
    /// use rollbook::store::Posting;
    /// let posting = Posting::from_iter([3, 8]);
    /// assert!(posting.contains(8));
    /// assert!(!posting.contains(4));
    /// ```
    #[must_use]
    pub fn contains(&self, ordinal: u32) -> bool {
        match self {
            Posting::Few(few) => few.contains(&ordinal),
            Posting::Many(many) => many.contains(ordinal),
        }
    }

    /// Calls `each` with every ordinal in ascending order.
    ///
    /// ```
    /// use rollbook::store::Posting;
    /// let mut seen = Vec::new();
    /// Posting::from_iter([8, 3]).for_each(|ordinal| seen.push(ordinal));
    /// assert_eq!(seen, [3, 8]);
    /// ```
    pub fn for_each(&self, mut each: impl FnMut(u32)) {
        match self {
            Posting::Few(few) => few.iter().for_each(|&ordinal| each(ordinal)),
            Posting::Many(many) => many.iter().for_each(each),
        }
    }

    /// Returns the first `limit` ordinals that are at least `from`, in ascending order.
    ///
    /// ```
    /// use rollbook::store::Posting;
    /// let posting = Posting::from_iter([1, 3, 5, 7, 9]);
    /// assert_eq!(posting.chunk(3, 2), [3, 5]);
    /// assert_eq!(posting.chunk(6, 10), [7, 9]);
    /// ```
    #[must_use]
    pub fn chunk(&self, from: u32, limit: usize) -> Vec<u32> {
        match self {
            Posting::Few(few) => few.iter().copied().filter(|&ordinal| ordinal >= from).take(limit).collect(),
            Posting::Many(many) => many.range(from..).take(limit).collect(),
        }
    }

    /// Returns the set as a bitmap: the shared one, or a new one made of the few ordinals.
    ///
    /// ```
    /// use rollbook::store::Posting;
    /// let news = Posting::from_iter(0..100).into_bitmap();
    /// let vip = Posting::from_iter([8, 300]).into_bitmap();
    /// assert_eq!(news.intersection_len(&vip), 1);
    /// ```
    #[must_use]
    pub fn into_bitmap(self) -> Arc<RoaringBitmap> {
        match self {
            Posting::Few(few) => Arc::new(few.iter().copied().collect()),
            Posting::Many(many) => many,
        }
    }

    /// Adds the set to a bitmap.
    ///
    /// ```
    /// use rollbook::store::Posting;
    /// let mut any = roaring::RoaringBitmap::new();
    /// Posting::from_iter([3, 8]).union_into(&mut any);
    /// Posting::from_iter(5..10).union_into(&mut any);
    /// assert_eq!(any.into_iter().collect::<Vec<_>>(), [3, 5, 6, 7, 8, 9]);
    /// ```
    pub fn union_into(&self, bitmap: &mut RoaringBitmap) {
        match self {
            Posting::Few(few) => bitmap.extend(few.iter().copied()),
            Posting::Many(many) => *bitmap |= &**many,
        }
    }
}

impl FromIterator<u32> for Posting {
    /// Collects the ordinals, which may be in any order.
    fn from_iter<I: IntoIterator<Item = u32>>(ordinals: I) -> Self {
        let bitmap: RoaringBitmap = ordinals.into_iter().collect();
        if bitmap.len() <= 4 {
            Posting::Few(bitmap.iter().collect())
        } else {
            Posting::Many(Arc::new(bitmap))
        }
    }
}
