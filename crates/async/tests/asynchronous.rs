//! What asynchronous callers rely on.
#![cfg(test)]

use futures_util::{StreamExt, TryStreamExt};
use rollbook::{Audience, DeviceId, Error, ErrorKind, Platform, Registration, Registry};
use rollbook_async::{AsyncApp, AsyncRegistry};
use rollbook_store_mem::MemStore;
use std::sync::mpsc;
use std::thread;
use tokio::runtime::{Builder, Runtime};

fn one_thread() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

fn registry() -> AsyncRegistry<MemStore> {
    AsyncRegistry::new(Registry::builder(MemStore::new()).build())
}

async fn shop(registry: &AsyncRegistry<MemStore>, devices: usize) -> AsyncApp<MemStore> {
    let shop = registry.create_app("shop".parse().unwrap(), Default::default()).await.unwrap();
    let fill = move |app: &rollbook::App<MemStore>| {
        (0..devices).try_for_each(|n| {
            let id = DeviceId::new(format!("d{n:05}"))?;
            app.register(&Registration::new(id, Platform::Ios)).map(drop)
        })
    };
    shop.run(fill).await.unwrap();
    shop
}

#[test]
fn a_volatile_store_is_asked_in_place_and_any_store_on_another_thread_when_told_so() {
    one_thread().block_on(async {
        let here = thread::current().id();
        let asked = |registry: AsyncRegistry<MemStore>| async move {
            registry.run(|_| Ok(thread::current().id())).await.unwrap()
        };
        assert_eq!(asked(registry()).await, here);
        assert_ne!(asked(registry().always_blocking()).await, here);
    });
}

#[test]
fn other_tasks_run_while_a_blocking_call_waits() {
    one_thread().block_on(async {
        let registry = registry().always_blocking();
        let (release, held) = mpsc::channel();
        let call = registry.run(move |_| Ok(held.recv().unwrap()));
        // On the one thread of the runtime this is reached only if the call does not hold it.
        let other = async { release.send(7).unwrap() };
        let (answer, ()) = tokio::join!(call, other);
        assert_eq!(answer.unwrap(), 7);
    });
}

#[test]
fn a_stream_has_every_device_once_in_both_places() {
    one_thread().block_on(async {
        for registry in [registry(), registry().always_blocking()] {
            let shop = shop(&registry, 1_000).await;
            let batches: Vec<_> =
                shop.deliveries(Audience::All, 64, None).await.unwrap().try_collect().await.unwrap();
            let mut ids: Vec<_> = batches.into_iter().flat_map(|batch| batch.devices).collect();
            ids.sort_unstable();
            let expected: Vec<_> = (0..1_000).map(|n| DeviceId::new(format!("d{n:05}")).unwrap()).collect();
            assert_eq!(ids, expected);
        }
    });
}

#[test]
fn a_stream_reads_a_batch_only_when_it_is_asked_for_one() {
    one_thread().block_on(async {
        let registry = registry().always_blocking();
        let shop = shop(&registry, 3).await;
        let mut deliveries = shop.deliveries(Audience::All, 1, None).await.unwrap();
        assert_eq!(deliveries.next().await.unwrap().unwrap().devices.len(), 1);
        // Removed before it was asked for: a stream that had read ahead would still have the second.
        shop.run(|shop| shop.remove(&"d00001".parse().unwrap()).map(drop)).await.unwrap();
        let last = deliveries.next().await.unwrap().unwrap();
        assert_eq!(last.devices, ["d00002".parse().unwrap()]);
        assert!(deliveries.next().await.is_none());
    });
}

#[test]
fn a_loop_over_a_stream_in_place_lets_other_tasks_run() {
    one_thread().block_on(async {
        let registry = registry();
        let shop = shop(&registry, 1_000).await;
        let other = tokio::spawn(async {});
        let mut deliveries = shop.deliveries(Audience::All, 1, None).await.unwrap();
        let mut batches_before_it = 0;
        while let Some(batch) = deliveries.next().await {
            batch.unwrap();
            batches_before_it += usize::from(!other.is_finished());
        }
        assert!(batches_before_it < 900, "it had to wait for {batches_before_it} of 1000 batches");
    });
}

#[test]
fn a_stream_ends_after_an_error() {
    one_thread().block_on(async {
        let registry = registry();
        let shop = shop(&registry, 3).await;
        let mut deliveries = shop.deliveries(Audience::All, 1, None).await.unwrap();
        registry.run(|registry| registry.delete_app(&"shop".parse().unwrap()).map(drop)).await.unwrap();
        let error = deliveries.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(deliveries.next().await.is_none());
    });
}

#[test]
fn a_panic_of_the_work_reaches_the_caller_with_its_payload() {
    let panicked = thread::spawn(|| {
        one_thread().block_on(async {
            let nothing: Result<(), Error> =
                registry().always_blocking().run(|_| panic!("of the work")).await;
            drop(nothing);
        });
    });
    assert_eq!(panicked.join().unwrap_err().downcast_ref::<&str>(), Some(&"of the work"));
}
