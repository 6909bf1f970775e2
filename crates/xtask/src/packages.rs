//! Packs what is for publication, as a registry would be given it.
//!
//! Without building it again from the packages: that would compile the durable store's engine a second time. `cargo
//! package` without `--no-verify` does it, before a release.

use crate::gate::Outcome;
use crate::process;
use crate::tools::Toolbox;
use crate::workspace::Workspace;

pub(crate) fn check(tools: &Toolbox) -> Outcome {
    let workspace = match Workspace::read(tools) {
        Ok(workspace) => workspace,
        Err(why) => return Outcome::Failed(why),
    };
    // What is written down in the lock file was fetched already, and nothing else is wanted.
    let mut words = vec!["package", "--no-verify", "--allow-dirty", "--offline"];
    for package in &workspace.published {
        words.extend(["-p", package.name.as_str()]);
    }
    process::cargo(tools, words)
}
