//! As much of a Redis client as is needed: commands out, replies in, any number of them between.

use rollbook_bench::Failure;
use std::io::{BufReader, Read, Write};
use std::os::unix::net::UnixStream;

/// What the server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    Nil,
    Integer(i64),
    Text(String),
    Many(Vec<Reply>),
}

impl Reply {
    pub(super) fn integer(&self) -> Result<i64, Failure> {
        match self {
            Reply::Integer(number) => Ok(*number),
            other => Err(format!("Redis answered {other:?} where a number was expected").into()),
        }
    }

    pub(super) fn many(self) -> Result<Vec<Reply>, Failure> {
        match self {
            Reply::Many(replies) => Ok(replies),
            other => Err(format!("Redis answered {other:?} where a list was expected").into()),
        }
    }

    pub(super) fn text(self) -> Option<String> {
        match self {
            Reply::Text(text) => Some(text),
            Reply::Nil | Reply::Integer(_) | Reply::Many(_) => None,
        }
    }
}

/// Commands that are sent together.
#[derive(Debug, Default)]
pub(super) struct Commands {
    bytes: Vec<u8>,
    count: usize,
}

impl Commands {
    /// Adds a command.
    pub(super) fn push<'a>(
        &mut self,
        arguments: impl IntoIterator<Item = &'a str, IntoIter: ExactSizeIterator>,
    ) {
        let arguments = arguments.into_iter();
        self.header(b'*', arguments.len());
        for argument in arguments {
            self.header(b'$', argument.len());
            self.bytes.extend_from_slice(argument.as_bytes());
            self.bytes.extend_from_slice(b"\r\n");
        }
        self.count += 1;
    }

    fn header(&mut self, kind: u8, number: usize) {
        self.bytes.push(kind);
        // Into a vector, which takes everything.
        let _ = write!(self.bytes, "{number}\r\n");
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.count = 0;
    }
}

#[derive(Debug)]
pub(super) struct Client {
    stream: BufReader<UnixStream>,
    line: Vec<u8>,
}

impl Client {
    pub(super) fn new(stream: UnixStream) -> Self {
        Client { stream: BufReader::with_capacity(1 << 16, stream), line: Vec::new() }
    }

    /// Sends the commands in one piece, clears them, and reads as many replies.
    pub(super) fn send(
        &mut self,
        commands: &mut Commands,
        mut each: impl FnMut(Reply) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.stream.get_mut().write_all(&commands.bytes)?;
        let count = commands.count;
        commands.clear();
        for _ in 0..count {
            let reply = self.reply()?;
            each(reply)?;
        }
        Ok(())
    }

    /// Sends one command.
    pub(super) fn call(&mut self, arguments: &[&str]) -> Result<Reply, Failure> {
        let mut commands = Commands::default();
        commands.push(arguments.iter().copied());
        let mut answer = Reply::Nil;
        self.send(&mut commands, |reply| {
            answer = reply;
            Ok(())
        })?;
        Ok(answer)
    }

    fn reply(&mut self) -> Result<Reply, Failure> {
        self.line.clear();
        std::io::BufRead::read_until(&mut self.stream, b'\n', &mut self.line)?;
        let line = std::str::from_utf8(self.line.trim_ascii_end())?;
        let Some((kind, rest)) = line.split_at_checked(1) else { return Err("Redis hung up".into()) };
        let number = || rest.parse::<i64>();
        match kind {
            "+" => Ok(Reply::Text(rest.to_owned())),
            "-" => Err(format!("Redis refused: {rest}").into()),
            ":" => Ok(Reply::Integer(number()?)),
            "$" => match usize::try_from(number()?) {
                Err(_) => Ok(Reply::Nil),
                Ok(len) => {
                    let mut text = vec![0; len + 2];
                    self.stream.read_exact(&mut text)?;
                    text.truncate(len);
                    Ok(Reply::Text(String::from_utf8(text)?))
                }
            },
            "*" => match usize::try_from(number()?) {
                Err(_) => Ok(Reply::Nil),
                Ok(len) => (0..len).map(|_| self.reply()).collect::<Result<_, _>>().map(Reply::Many),
            },
            _ => Err(format!("Redis answered {line:?}").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_written_as_the_protocol_says() {
        let mut commands = Commands::default();
        commands.push(["GET", "ä"]);
        assert_eq!(commands.bytes, "*2\r\n$3\r\nGET\r\n$2\r\nä\r\n".as_bytes());
    }

    #[test]
    fn replies_of_every_kind_are_read() {
        let (mut server, stream) = UnixStream::pair().unwrap();
        server.write_all(b"+OK\r\n:-7\r\n$2\r\nhi\r\n$-1\r\n*2\r\n:1\r\n$0\r\n\r\n-ERR no\r\n").unwrap();
        let mut client = Client::new(stream);
        let text = |text: &str| Reply::Text(text.to_owned());
        for expected in [text("OK"), Reply::Integer(-7), text("hi"), Reply::Nil] {
            assert_eq!(client.reply().unwrap(), expected);
        }
        assert_eq!(client.reply().unwrap(), Reply::Many(vec![Reply::Integer(1), text("")]));
        assert!(client.reply().unwrap_err().to_string().contains("ERR no"));
    }
}
