//! nginx, as a measure of what a socket and a parser cost alone.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use super::requests::ANSWER;
use super::write;
use crate::process;

/// nginx that runs until it is dropped.
#[derive(Debug)]
pub(super) struct Nginx {
    child: Child,
    program: PathBuf,
    directory: PathBuf,
    port: u16,
}

impl Nginx {
    pub(super) fn start(program: &Path, directory: &Path) -> Result<Self, String> {
        let port = free_port().map_err(|error| format!("no port is free: {error}"))?;
        write(&directory.join("nginx.conf"), &configuration(directory, port))?;
        let child = command(program, directory)
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        let nginx = Nginx { child, program: program.to_owned(), directory: directory.to_owned(), port };
        // It says nothing when it is ready.
        for _ in 0..100 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(nginx);
            }
            wait();
        }
        Err("nginx does not listen".to_owned())
    }

    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // A killed master would leave its workers.
        let _ = command(&self.program, &self.directory).args(["-s", "stop"]).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "another program is waited for")]
fn wait() {
    thread::sleep(Duration::from_millis(50));
}

fn command(program: &Path, directory: &Path) -> std::process::Command {
    let mut command = process::command(program);
    command.arg("-p").arg(directory).arg("-c").arg(directory.join("nginx.conf"));
    command
}

/// Free when it was looked for; nobody else is expected to take it in between.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Two workers, as the service has two threads on two cores; a body of the size, and headers of the kind, that the
/// service answers with; connections that stay.
fn configuration(directory: &Path, port: u16) -> String {
    let path = directory.display();
    format!(
        "daemon off; worker_processes 2; pid {path}/nginx.pid; error_log {path}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_timeout 60; keepalive_requests 100000000;
  client_body_temp_path {path}/body; proxy_temp_path {path}/proxy; fastcgi_temp_path {path}/fastcgi;
  uwsgi_temp_path {path}/uwsgi; scgi_temp_path {path}/scgi;
  default_type \"application/json; charset=utf-8\";
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 '{ANSWER}'; }} }}
}}
"
    )
}
