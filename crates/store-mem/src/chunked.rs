//! Growing arrays that never move their rows once they are longer than one chunk.
//!
//! A `Vec` of ten million rows copies all of them when it grows, while every reader waits, and holds up to twice the
//! memory it needs. Here only the first chunk grows by copying, so that a small app stays small; every later chunk is
//! allocated at its full size.

/// The number of rows in a chunk, as a power of two. At ten million rows the list of chunks is then small enough to
/// stay in the first-level caches; with chunks of 1 024 rows a look-up cost one more cache miss. Larger chunks would
/// only leave more unused rows at the end.
pub(crate) const CHUNK_BITS: u32 = 13;
/// The number of rows in a chunk.
pub(crate) const CHUNK: usize = 1 << CHUNK_BITS;
const MASK: u32 = (1 << CHUNK_BITS) - 1;

/// Returns the number of the chunk that holds row `n`, and the position of the row in it.
#[inline]
pub(crate) const fn split(n: u32) -> (usize, usize) {
    ((n >> CHUNK_BITS) as usize, (n & MASK) as usize)
}

/// Returns the capacity with which the chunk of this number starts.
#[inline]
pub(crate) const fn first_capacity(chunk: usize) -> usize {
    if chunk == 0 { 0 } else { CHUNK }
}

/// Rows by number.
#[derive(Debug)]
pub(crate) struct Chunked<T> {
    chunks: Vec<Vec<T>>,
    len: u32,
}

impl<T> Default for Chunked<T> {
    fn default() -> Self {
        Chunked { chunks: Vec::new(), len: 0 }
    }
}

impl<T> Chunked<T> {
    #[inline]
    pub(crate) fn get(&self, n: u32) -> Option<&T> {
        let (chunk, row) = split(n);
        self.chunks.get(chunk)?.get(row)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, n: u32) -> Option<&mut T> {
        let (chunk, row) = split(n);
        self.chunks.get_mut(chunk)?.get_mut(row)
    }

    pub(crate) const fn len(&self) -> u32 {
        self.len
    }

    /// Appends a row and returns its number. The caller has made sure that a number is left.
    pub(crate) fn push(&mut self, row: T) -> u32 {
        let number = self.len;
        let (chunk, _) = split(number);
        if self.chunks.len() <= chunk {
            self.chunks.push(Vec::with_capacity(first_capacity(chunk)));
        }
        if let Some(last) = self.chunks.last_mut() {
            last.push(row);
            self.len += 1;
        }
        number
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }

    /// Returns the bytes that the rows take, used or not, without what they point to.
    pub(crate) fn bytes(&self) -> usize {
        let rows: usize = self.chunks.iter().map(Vec::capacity).sum();
        rows * size_of::<T>() + self.chunks.capacity() * size_of::<Vec<T>>()
    }
}

/// Rows whose numbers are reused after they were freed.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    rows: Chunked<T>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab { rows: Chunked::default(), free: Vec::new() }
    }
}

impl<T: Default> Slab<T> {
    #[inline]
    pub(crate) fn get(&self, n: u32) -> Option<&T> {
        self.rows.get(n)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, n: u32) -> Option<&mut T> {
        self.rows.get_mut(n)
    }

    /// Returns how many numbers were ever given.
    pub(crate) const fn len(&self) -> u32 {
        self.rows.len()
    }

    pub(crate) fn put(&mut self, row: T) -> u32 {
        match self.free.pop() {
            Some(number) => {
                if let Some(free) = self.rows.get_mut(number) {
                    *free = row;
                }
                number
            }
            None => self.rows.push(row),
        }
    }

    /// Frees a number and returns its row.
    pub(crate) fn take(&mut self, n: u32) -> T {
        match self.rows.get_mut(n) {
            Some(row) => {
                self.free.push(n);
                std::mem::take(row)
            }
            None => T::default(),
        }
    }

    /// Iterates over every row, including the empty ones of free numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.rows.iter()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.rows.bytes() + self.free.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_numbers_across_chunks() {
        let mut rows = Chunked::default();
        for n in 0..3000_u32 {
            assert_eq!(rows.push(n * 7), n);
        }
        assert!((0..3000).all(|n| rows.get(n) == Some(&(n * 7))));
        assert_eq!(rows.get(3000), None);
    }

    #[test]
    fn a_small_array_takes_little() {
        let mut rows = Chunked::default();
        rows.push([0_u8; 64]);
        assert!(rows.bytes() < 64 * 16);
    }

    #[test]
    fn a_freed_number_is_given_again() {
        let mut slab = Slab::default();
        let (one, two) = (slab.put("one"), slab.put("two"));
        assert_eq!(slab.take(one), "one");
        assert_eq!(slab.put("three"), one);
        assert_eq!((slab.get(one), slab.get(two)), (Some(&"three"), Some(&"two")));
    }
}
