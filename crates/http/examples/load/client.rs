//! A client that costs little: requests made beforehand, connections that are kept, answers told from one another by
//! their length.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Connections that one thread drives: it sends on all of them, then reads from all of them.
pub(crate) struct Lanes {
    lanes: Vec<Lane>,
}

struct Lane {
    stream: TcpStream,
    received: Vec<u8>,
    next: usize,
}

impl Lanes {
    pub(crate) fn open(address: SocketAddr, count: usize, first: usize) -> std::io::Result<Self> {
        let lane = |n| {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            // Each begins somewhere else among the requests.
            Ok(Lane { stream, received: Vec::with_capacity(4_096), next: (first + n) * 7_919 })
        };
        Ok(Lanes { lanes: (0..count).map(lane).collect::<std::io::Result<_>>()? })
    }

    /// Sends requests until the time is over; how many were answered.
    ///
    /// # Errors
    /// What the sockets say, and an answer that is not 200.
    pub(crate) fn drive(&mut self, requests: &[Vec<u8>], time: Duration) -> std::io::Result<u64> {
        let start = now();
        let mut answered = 0;
        while start.elapsed() < time {
            for lane in &mut self.lanes {
                lane.next = (lane.next + 1) % requests.len();
                let Some(request) = requests.get(lane.next) else { continue };
                lane.stream.write_all(request)?;
            }
            for lane in &mut self.lanes {
                lane.answer()?;
                answered += 1;
            }
        }
        Ok(answered)
    }
}

impl Lane {
    fn answer(&mut self) -> std::io::Result<()> {
        self.received.clear();
        let mut buffer = [0; 4_096];
        loop {
            let n = self.stream.read(&mut buffer)?;
            if n == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            self.received.extend_from_slice(buffer.get(..n).unwrap_or_default());
            if let Some(length) = length_of(&self.received)
                && self.received.len() >= length
            {
                break;
            }
        }
        if !self.received.starts_with(b"HTTP/1.1 200 ") {
            let answer = String::from_utf8_lossy(&self.received).into_owned();
            return Err(std::io::Error::other(answer));
        }
        Ok(())
    }
}

/// The bytes of head and body together, once the head is there.
fn length_of(answer: &[u8]) -> Option<usize> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(answer.get(..end)?).ok()?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    Some(end + length.trim().parse::<usize>().ok()?)
}

#[expect(clippy::disallowed_methods, reason = "what is measured is the time of this machine")]
fn now() -> Instant {
    Instant::now()
}
