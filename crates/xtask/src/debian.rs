//! Installs packages of Debian's, where that is possible.

use std::path::Path;

use crate::process;

/// Installs packages with nothing beside them; the error says what went wrong.
pub(crate) fn install(packages: &[&str]) -> Result<(), String> {
    println!("installing Debian's {}", packages.join(" and "));
    let install = ["install", "-q", "-y", "--no-install-recommends"];
    for args in [vec!["update", "-q"], install.iter().chain(packages).copied().collect()] {
        let status = process::command(Path::new("apt-get"))
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(&args)
            .status()
            .map_err(|error| format!("cannot start apt-get: {error}"))?;
        if !status.success() {
            return Err(format!("apt-get {}: {status}", args.join(" ")));
        }
    }
    Ok(())
}
