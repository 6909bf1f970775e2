//! Choices read from bytes: one generator for property tests, fuzzers and replays.

/// A source of choices. When its bytes run out every choice is the first one, so that fewer and smaller bytes mean a
/// simpler result: shrinking bytes shrinks what is made of them.
///
/// ```
/// use rollbook_testkit::op::Choices;
/// let mut choices = Choices::new(&[1]);
/// assert_eq!(choices.one(&["news", "vip"]), Some("vip"));
/// assert_eq!(choices.one(&["news", "vip"]), Some("news"), "the bytes have run out");
/// ```
#[derive(Debug, Clone)]
pub struct Choices<'a> {
    bytes: &'a [u8],
}

impl<'a> Choices<'a> {
    /// Returns the choices that these bytes stand for.
    ///
    /// ```
    /// use rollbook_testkit::op::Choices;
    /// let (mut one, mut same) = (Choices::new(&[13]), Choices::new(&[13]));
    /// assert_eq!(one.below(10), same.below(10));
    /// ```
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Choices { bytes }
    }

    /// Returns `true` if all bytes are used up.
    ///
    /// ```
    /// use rollbook_testkit::op::Choices;
    /// let mut choices = Choices::new(&[13]);
    /// assert!(!choices.is_empty());
    /// assert_eq!(choices.below(10), 3);
    /// assert!(choices.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    fn byte(&mut self) -> u8 {
        match self.bytes {
            [first, rest @ ..] => {
                self.bytes = rest;
                *first
            }
            [] => 0,
        }
    }

    /// Returns a number below `count`, which is at most 256; 0 when `count` is 0.
    ///
    /// ```
    /// use rollbook_testkit::op::Choices;
    /// let mut choices = Choices::new(&[13, 7]);
    /// assert_eq!([choices.below(10), choices.below(10), choices.below(10)], [3, 7, 0]);
    /// ```
    pub fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte()).checked_rem(count).unwrap_or(0)
    }

    /// Returns `true` once in this many times. When the bytes have run out, returns `false` unless `times` is 1.
    ///
    /// ```
    /// use rollbook_testkit::op::Choices;
    /// let mut choices = Choices::new(&[3, 4]);
    /// assert_eq!([choices.once_in(4), choices.once_in(4), choices.once_in(4)], [true, false, false]);
    /// ```
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) + 1 == times
    }

    /// Returns one item of a list.
    ///
    /// ```
    /// use rollbook_testkit::op::Choices;
    /// assert_eq!(Choices::new(&[4]).one(&["ios", "android", "harmony"]), Some("android"));
    /// assert_eq!(Choices::new(&[4]).one::<&str>(&[]), None);
    /// ```
    pub fn one<T: Clone>(&mut self, list: &[T]) -> Option<T> {
        list.get(self.below(list.len())).cloned()
    }

    /// Returns between 0 and `most` values.
    ///
    /// ```
    /// use rollbook_testkit::op::Choices;
    /// let tags = Choices::new(&[2, 1, 0]).list(3, |choices| choices.one(&["news", "vip"]));
    /// assert_eq!(tags, [Some("vip"), Some("news")]);
    /// ```
    pub fn list<T>(&mut self, most: usize, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| item(self)).collect()
    }

    /// Returns a value, or none.
    ///
    /// ```
    /// use rollbook_testkit::op::Choices;
    /// assert_eq!(Choices::new(&[1, 7]).maybe(|choices| choices.below(10)), Some(7));
    /// assert_eq!(Choices::new(&[0, 7]).maybe(|choices| choices.below(10)), None);
    /// ```
    pub fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.once_in(2).then(|| value(self))
    }
}
