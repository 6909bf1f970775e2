//! Reading the whole store, to find out whether all of it can be read.

use crate::families::Family;
use crate::open::RocksStore;
use crate::{error, reads::handle};
use rocksdb::ReadOptions;
use rollbook::store::StoreError;

/// How many bytes are read at once.
const READ_AHEAD: usize = 4 << 20;

/// The result of reading one column family.
///
/// ```
/// # use rollbook::{Platform, Registration, Registry};
/// use rollbook_store_rocks::{RocksOptions, RocksStore};
/// # let directory = tempfile::tempdir()?;
/// # let store = RocksStore::open(directory.path().join("register"), &RocksOptions::default())?;
/// let registry = Registry::builder(store).build();
/// let shop = registry.create_app(&"shop".parse()?, Default::default())?;
/// shop.register(&Registration::new("phone".parse()?, Platform::Ios))?;
/// let scrubbed = registry.store().scrub(&mut |_, _| {})?;
/// let devices = scrubbed.iter().find(|family| family.name == "device").ok_or("no such family")?;
/// assert_eq!(devices.keys, 1);
/// assert!(devices.bytes > 0 && devices.damage.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Scrubbed {
    /// Its name.
    pub name: &'static str,
    /// Keys that were read.
    pub keys: u64,
    /// Bytes of these keys and their values.
    pub bytes: u64,
    /// Why reading stopped before the end: for example a block with a wrong checksum, or a missing file.
    pub damage: Option<StoreError>,
}

impl RocksStore {
    /// Reads every key of every column family, and so every block that holds one. This also finds damaged blocks that
    /// no ordinary read would meet. Calls `watch` with the family's name and the number of its keys read so far.
    /// Takes as long as reading the whole store; the cache is left as it is.
    ///
    /// ```
    /// use rollbook::AppId;
    /// use rollbook::store::{Store, WriteSet};
    /// use rollbook_store_rocks::{RocksOptions, RocksStore};
    /// # let directory = tempfile::tempdir()?;
    /// let store = RocksStore::open(directory.path().join("register"), &RocksOptions::default())?;
    /// store.commit(AppId(1), &WriteSet::default())?;
    /// let mut watched = Vec::new();
    /// let scrubbed = store.scrub(&mut |family, keys| watched.push((family.to_owned(), keys)))?;
    /// assert_eq!(watched, [("app".to_owned(), 1)]); // the app's header
    /// assert!(scrubbed.iter().all(|family| family.damage.is_none()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Closed`].
    pub fn scrub(&self, watch: &mut dyn FnMut(&str, u64)) -> Result<Vec<Scrubbed>, StoreError> {
        let mut all = Vec::with_capacity(Family::ALL.len());
        for family in Family::ALL {
            let mut options = ReadOptions::default();
            options.fill_cache(false);
            options.set_readahead_size(READ_AHEAD);
            let mut iterator = self.db.raw_iterator_cf_opt(handle(&self.db, family)?, options);
            let mut scrubbed = Scrubbed { name: family.name(), keys: 0, bytes: 0, damage: None };
            iterator.seek_to_first();
            while let Some((key, value)) = iterator.item() {
                scrubbed.keys += 1;
                scrubbed.bytes += (key.len() + value.len()) as u64;
                watch(scrubbed.name, scrubbed.keys);
                iterator.next();
            }
            scrubbed.damage = iterator.status().map_err(error::read("a table")).err();
            all.push(scrubbed);
        }
        Ok(all)
    }
}
