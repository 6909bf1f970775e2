//! What is kept in memory of each app in use: the queue that its commits go through, and its newest picture.

use crate::gate::Gate;
use crate::newest::{Newest, Picture};
use crate::sync::AtomicU64;
use crate::values::Header;
use parking_lot::{Mutex, RwLock};
use rollbook::AppId;
use rollbook::store::{Committed, StoreError, WriteSet};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Picture {
    pub(crate) fn new(header: &Header, deletions: bool) -> Self {
        let Header { version, sealed, log_end, last_drop, .. } = *header;
        Picture { version, sealed, log_end, last_drop, deletions }
    }
}

/// What the leader of a group of commits knows of an app as it is stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) header: Header,
    pub(crate) deletions: bool,
}

impl Known {
    pub(crate) fn picture(&self) -> Picture {
        Picture::new(&self.header, self.deletions)
    }
}

/// What is kept in memory of one app: a few hundred bytes, whatever the size of the app.
#[derive(Debug)]
pub(crate) struct AppState {
    /// Jobs are write sets, outcomes are what their commits return, and a leader hands what it knows of the stored
    /// app on to the next.
    pub(crate) gate: Gate<WriteSet, Result<Committed, StoreError>, Known>,
    pub(crate) newest: Newest,
    /// The version at which a tag with chunks last ended on a platform since the store was opened. It is stored
    /// before the commit that ends the tag becomes visible.
    pub(crate) ended: AtomicU64,
    /// Lets through one batch of heartbeats at a time, because each batch compares with what is stored before it
    /// writes.
    pub(crate) touching: Mutex<()>,
}

/// The apps that were used since the store was opened.
#[derive(Debug, Default)]
pub(crate) struct Apps(RwLock<BTreeMap<AppId, Arc<AppState>>>);

impl Apps {
    pub(crate) fn get(&self, app: AppId) -> Arc<AppState> {
        if let Some(state) = self.0.read().get(&app) {
            return state.clone();
        }
        let new = || {
            Arc::new(AppState {
                gate: Gate::new(),
                newest: Newest::new(),
                ended: AtomicU64::new(0),
                touching: Mutex::new(()),
            })
        };
        self.0.write().entry(app).or_insert_with(new).clone()
    }
}
