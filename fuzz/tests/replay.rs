//! Every target over its corpus, and over inputs made from it by chance.

use rollbook_fuzz::replay::{Chance, corpus, failure, inputs};
use rollbook_fuzz::{TARGETS, Target};

/// Inputs by chance for each target.
const BY_CHANCE: usize = 300;

#[test]
fn everything_holds_for_the_corpus() {
    for target in TARGETS {
        let inputs = inputs(&corpus(target)).unwrap();
        assert!(!inputs.is_empty(), "{} has no corpus", target.name);
        for (path, bytes) in inputs {
            if let Some(what) = failure(target, &bytes) {
                panic!("{}: {what}", path.display());
            }
        }
    }
}

#[test]
fn everything_holds_for_inputs_made_by_chance() {
    for target in TARGETS {
        let (chance, corpus) = (Chance::new(7), inputs(&corpus(target)).unwrap());
        for _ in 0..BY_CHANCE {
            if let Some(what) = failure(target, &chance.input(target, &corpus)) {
                panic!("{what}");
            }
        }
    }
}

#[test]
fn what_fails_is_told_with_the_shortest_input_that_fails() {
    let never_x = |bytes: &[u8]| assert!(!bytes.contains(&b'x'), "an x is there");
    let target = Target { name: "never_x", run: never_x, step: 1 };
    assert_eq!(failure(&target, b"without"), None);
    let told = failure(&target, b"some text with an x in the middle").unwrap();
    assert_eq!(told, "never_x fails on 1 bytes, b\"x\":\nan x is there");
}

#[test]
fn the_same_seed_makes_the_same_inputs_and_they_differ_from_each_other() {
    let made = |seed| -> Vec<Vec<u8>> {
        let chance = Chance::new(seed);
        (0..20).map(|_| chance.altered(b"one text", b"another text")).collect()
    };
    assert_eq!(made(1), made(1));
    assert_ne!(made(1), made(2));
    let different: std::collections::BTreeSet<_> = made(1).into_iter().collect();
    assert!(different.len() > 15, "{different:?}");
}
