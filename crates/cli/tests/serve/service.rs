//! Runs the service as an operator would, and talks to it over a socket.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

pub(crate) const KEY: &str = "0123456789abcdef01234567";
pub(crate) const SECRET: &str = "fedcba987654321001234567";
/// `KEY:SECRET`.
pub(crate) const BASIC: &str = "Basic MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3OmZlZGNiYTk4NzY1NDMyMTAwMTIzNDU2Nw==";
pub(crate) const TOKEN: &str = "Token DEV-TOKEN";

/// What Pushwoosh answers when it is done.
pub(crate) const DONE: &str = r#"{"status_code":200,"status_message":"OK","response":null}"#;

/// The configuration of the manual, on a port that is picked.
pub(crate) const CONFIG: &str = r#"
listen = "127.0.0.1:0"

[[apps]]
key = "0123456789abcdef01234567"
name = "shop"
master_secret = "fedcba987654321001234567"
api_tokens = ["DEV-TOKEN"]
presence = true
events = ["activityCompleted"]
"#;

/// No test waits longer for a byte.
const PATIENCE: Duration = Duration::from_secs(30);

/// A file of this test's own.
pub(crate) fn file(name: &str, content: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// A service that runs, and is killed when the test ends.
pub(crate) struct Service {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
    /// What was read of it already.
    logged: String,
    pub(crate) address: SocketAddr,
}

/// What a service left behind.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// What came behind the first line.
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Service {
    /// Starts it with this configuration, which is kept in a file of this name.
    pub(crate) fn start(name: &str, config: &str, arguments: &[&str]) -> Self {
        Self::begin(Command::new(env!("CARGO_BIN_EXE_rollbook")), name, config, arguments)
    }

    /// Starts it as `nohup` does: hanging up is ignored before it begins.
    #[cfg(unix)]
    pub(crate) fn start_ignoring_hang_up(name: &str, config: &str) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", r#"trap "" HUP; exec "$0" "$@""#, env!("CARGO_BIN_EXE_rollbook")]);
        Self::begin(shell, name, config, &[])
    }

    fn begin(mut program: Command, name: &str, config: &str, arguments: &[&str]) -> Self {
        let path = file(&format!("{name}.toml"), config);
        let mut child = program
            .args(["serve", "--config"])
            .arg(path)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        stdout.read_line(&mut first).unwrap();
        let address =
            first.trim_end().strip_prefix("listening on http://").and_then(|text| text.parse().ok());
        let Some(address) = address else {
            let mut stderr = String::new();
            child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
            panic!("said {first:?} and {stderr}");
        };
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Service { child, stdout, stderr, logged: String::new(), address }
    }

    pub(crate) fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line
    }

    /// Waits for a line of the log that says this.
    #[cfg(feature = "rocks")]
    pub(crate) fn until_logged(&mut self, text: &str) {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert!(
                self.stderr.read_line(&mut line).unwrap() > 0,
                "{text:?} was not logged: {}",
                self.logged
            );
            self.logged.push_str(&line);
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Waits for it to end by itself.
    pub(crate) fn ended(mut self) -> Ended {
        let mut stderr = std::mem::take(&mut self.logged);
        self.stderr.read_to_string(&mut stderr).unwrap();
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).unwrap();
        Ended { status: self.child.wait().unwrap(), stdout, stderr }
    }

    /// Ends it gently.
    pub(crate) fn stop(self) -> Ended {
        self.signal("-TERM");
        self.ended()
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// One request on a connection of its own.
    pub(crate) fn ask(&self, method: &str, target: &str, authorization: &str, body: &str) -> Reply {
        self.connect().ask(method, target, authorization, body).unwrap()
    }

    pub(crate) fn jpush(&self, method: &str, target: &str, body: &str) -> Reply {
        self.ask(method, target, BASIC, body)
    }

    /// A call with these members, of the app of the configuration.
    pub(crate) fn pushwoosh(&self, call: &str, members: &str) -> Reply {
        let body = format!(r#"{{"request":{{"application":"{KEY}",{members}}}}}"#);
        self.ask("POST", &format!("/json/1.3/{call}"), TOKEN, &body)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    #[track_caller]
    pub(crate) fn is(&self, status: u16, body: &str) {
        assert_eq!((self.status, self.body.as_str()), (status, body));
    }
}

/// A connection that is kept.
pub(crate) struct Connection(pub(crate) TcpStream);

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Connection(stream)
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
    }

    /// Nothing when the connection ends instead.
    pub(crate) fn ask(
        &mut self,
        method: &str,
        target: &str,
        authorization: &str,
        body: &str,
    ) -> Option<Reply> {
        let length = body.len();
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: test\r\nAuthorization: {authorization}\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        self.0.write_all(request.as_bytes()).ok()?;
        self.reply()
    }

    /// Nothing when the connection ends instead.
    pub(crate) fn reply(&mut self) -> Option<Reply> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 16_384];
        loop {
            if let Some(reply) = parse(&bytes) {
                return Some(reply);
            }
            match self.0.read(&mut buffer) {
                Ok(0) => return None,
                Ok(n) => bytes.extend_from_slice(&buffer[..n]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("no answer: {error}"),
            }
        }
    }
}

fn parse(bytes: &[u8]) -> Option<Reply> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.map_or(0, |length| length.parse().unwrap());
    let body = bytes.get(end + 4..end + 4 + length)?;
    Some(Reply {
        status: head.split(' ').nth(1)?.parse().unwrap(),
        head,
        body: String::from_utf8(body.to_vec()).unwrap(),
    })
}
