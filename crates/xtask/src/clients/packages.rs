//! Finds the runtimes and installs the clients, each in a directory of our own inside the user's cache.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process;
use crate::tools::Toolbox;

/// A published client, of the version that the scripts are written for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Package {
    Python { name: &'static str, version: &'static str },
    Node { name: &'static str, version: &'static str },
}

/// A client that can be run.
#[derive(Debug)]
pub(super) struct Installed {
    /// What runs a script with the client in reach.
    pub(super) runtime: PathBuf,
    /// What the script is told of where the client is.
    pub(super) arguments: Vec<OsString>,
}

impl Package {
    /// What it runs on.
    pub(super) fn runtime(self) -> &'static str {
        match self {
            Package::Python { .. } => "python3",
            Package::Node { .. } => "node",
        }
    }

    /// Installs the client, unless it is there; nothing when its runtime is not on this machine.
    pub(super) fn install(self, tools: &Toolbox) -> Result<Option<Installed>, String> {
        let Some(runtime) = tools.find(self.runtime()) else { return Ok(None) };
        let clients = tools.cache()?.join("clients");
        match self {
            Package::Python { name, version } => {
                let home = clients.join(format!("{name}-{version}"));
                let python = home.join("bin").join("python");
                if !python.is_file() {
                    println!("   making {}", home.display());
                    succeed(process::command(&runtime).args(["-m", "venv"]).arg(&home))?;
                }
                // Which does nothing and asks nobody when it is there.
                let package = format!("{name}=={version}");
                let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", &package];
                succeed(process::command(&python).args(pip))?;
                Ok(Some(Installed { runtime: python, arguments: Vec::new() }))
            }
            Package::Node { name, version } => {
                let home = clients.join(format!("{name}-{version}"));
                if !home.join("node_modules").join(name).is_dir() {
                    let npm = tools.find("npm").ok_or("npm is missing on this machine, and node is there")?;
                    println!("   installing into {}", home.display());
                    install_by_npm(&npm, &home, &format!("{name}@{version}"))?;
                }
                Ok(Some(Installed { runtime, arguments: vec![home.into()] }))
            }
        }
    }
}

fn install_by_npm(npm: &Path, home: &Path, package: &str) -> Result<(), String> {
    std::fs::create_dir_all(home).map_err(|error| format!("cannot make {}: {error}", home.display()))?;
    let options = ["install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", "--prefix"];
    succeed(process::command(npm).args(options).arg(home).arg(package))
}

/// As it is asked for.
impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Package::Python { name, version } | Package::Node { name, version }) = self;
        write!(f, "{name} {version} on {}", self.runtime())
    }
}

fn succeed(command: &mut Command) -> Result<(), String> {
    let told = format!("{command:?}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{told}: {status}")),
        Err(error) => Err(format!("cannot start {told}: {error}")),
    }
}
