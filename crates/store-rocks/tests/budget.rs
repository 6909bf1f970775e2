//! A register many times the size of its memory budget.
//!
//! The only test of its program, because it measures the memory of the whole process.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "in a test a panic is a failed test, in its helpers too"
)]

mod common;

use common::options;
use rollbook::store::Durability;
use rollbook::{
    AppKey, AppSettings, Audience, Command, DeviceId, Limits, Platform, PlatformSet, PushToken, Registration,
    Registry, TagName,
};
use rollbook_store_rocks::{RocksOptions, RocksStore};

const DEVICES: usize = 240_000;
const BUDGET: u64 = 8 << 20;
/// Memory besides the budget: a commit of 1 000 devices and its write set, the buffers of flushes and compactions,
/// and what the allocator keeps of all that.
const BESIDE: u64 = 40 << 20;

fn id(n: usize) -> DeviceId {
    DeviceId::new(format!("{n:032x}")).unwrap()
}

fn tag(name: &str) -> TagName {
    TagName::new(name).unwrap()
}

/// Returns the resident memory of the process, in bytes.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4_096
}

#[test]
fn a_register_many_times_its_memory_budget_is_whole_and_stays_within_it() {
    let directory = tempfile::tempdir().unwrap();
    let options = RocksOptions { memory_bytes: BUDGET, durability: Durability::Buffered, ..options() };
    let registry = Registry::builder(RocksStore::open(directory.path(), &options).unwrap()).build();
    let settings = AppSettings { limits: Limits::unlimited(), ..AppSettings::default() };
    let app = registry.create_app(&AppKey::new("shop").unwrap(), settings).unwrap();
    let before = resident();
    let mut most = 0;
    for first in (0..DEVICES).step_by(1_000) {
        let register = |n: usize| {
            // Random text, which compression does not make smaller.
            let word =
                |n: usize| (n as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(n as u32 % 64);
            let token: String = (0..12).map(|part| format!("{:016x}", word(n * 12 + part))).collect();
            let token = Some(PushToken::new(token).unwrap());
            let mut tags = vec![tag("all")];
            tags.extend(n.is_multiple_of(3).then(|| tag("third")));
            Command::Register(Registration { token, tags, ..Registration::new(id(n), Platform::Ios) })
        };
        app.batch(&(first..first + 1_000).map(register).collect::<Vec<_>>()).unwrap();
        most = most.max(resident());
    }
    let third = Audience::Tag(tag("third"));
    for n in (0..DEVICES).step_by(7) {
        assert_eq!(app.device(&id(n)).unwrap().tags.len(), 1 + usize::from(n.is_multiple_of(3)));
    }
    let mut told = 0;
    app.select(&third).unwrap().for_each(|_, _| told += 1).unwrap();
    assert_eq!((told, app.tag_count(&tag("all"), PlatformSet::ALL).unwrap()), (DEVICES / 3, DEVICES as u64));
    most = most.max(resident());

    let stats = registry.store().stats().unwrap();
    let disk: u64 = stats.families.iter().map(|family| family.table_bytes).sum();
    println!("{} MiB grew to {} MiB for {} MiB of tables", before >> 20, most >> 20, disk >> 20);
    assert!(disk > 5 * BUDGET, "{disk} bytes are not many budgets");
    assert!(most - before < BUDGET + BESIDE, "{} bytes more than at the beginning", most - before);
    assert!(stats.cache_bytes <= stats.cache_capacity, "{} bytes cached", stats.cache_bytes);
}
