//! A Redis server of one's own, for as long as it is held.

use rollbook_bench::{Failure, Stopwatch};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The program, looked for on the path.
const PROGRAM: &str = "redis-server";

/// Longer than any start takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Listens on a socket in a directory of its own and nowhere else, and writes nothing to disk. Stopped when it is
/// dropped, also by a panic.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    socket: PathBuf,
    _dir: TempDir,
}

impl Server {
    /// Starts one. `Ok(None)` when the program is not on this machine.
    pub(super) fn start() -> Result<Option<Self>, Failure> {
        let dir = TempDir::new()?;
        let socket = dir.path().join("redis.sock");
        let spawned = Command::new(PROGRAM)
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--daemonize", "no"])
            .arg("--unixsocket")
            .arg(&socket)
            .arg("--dir")
            .arg(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        let child = match spawned {
            Ok(child) => child,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut server = Server { child, socket, _dir: dir };
        server.wait()?;
        Ok(Some(server))
    }

    #[allow(clippy::disallowed_methods, reason = "there is nothing to be told by but the socket")]
    fn wait(&mut self) -> Result<(), Failure> {
        let watch = Stopwatch::start();
        while self.connect().is_err() {
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("{PROGRAM} ended at once: {status}").into());
            }
            if watch.read() > PATIENCE {
                return Err(format!("{PROGRAM} does not listen").into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    pub(super) fn connect(&self) -> std::io::Result<UnixStream> {
        UnixStream::connect(&self.socket)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has nothing to save. An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
