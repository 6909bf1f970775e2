//! What commits have read and changed but not written yet: cells over the database.

use std::collections::BTreeMap;

#[derive(Debug)]
struct Cell<V> {
    now: V,
    /// Must it be written?
    dirty: bool,
    /// Changed by the present commit?
    touched: bool,
    /// What it was before the present commit, kept while that may have to be taken back.
    before: Option<(V, bool)>,
}

/// Cells by key. Ordered, so that a batch writes neighbours one after the other, the same way each time.
#[derive(Debug)]
pub(crate) struct Overlay<K, V> {
    cells: BTreeMap<K, Cell<V>>,
    touched: Vec<K>,
    undoable: bool,
}

impl<K, V> Default for Overlay<K, V> {
    fn default() -> Self {
        Overlay { cells: BTreeMap::new(), touched: Vec::new(), undoable: false }
    }
}

impl<K: Ord + Clone, V: Clone> Overlay<K, V> {
    /// A commit begins. What it changes can be taken back only when it is `undoable`, which costs a copy a cell.
    pub(crate) fn begin(&mut self, undoable: bool) {
        self.undoable = undoable;
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.cells.get(key).map(|cell| &cell.now)
    }

    pub(crate) fn has(&self, key: &K) -> bool {
        self.cells.contains_key(key)
    }

    /// Takes in what the database holds.
    pub(crate) fn load(&mut self, key: K, value: V) {
        self.cells.insert(key, Cell { now: value, dirty: false, touched: false, before: None });
    }

    /// A cell that was loaded, to be changed.
    pub(crate) fn change(&mut self, key: &K) -> Option<&mut V> {
        let cell = self.cells.get_mut(key)?;
        if !cell.touched {
            cell.touched = true;
            cell.before = self.undoable.then(|| (cell.now.clone(), cell.dirty));
            self.touched.push(key.clone());
        }
        cell.dirty = true;
        Some(&mut cell.now)
    }

    /// Writes a cell. One that was not loaded must be `absent` in the database, or never be read.
    pub(crate) fn set(&mut self, key: K, value: V, absent: V) {
        if !self.has(&key) {
            self.load(key.clone(), absent);
        }
        if let Some(now) = self.change(&key) {
            *now = value;
        }
    }

    /// The present commit is done.
    pub(crate) fn keep(&mut self) {
        for key in self.touched.drain(..) {
            if let Some(cell) = self.cells.get_mut(&key) {
                (cell.touched, cell.before) = (false, None);
            }
        }
    }

    /// The present commit never was.
    pub(crate) fn undo(&mut self) {
        for key in self.touched.drain(..) {
            if let Some(cell) = self.cells.get_mut(&key) {
                cell.touched = false;
                if let Some((now, dirty)) = cell.before.take() {
                    (cell.now, cell.dirty) = (now, dirty);
                }
            }
        }
    }

    /// What must be written.
    pub(crate) fn dirty(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.cells.iter_mut().filter(|(_, cell)| cell.dirty).map(|(key, cell)| (key, &mut cell.now))
    }

    /// Every cell, in the order of the keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.cells.iter().map(|(key, cell)| (key, &cell.now))
    }
}
