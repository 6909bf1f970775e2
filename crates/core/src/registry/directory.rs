//! The directory: the app that holds no devices, but the catalogue entries that say which apps there are.

use super::Inner;
use super::commit::Planned;
use crate::error::Error;
use crate::model::{AppId, Version};
use crate::store::{Check, Entry, EntryKey, Operation, Store, StoreError, View, WriteSet};

/// A view of the directory.
pub(super) struct Directory<V> {
    view: V,
}

impl<V: View> Directory<V> {
    pub(super) fn entry(&self, key: &EntryKey) -> Result<Option<(Entry, Version)>, Error> {
        self.view.entry(key).map_err(Error::store("read the directory"))
    }
}

/// A change of the directory.
#[derive(Debug, Default)]
pub(super) struct Write(WriteSet);

impl Write {
    /// Notes that the change relies on the entry's version.
    pub(super) fn expect(&mut self, key: EntryKey, version: Option<Version>) {
        self.0.checks.push(Check::Entry { key, version });
    }

    pub(super) fn put(&mut self, entry: Entry) {
        self.0.operations.push(Operation::PutEntry { entry });
    }

    pub(super) fn remove(&mut self, key: EntryKey) {
        self.0.operations.push(Operation::RemoveEntry { key });
    }
}

impl<S: Store> Inner<S> {
    pub(super) fn directory(&self) -> Result<Directory<S::View<'_>>, Error> {
        let view = self.store.view(AppId::DIRECTORY).map_err(Error::store("take a view"))?;
        Ok(Directory { view })
    }

    pub(super) fn write_directory<T>(
        &self,
        plan: impl Fn(&Directory<S::View<'_>>) -> Result<(T, Write), Error>,
    ) -> Result<T, Error> {
        let planned = self.commit_loop("commit", AppId::DIRECTORY, || {
            let (outcome, Write(writes)) = plan(&self.directory()?)?;
            Ok(Planned::Commit(outcome, writes))
        });
        planned.map(|(outcome, _)| outcome)
    }
}

/// An entry that is not what its key promises, as an error.
pub(super) fn misplaced() -> Error {
    Error::store("read the catalogue")(StoreError::corrupt("an entry is of another kind than its key"))
}
