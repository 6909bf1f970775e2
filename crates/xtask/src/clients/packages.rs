//! Finds the runtimes and installs the clients, each in a directory of our own inside the user's cache.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::gate::Outcome;
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
    /// Where what it runs on comes from.
    fn source(self) -> &'static str {
        match self {
            Package::Python { .. } => "install Python 3 with its module venv",
            Package::Node { .. } => "install Node.js 18 or later, which brings npm",
        }
    }

    /// Installs the client, unless it is there; skipped when this machine has not what it runs on.
    pub(super) fn install(self, tools: &Toolbox) -> Result<Installed, Outcome> {
        let find = |program| {
            let missing = || Outcome::Skipped(format!("{program} is missing: {}", self.source()));
            tools.find(program).ok_or_else(missing)
        };
        match self {
            Package::Python { name, version } => {
                let python3 = find("python3")?;
                install_by_pip(&python3, &home(tools, name, version)?, &format!("{name}=={version}"))
            }
            Package::Node { name, version } => {
                let node = find("node")?;
                let home = home(tools, name, version)?;
                if !home.join("node_modules").join(name).is_dir() {
                    install_by_npm(&find("npm")?, &home, &format!("{name}@{version}"))?;
                }
                Ok(Installed { runtime: node, arguments: vec![home.into()] })
            }
        }
    }
}

/// The client's own directory.
fn home(tools: &Toolbox, name: &str, version: &str) -> Result<PathBuf, Outcome> {
    let cache = tools.cache().map_err(Outcome::Failed)?;
    Ok(cache.join("clients").join(format!("{name}-{version}")))
}

fn install_by_pip(python3: &Path, home: &Path, package: &str) -> Result<Installed, Outcome> {
    let python = home.join("bin").join("python");
    if !python.is_file() {
        println!("   making {}", home.display());
        succeed(process::command(python3).args(["-m", "venv"]).arg(home))?;
    }
    // Which does nothing and asks nobody when it is there.
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", package];
    succeed(process::command(&python).args(pip))?;
    Ok(Installed { runtime: python, arguments: Vec::new() })
}

fn install_by_npm(npm: &Path, home: &Path, package: &str) -> Result<(), Outcome> {
    println!("   installing into {}", home.display());
    std::fs::create_dir_all(home)
        .map_err(|error| Outcome::Failed(format!("cannot make {}: {error}", home.display())))?;
    let options = ["install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", "--prefix"];
    succeed(process::command(npm).args(options).arg(home).arg(package))
}

/// As it is asked for.
impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Package::Python { name, version } => write!(f, "{name} {version} on Python"),
            Package::Node { name, version } => write!(f, "{name} {version} on Node.js"),
        }
    }
}

fn succeed(command: &mut Command) -> Result<(), Outcome> {
    let told = format!("{command:?}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Outcome::Failed(format!("{told}: {status}"))),
        Err(error) => Err(Outcome::Failed(format!("cannot start {told}: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::CLIENTS;

    /// A directory of a test's own with files that are no programs.
    fn directory(name: &str, programs: &[&str]) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        for program in programs {
            std::fs::write(directory.join(program), "no program").unwrap();
        }
        directory
    }

    #[test]
    fn a_client_whose_runtime_is_missing_is_skipped_with_what_would_help() {
        let tools = Toolbox::of(Vec::new(), None);
        for client in CLIENTS {
            let Err(Outcome::Skipped(why)) = client.package.install(&tools) else { panic!("{client}") };
            assert!(why.contains(" is missing: install "), "{why}");
        }
        let node_alone = directory("node-alone", &["node"]);
        let tools = Toolbox::of(vec![node_alone.clone()], Some(node_alone.clone()));
        let package = Package::Node { name: "a", version: "1" };
        let expected = "npm is missing: install Node.js 18 or later, which brings npm";
        assert_eq!(package.install(&tools).unwrap_err(), Outcome::Skipped(expected.to_owned()));
        std::fs::remove_dir_all(&node_alone).unwrap();
    }

    #[test]
    fn what_cannot_be_installed_is_a_failure_with_a_reason() {
        let directory = directory("runtimes", &["python3", "node", "npm"]);
        for (cache, reason) in [(None, "no home directory"), (Some(directory.join("cache")), "cannot start")]
        {
            let tools = Toolbox::of(vec![directory.clone()], cache);
            for client in CLIENTS {
                let Err(Outcome::Failed(why)) = client.package.install(&tools) else { panic!("{client}") };
                assert!(why.contains(reason), "{why}");
            }
        }
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
