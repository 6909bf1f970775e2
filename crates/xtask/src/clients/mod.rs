//! The vendors' own clients, as they are published, against `rollbook serve`.
//!
//! - [`calls`]: counts what a client asked for
//! - [`packages`]: finds the runtimes and installs the clients

mod calls;
mod packages;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::gate::{self, Outcome, Report};
use crate::process;
use crate::program::Build;
use crate::service::Service;
use crate::tools::Toolbox;
use calls::Calls;
use packages::Package;

/// Where the scripts are, from the workspace's root.
const SCRIPTS: &str = "crates/xtask/clients";

/// A client and what is done with it.
#[derive(Debug, Clone, Copy)]
struct Client {
    name: &'static str,
    package: Package,
    /// The face that it speaks to; devices it may have registered by the other.
    face: &'static str,
    script: &'static str,
}

const CLIENTS: [Client; 3] = [
    Client {
        name: "JPush, Python",
        package: Package::Python { name: "jpush", version: "3.4.1" },
        face: "jpush",
        script: "jpush_client.py",
    },
    Client {
        name: "Pushwoosh, Python",
        package: Package::Python { name: "pypushwoosh", version: "0.3.1" },
        face: "pushwoosh",
        script: "pushwoosh_client.py",
    },
    Client {
        name: "JPush, Node.js",
        package: Package::Node { name: "jpush-sdk", version: "3.5.0" },
        face: "jpush",
        script: "jpush_client.js",
    },
];

impl gate::Named for Client {
    fn name(&self) -> &'static str {
        self.name
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {SCRIPTS}/{}", self.package, self.script)
    }
}

/// Builds the program and runs every client against it. A client whose runtime is not on the machine is told, and is no
/// failure unless none is left.
pub(crate) fn run(tools: &Toolbox) -> Result<Report, String> {
    let program = Build::default().run(tools)?;
    let report = gate::run(&CLIENTS, |client| match client.run(tools, &program) {
        Ok(outcome) => outcome,
        Err(why) => Outcome::Failed(why),
    });
    if report.all_skipped() {
        return Err(format!("{report}\n\nno client was run: none of their runtimes is on this machine"));
    }
    Ok(report)
}

impl Client {
    fn run(&self, tools: &Toolbox, program: &Path) -> Result<Outcome, String> {
        let installed = match self.package.install(tools) {
            Ok(installed) => installed,
            Err(outcome) => return Ok(outcome),
        };
        let scripts: PathBuf = tools.root().join(SCRIPTS);
        let service = Service::start(program, &scripts.join("rollbook.toml"))?;
        let status = process::command(&installed.runtime)
            .arg(scripts.join(self.script))
            .arg(service.address())
            .args(&installed.arguments)
            // A proxy would not find this machine's own address.
            .env("NO_PROXY", "127.0.0.1")
            .env("no_proxy", "127.0.0.1")
            // No compiled script is left in the checkout.
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .status()
            .map_err(|error| format!("cannot start {}: {error}", installed.runtime.display()))?;
        // Whether each was answered as expected is the script's to judge.
        let calls = Calls::read(&service.metrics()?, self.face);
        println!("   {}: {calls}", self.package);
        Ok(match process::by_status(status) {
            Outcome::Passed if !calls.any() => Outcome::Failed("the client reached nothing".to_owned()),
            outcome => outcome,
        })
    }
}
