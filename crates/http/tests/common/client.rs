//! A client that sends the bytes it is given and shows the bytes it gets.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// No test waits longer for a byte.
const PATIENCE: Duration = Duration::from_secs(20);

/// The head of a request to a host, with these lines.
pub(crate) fn head(method: &str, target: &str, lines: &[&str]) -> Vec<u8> {
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: test\r\n");
    for line in lines {
        head.push_str(line);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status_line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// In how many pieces it was read.
    pub(crate) reads: usize,
}

impl Reply {
    pub(crate) fn status(&self) -> u16 {
        self.status_line.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Asserts the whole answer: status line, headers, body, and that it came in one piece.
    #[track_caller]
    pub(crate) fn is(&self, status: u16, body: &str) {
        assert_eq!(self.text(), body);
        let reason = match status {
            200 => "OK",
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            500 => "Internal Server Error",
            503 => "Service Unavailable",
            _ => "?",
        };
        assert_eq!(self.status_line, format!("HTTP/1.1 {status} {reason}"));
        assert_eq!(self.header("content-type"), Some("application/json; charset=utf-8"));
        assert_eq!(self.header("content-length"), Some(body.len().to_string().as_str()));
        assert_eq!(self.header("transfer-encoding"), None);
        assert!(!body.is_empty());
        if body.len() < 8_192 {
            assert_eq!(self.reads, 1, "not written at once");
        }
        let mut names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        let mut expected = vec!["content-length", "content-type", "date"];
        match status {
            401 => expected.push("www-authenticate"),
            405 => expected.insert(0, "allow"),
            _ => {}
        }
        if body.ends_with(": try again\"}}") || body.ends_with(": try again\",\"response\":null}") {
            expected.push("retry-after");
        }
        names.retain(|&name| name != "connection");
        assert_eq!(names, expected);
    }
}

/// A connection that is kept.
#[derive(Debug)]
pub(crate) struct Connection(pub(crate) TcpStream);

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Connection(stream)
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    /// Reads one answer; nothing when the connection was closed instead.
    pub(crate) fn reply(&mut self) -> Option<Reply> {
        let mut bytes = Vec::new();
        let mut buffer = vec![0; 1 << 20];
        let mut reads = 0;
        loop {
            if let Some(mut reply) = parse(&bytes) {
                reply.reads = reads;
                return Some(reply);
            }
            match self.0.read(&mut buffer) {
                Ok(0) => return None,
                Ok(n) => bytes.extend_from_slice(&buffer[..n]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("no answer: {error}"),
            }
            reads += 1;
        }
    }
}

fn parse(bytes: &[u8]) -> Option<Reply> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status_line = lines.next()?.to_owned();
    let pair = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_owned(), value.to_owned())
    };
    let headers: Vec<_> = lines.map(pair).collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
    let body = bytes.get(end + 4..end + 4 + length)?.to_vec();
    assert_eq!(bytes.len(), end + 4 + length, "more than one answer");
    Some(Reply { status_line, headers, body, reads: 0 })
}

/// Sends bytes over a connection of their own and reads the answer.
pub(crate) fn exchange(address: SocketAddr, bytes: &[u8]) -> Reply {
    let mut connection = Connection::open(address);
    connection.send(bytes);
    connection.reply().expect("closed instead of answered")
}

/// Sends bytes, stops sending, and reads whatever comes until the connection is closed.
pub(crate) fn until_closed(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = Connection::open(address).0;
    // The other side may have closed before it has read everything.
    if stream.write_all(bytes).is_ok() {
        stream.shutdown(std::net::Shutdown::Write).ok();
    }
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return all,
            Ok(n) => all.extend_from_slice(&buffer[..n]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return all,
            Err(error) => panic!("neither answered nor closed: {error}"),
        }
    }
}
