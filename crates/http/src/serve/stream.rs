//! A socket that keeps what its connection's deadlines are judged by, and says a word where the parser of heads is mute.

use super::own_answers;
use super::state::State;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

pub(super) struct Stream {
    socket: TcpStream,
    state: Arc<State>,
    head_limit: usize,
    /// How the head began that is being read, if it came by itself.
    asked: Vec<u8>,
    /// An answer in place of one without a body, as far as it is not sent.
    instead: Vec<u8>,
}

impl Stream {
    pub(super) fn new(socket: TcpStream, state: Arc<State>, head_limit: usize) -> Self {
        Stream { socket, state, head_limit, asked: Vec::new(), instead: Vec::new() }
    }

    pub(super) fn into_socket(self) -> TcpStream {
        self.socket
    }

    fn poll_instead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.instead.is_empty() {
            let sent = ready!(Pin::new(&mut self.socket).poll_write(cx, &self.instead))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.instead.drain(..sent);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(cx, buffer))?;
        let received = buffer.filled().get(before..).unwrap_or_default();
        if !received.is_empty() {
            if self.state.is_unasked() {
                let room = own_answers::LOOKED_AT.saturating_sub(self.asked.len());
                self.asked.extend(received.iter().take(room));
            }
            self.state.receives();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.state.is_unasked() {
            if let Some(answer) = own_answers::with_a_body(bytes, &self.asked, self.head_limit) {
                self.instead = answer;
                return Poll::Ready(Ok(bytes.len()));
            }
        } else {
            // What comes next is another head.
            self.asked.clear();
        }
        match Pin::new(&mut self.socket).poll_write(cx, bytes) {
            Poll::Pending => {
                self.state.blocks();
                Poll::Pending
            }
            written => {
                self.state.writes();
                written
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(cx))?;
        self.state.sent();
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(cx))?;
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
