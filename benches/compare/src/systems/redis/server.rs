//! A private Redis server that lives as long as the value that holds it.

use redis::{Client, Connection, RedisResult};
use rollbook_bench::{Failure, Stopwatch};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Looked up on the path.
const PROGRAM: &str = "redis-server";

/// No start takes this long.
const START_LIMIT: Duration = Duration::from_secs(20);

/// Listens on a socket in a directory of its own and nowhere else, and writes nothing to disk. Dropping it, also during
/// a panic, stops the server.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    client: Client,
    _dir: TempDir,
}

impl Server {
    /// Starts a server. Returns `None` when the program is not on this machine.
    pub(super) fn start() -> Result<Option<Self>, Failure> {
        let dir = TempDir::new()?;
        let socket = dir.path().join("redis.sock");
        let client = Client::open(format!("unix://{}", socket.display()))?;
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
        let mut server = Server { child, client, _dir: dir };
        server.wait()?;
        Ok(Some(server))
    }

    #[allow(clippy::disallowed_methods, reason = "only the socket shows that the server is ready")]
    fn wait(&mut self) -> Result<(), Failure> {
        let watch = Stopwatch::start();
        while let Err(error) = self.connect() {
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("{PROGRAM} ended at once: {status}").into());
            }
            if watch.read() > START_LIMIT {
                return Err(format!("{PROGRAM} does not listen: {error}").into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    pub(super) fn connect(&self) -> RedisResult<Connection> {
        self.client.get_connection()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server has nothing to save. An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
