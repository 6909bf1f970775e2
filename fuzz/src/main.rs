//! Replays inputs under plain cargo.
//!
//! `replay` runs every target over its corpus. `replay TARGET FILE…` runs a target over files. `replay --chance N
//! [--seed S] [TARGET…]` runs targets over N random inputs each; another seed makes other inputs. A failing input is
//! printed in its shortest form.
#![allow(clippy::print_stdout, reason = "a program that reports to whoever runs it")]

use rollbook_fuzz::replay::{Chance, corpus, failure, inputs};
use rollbook_fuzz::{TARGETS, Target};
use std::process::ExitCode;
use std::{env, fs, io};

fn main() -> ExitCode {
    // A failure is reported once, with its shortest input, and not at every attempt to shorten it.
    std::panic::set_hook(Box::new(|_| {}));
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        [] => TARGETS.iter().try_fold(true, |held, target| Ok(over_corpus(target)? && held)),
        ["--chance", count, "--seed", seed, names @ ..] => by_chance(count, seed, names),
        ["--chance", count, names @ ..] => by_chance(count, "1", names),
        [name, files @ ..] => over_files(name, files),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn named(name: &str) -> io::Result<&'static Target> {
    let found = TARGETS.iter().find(|target| target.name == name);
    found.ok_or_else(|| io::Error::other(format!("there is no target {name}")))
}

fn number(text: &str) -> io::Result<u64> {
    text.parse().map_err(|error| io::Error::other(format!("{text}: {error}")))
}

fn over_corpus(target: &Target) -> io::Result<bool> {
    let inputs = inputs(&corpus(target))?;
    Ok(report(target, inputs.iter().map(|(_, bytes)| bytes.clone())))
}

fn over_files(name: &str, files: &[&str]) -> io::Result<bool> {
    let inputs = files.iter().map(fs::read).collect::<io::Result<Vec<_>>>()?;
    Ok(report(named(name)?, inputs.into_iter()))
}

fn by_chance(count: &str, seed: &str, names: &[&str]) -> io::Result<bool> {
    let (count, seed) = (number(count)?, number(seed)?);
    let mut held = true;
    for target in TARGETS.iter().filter(|target| names.is_empty() || names.contains(&target.name)) {
        let (chance, corpus) = (Chance::new(seed), inputs(&corpus(target))?);
        held &= report(target, (0..count).map(|_| chance.input(target, &corpus)));
    }
    Ok(held)
}

/// Runs a target over inputs up to the first that fails, and prints the result.
fn report(target: &Target, inputs: impl Iterator<Item = Vec<u8>>) -> bool {
    let mut count = 0_u64;
    for input in inputs {
        count += 1;
        if let Some(what) = failure(target, &input) {
            println!("{what}");
            return false;
        }
    }
    println!("{:<16} {count:>8} inputs", target.name);
    true
}
