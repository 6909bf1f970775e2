//! Write your own store: the files in `store` are one, complete, on nothing but the public interface.
//!
//! `cargo test --example ordered_store` runs the conformance suite on it, one test a case; `cargo run` registers
//! a device and reads it back.

#[allow(dead_code, reason = "the library takes the store from here and uses all of it")]
pub mod store;

use rollbook::store::{DeviceRecord, Key, Operation, Relation, Store, View, WriteSet};
use rollbook::{AppId, DeviceId, Platform};
use store::OrderedStore;

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
    use super::store::OrderedStore;

    rollbook_testkit::conformance!(OrderedStore::new);
}
