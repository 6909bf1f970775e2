//! A store of your own: `rollbook_testkit::ordered` in `src/ordered` is a complete one, written against the public
//! interface of `rollbook` only.
//!
//! `cargo test --example ordered_store` runs the conformance suite on it, one test for each case.
//! `cargo run --example ordered_store` registers a device and reads it back.

use rollbook::store::{DeviceRecord, Key, Operation, Relation, Store, View, WriteSet};
use rollbook::{AppId, DeviceId, Platform};
use rollbook_testkit::ordered::OrderedStore;

#[allow(clippy::print_stdout, reason = "an example shows what it does")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (store, app) = (OrderedStore::new(), AppId(1));
    let key = Key::new(Relation::Tag, "news");
    let ann = DeviceRecord::new(DeviceId::new("ann's phone")?);
    let writes = WriteSet {
        operations: [Operation::Insert {
            platform: Platform::Ios,
            record: ann.into(),
            last_seen: None,
            keys: vec![key.to_owned()],
        }]
        .into_iter()
        .collect(),
        ..WriteSet::default()
    };
    let committed = store.commit(app, &writes)?;
    println!("version {} placed {:?}", committed.version, committed.inserted);
    println!("news: {} device(s) on ios", store.view(app)?.cardinality(key, Platform::Ios.into())?);
    Ok(())
}

#[cfg(test)]
mod conformance {
    use super::OrderedStore;

    rollbook_testkit::conformance!(OrderedStore::new);
}
