//! The program `rollbook serve` on a port of its own.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};

use crate::process;

/// A service that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Service {
    child: Child,
    address: String,
}

impl Service {
    /// Starts the program with this configuration, which lets it choose a port.
    pub(crate) fn start(program: &Path, config: &Path) -> Result<Self, String> {
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
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// What it has counted so far, as text.
    pub(crate) fn metrics(&self) -> Result<String, String> {
        self.ask("GET /metrics", "", "")
            .map_err(|error| format!("the service's metrics cannot be read: {error}"))
    }

    /// The whole answer to a request: a method and a path, who asks, and a body.
    pub(crate) fn ask(&self, what: &str, authorization: &str, body: &str) -> io::Result<String> {
        let host = self.address.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host)?;
        let length = body.len();
        write!(
            stream,
            "{what} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAuthorization: {authorization}\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // What it keeps is there for this run alone: there is no harm in ending it at once.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
