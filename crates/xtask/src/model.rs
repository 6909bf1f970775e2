//! Runs the independent model of the register, a program in Python, in step with the service.

use std::ffi::OsString;

use crate::gate::Outcome;
use crate::process;
use crate::program::Build;
use crate::tools::Toolbox;

/// Where the model is, from the workspace's root.
const SCRIPT: &str = "crates/xtask/model/main.py";

/// The few steps that are taken in every run of the tests: always the same.
pub(crate) const SHORT: [&str; 6] = ["xtask", "model", "--steps", "3000", "--seed", "1"];

/// Does the model ask for the durable store?
pub(crate) fn is_durable(options: &[OsString]) -> bool {
    options.iter().any(|option| option == "--rocks")
}

/// The few steps of every run.
pub(crate) fn short(tools: &Toolbox) -> Outcome {
    let [_, _, options @ ..] = SHORT;
    run(tools, &options.map(OsString::from))
}

/// Builds the program and hands it to the model with these options. Without Python there is no model.
pub(crate) fn run(tools: &Toolbox, options: &[OsString]) -> Outcome {
    let Some(python) = tools.find("python3") else {
        return Outcome::Skipped("python3 is missing".to_owned());
    };
    let program = match (Build { rocks: is_durable(options), release: false }).run(tools) {
        Ok(program) => program,
        Err(why) => return Outcome::Failed(why),
    };
    let status = process::command(&python)
        // No compiled script is left in the checkout.
        .arg("-B")
        .arg(tools.root().join(SCRIPT))
        .arg("--program")
        .arg(program)
        .args(options)
        .status();
    match status {
        Ok(status) => process::by_status(status),
        Err(error) => Outcome::Failed(format!("cannot start {}: {error}", python.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_python_the_model_is_skipped_with_a_reason() {
        let tools = Toolbox::of(Vec::new(), None);
        assert_eq!(short(&tools), Outcome::Skipped("python3 is missing".to_owned()));
    }

    #[test]
    fn the_durable_store_is_built_only_where_it_is_asked_for() {
        let is_durable = |words: &[&str]| is_durable(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert!(is_durable(&["--minutes", "1", "--rocks"]));
        assert!(!is_durable(&SHORT));
    }
}
