//! The directory: the space that says which apps there are, and its own plan-and-commit.

use super::Inner;
use crate::error::Error;
use crate::model::{AppId, Version};
use crate::store::{Check, Entry, EntryKey, Operation, Store, StoreError, View, WriteSet};

/// A picture of the directory.
pub(super) struct Directory<V> {
    view: V,
}

impl<V: View> Directory<V> {
    pub(super) fn entry(&self, key: &EntryKey) -> Result<Option<(Entry, Version)>, Error> {
        self.view.entry(key).map_err(Error::store("read the directory"))
    }
}

/// What a change of the directory expects and does.
#[derive(Debug, Default)]
pub(super) struct Write {
    checks: Vec<Check>,
    pub(super) operations: Vec<Operation>,
}

impl Write {
    pub(super) fn expect(&mut self, key: EntryKey, version: Option<Version>) {
        self.checks.push(Check::Entry { key, version });
    }

    pub(super) fn put(&mut self, entry: Entry) {
        self.operations.push(Operation::PutEntry { entry });
    }
}

/// Directory writes are rare and human-made; so many conflicts in a row mean that something is wrong.
const ATTEMPTS: u32 = 64;

impl<S: Store> Inner<S> {
    pub(super) fn directory(&self) -> Result<Directory<S::View<'_>>, Error> {
        let view = self.store.view(AppId::DIRECTORY).map_err(Error::store("take a view"))?;
        Ok(Directory { view })
    }

    pub(super) fn write_directory<T>(
        &self,
        plan: impl Fn(&Directory<S::View<'_>>) -> Result<(T, Write), Error>,
    ) -> Result<T, Error> {
        for attempt in 0..ATTEMPTS {
            self.pause(attempt);
            let (outcome, write) = plan(&self.directory()?)?;
            if write.operations.is_empty() {
                return Ok(outcome);
            }
            let writes = WriteSet { checks: write.checks.into(), operations: write.operations.into() };
            match self.store.commit(AppId::DIRECTORY, &writes) {
                Ok(_) => return Ok(outcome),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(Error::store("commit")(error)),
            }
        }
        Err(Error::Contended { attempts: ATTEMPTS })
    }
}
