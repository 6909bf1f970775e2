//! The apps of a store, which are found without a lock.
//!
//! A lock around a map would be one cache line that every reader of every app writes to. Apps are never removed, so a
//! tree of cells that are each set once is enough. It has four levels, one for each byte of the number. Numbers are
//! given from 0 up, so the upper levels have one branch and stay in the cache; a number from the far end costs only
//! its own branch.

use crate::sync::OnceLock;

const WIDTH: usize = 256;

#[derive(Debug)]
struct Level<T>(Box<[OnceLock<T>]>);

impl<T> Default for Level<T> {
    fn default() -> Self {
        Level(std::iter::repeat_with(OnceLock::new).take(WIDTH).collect())
    }
}

impl<T> Level<T> {
    fn cell(&self, byte: u8) -> Option<&OnceLock<T>> {
        self.0.get(usize::from(byte))
    }
}

type Tree<T> = Level<Level<Level<Level<Box<T>>>>>;

/// Values by number.
#[derive(Debug)]
pub(crate) struct Apps<T>(Tree<T>);

impl<T> Default for Apps<T> {
    fn default() -> Self {
        Apps(Level::default())
    }
}

impl<T> Apps<T> {
    /// Returns the value of a number, if it has one.
    #[inline]
    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        let [a, b, c, d] = number.to_be_bytes();
        let leaf = self.0.cell(a)?.get()?.cell(b)?.get()?.cell(c)?.get()?;
        leaf.cell(d)?.get().map(|value| &**value)
    }

    /// Returns the value of a number, and makes it first if there is none.
    pub(crate) fn get_or_make(&self, number: u32, make: impl FnOnce() -> T) -> Option<&T> {
        let [a, b, c, d] = number.to_be_bytes();
        let second = self.0.cell(a)?.get_or_init(Level::default);
        let third = second.cell(b)?.get_or_init(Level::default);
        let leaf = third.cell(c)?.get_or_init(Level::default);
        Some(leaf.cell(d)?.get_or_init(|| Box::new(make())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_value_it_was_first_given() {
        let apps = Apps::default();
        for number in [0, 1, 255, 256, 65_536, u32::MAX] {
            assert_eq!(apps.get(number), None);
            assert_eq!(apps.get_or_make(number, || number), Some(&number));
            assert_eq!(apps.get_or_make(number, || 99), Some(&number));
            assert_eq!(apps.get(number), Some(&number));
        }
    }
}
