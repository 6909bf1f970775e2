//! The program `rollbook serve` on a port of its own.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use crate::process;
use crate::tools::Toolbox;

/// Builds the program; it is put beside this one.
pub(super) fn build(tools: &Toolbox) -> Result<PathBuf, String> {
    let cargo = tools.cargo();
    let status = process::command(cargo)
        .current_dir(tools.root())
        .args(["build", "--quiet", "--package", "rollbook-cli"])
        .status()
        .map_err(|error| format!("cannot start {}: {error}", cargo.display()))?;
    if !status.success() {
        return Err(format!("the program cannot be built: {status}"));
    }
    let this =
        env::current_exe().map_err(|error| format!("where this program is cannot be told: {error}"))?;
    Ok(this.with_file_name(format!("rollbook{}", env::consts::EXE_SUFFIX)))
}

/// A service that runs until it is dropped.
#[derive(Debug)]
pub(super) struct Service {
    child: Child,
    address: String,
}

impl Service {
    pub(super) fn start(program: &Path, config: &Path) -> Result<Self, String> {
        let mut child = process::command(program)
            .args(["serve", "--config"])
            .arg(config)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(|error| format!("the service: {error}"))?;
        }
        // Dropped, and so ended, also when the line is another.
        let mut service = Service { child, address: String::new() };
        let address = line.trim_end().strip_prefix("listening on ").ok_or("the service did not start")?;
        address.clone_into(&mut service.address);
        Ok(service)
    }

    /// Such as `http://127.0.0.1:8085`.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// What it has counted so far, as text.
    pub(super) fn metrics(&self) -> Result<String, String> {
        let host = self.address.trim_start_matches("http://");
        let read = || -> io::Result<String> {
            let mut stream = TcpStream::connect(host)?;
            write!(stream, "GET /metrics HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        read().map_err(|error| format!("the service's metrics cannot be read: {error}"))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It keeps nothing: there is no harm in ending it at once.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
