//! Builds the program `rollbook`.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;

use crate::process;
use crate::tools::Toolbox;

/// What is built.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Build {
    /// With the durable store.
    pub(crate) rocks: bool,
    /// As it is deployed; else as its tests are built, which shares their build.
    pub(crate) release: bool,
}

impl Build {
    /// Where the program is then.
    pub(crate) fn run(self, tools: &Toolbox) -> Result<PathBuf, String> {
        let cargo = tools.cargo();
        let mut command = process::command(cargo);
        command.current_dir(tools.root()).args(["build", "--quiet", "--package", "rollbook-cli"]);
        if self.rocks {
            command.args(["--features", "rocks"]);
        }
        if self.release {
            command.arg("--release");
        }
        let status =
            command.status().map_err(|error| format!("cannot start {}: {error}", cargo.display()))?;
        if !status.success() {
            return Err(format!("the program cannot be built: {status}"));
        }
        let profile = if self.release { "release" } else { "debug" };
        Ok(tools.target().join(profile).join(format!("rollbook{EXE_SUFFIX}")))
    }
}
