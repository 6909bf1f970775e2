//! Records that commits have read or changed and that are not written yet: cells over the database.

use hashbrown::HashMap;
use hashbrown::hash_map::EntryRef;
use std::hash::Hash;

#[derive(Debug)]
struct Cell<V> {
    now: V,
    /// Whether the value must be written.
    dirty: bool,
    /// The value before the present commit and whether it had to be written, kept while the commit may have to be
    /// taken back.
    before: Option<(V, bool)>,
}

impl<V: Clone> Cell<V> {
    fn new(now: V) -> Self {
        Cell { now, dirty: false, before: None }
    }

    /// Returns the value for a change by the present commit, and saves what it was before if the commit can be taken
    /// back.
    fn touch<K: Clone>(&mut self, key: &K, touched: Option<&mut Vec<K>>) -> &mut V {
        // Only the first change by a commit saves the value.
        if let Some(touched) = touched
            && self.before.is_none()
        {
            self.before = Some((self.now.clone(), self.dirty));
            touched.push(key.clone());
        }
        self.dirty = true;
        &mut self.now
    }
}

/// Cells by key.
#[derive(Debug)]
pub(crate) struct Overlay<K, V> {
    cells: HashMap<K, Cell<V>>,
    /// The keys of the cells that the present commit has changed, if it can be taken back.
    touched: Vec<K>,
    undoable: bool,
}

impl<K, V> Default for Overlay<K, V> {
    fn default() -> Self {
        Overlay { cells: HashMap::new(), touched: Vec::new(), undoable: false }
    }
}

impl<K: Ord + Hash + Clone, V: Clone> Overlay<K, V> {
    /// Begins a commit. Its changes can be taken back only if it is `undoable`, which costs a copy of each changed
    /// cell.
    pub(crate) fn begin(&mut self, undoable: bool) {
        self.undoable = undoable;
    }

    /// Makes room for `more` more cells.
    pub(crate) fn reserve(&mut self, more: usize) {
        self.cells.reserve(more);
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.cells.get(key).map(|cell| &cell.now)
    }

    pub(crate) fn has(&self, key: &K) -> bool {
        self.cells.contains_key(key)
    }

    /// Adds what the database holds.
    pub(crate) fn load(&mut self, key: K, value: V) {
        self.cells.insert(key, Cell::new(value));
    }

    /// Returns a cell. One that was not loaded is loaded with `stored`.
    pub(crate) fn read<E>(&mut self, key: &K, stored: impl FnOnce() -> Result<V, E>) -> Result<&V, E> {
        match self.cells.entry_ref(key) {
            EntryRef::Occupied(cell) => Ok(&cell.into_mut().now),
            EntryRef::Vacant(place) => Ok(&place.insert_with_key(key.clone(), Cell::new(stored()?)).now),
        }
    }

    /// Returns a cell to be changed. One that was not loaded is loaded with `stored`.
    pub(crate) fn edit<E>(&mut self, key: &K, stored: impl FnOnce() -> Result<V, E>) -> Result<&mut V, E> {
        let cell = match self.cells.entry_ref(key) {
            EntryRef::Occupied(cell) => cell.into_mut(),
            EntryRef::Vacant(place) => place.insert_with_key(key.clone(), Cell::new(stored()?)),
        };
        Ok(cell.touch(key, self.undoable.then_some(&mut self.touched)))
    }

    /// Returns a cell to be changed, if it was loaded.
    pub(crate) fn change(&mut self, key: &K) -> Option<&mut V> {
        let cell = self.cells.get_mut(key)?;
        Some(cell.touch(key, self.undoable.then_some(&mut self.touched)))
    }

    /// Sets a cell. One that was not loaded must have the value `absent` in the database, or never be read.
    pub(crate) fn set(&mut self, key: K, value: V, absent: V) {
        if let Some(now) = self.change(&key) {
            *now = value;
            return;
        }
        let before = self.undoable.then(|| {
            self.touched.push(key.clone());
            (absent, false)
        });
        self.cells.insert(key, Cell { now: value, dirty: true, before });
    }

    /// Keeps the changes of the present commit.
    pub(crate) fn keep(&mut self) {
        for key in self.touched.drain(..) {
            if let Some(cell) = self.cells.get_mut(&key) {
                cell.before = None;
            }
        }
    }

    /// Takes back the changes of the present commit.
    pub(crate) fn undo(&mut self) {
        for key in self.touched.drain(..) {
            if let Some(cell) = self.cells.get_mut(&key)
                && let Some((now, dirty)) = cell.before.take()
            {
                (cell.now, cell.dirty) = (now, dirty);
            }
        }
    }

    /// Returns what must be written, in the order of the keys, so that neighbours reach the engine's tables together.
    pub(crate) fn dirty(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        let dirty = self.cells.iter_mut().filter(|(_, cell)| cell.dirty);
        let mut dirty: Vec<(&K, &mut V)> = dirty.map(|(key, cell)| (key, &mut cell.now)).collect();
        dirty.sort_unstable_by_key(|(key, _)| *key);
        dirty.into_iter()
    }

    /// Returns every cell with its present value, in any order.
    pub(crate) fn into_cells(self) -> impl Iterator<Item = (K, V)> {
        self.cells.into_iter().map(|(key, cell)| (key, cell.now))
    }

    /// Iterates over every cell, in any order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.cells.iter().map(|(key, cell)| (key, &cell.now))
    }
}
