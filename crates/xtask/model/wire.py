"""Requests as bytes, a connection that sends many at once, and what may come back."""

import json
import re
import socket
from dataclasses import dataclass

JSON_TYPE = b"application/json; charset=utf-8"


@dataclass(frozen=True)
class Request:
    method: str
    target: bytes
    headers: tuple = ()
    # Nothing sent is another thing than an empty body only for how it is sent.
    body: bytes | None = None
    chunked: bool = False

    def encoded(self):
        lines = [self.method.encode() + b" " + self.target + b" HTTP/1.1", b"Host: model", *self.headers]
        body = self.body or b""
        if self.chunked:
            lines.append(b"Transfer-Encoding: chunked")
            half = len(body) // 2
            parts = [part for part in (body[:half], body[half:]) if part]
            body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
        elif self.body is not None or self.method not in ("GET", "DELETE"):
            lines.append(b"Content-Length: %d" % len(body))
        return b"\r\n".join(lines) + b"\r\n\r\n" + body

    def __str__(self):
        shown = [f"{self.method} {self.target.decode(errors='backslashreplace')}"]
        shown += [h.decode(errors="backslashreplace") for h in self.headers]
        if self.chunked:
            shown.append("chunked")
        if self.body is not None:
            shown.append(self.body.decode(errors="backslashreplace").replace("\ufeff", "\\ufeff"))
        return "\n      ".join(map(readable, shown))


def readable(text):
    """Without long runs of one character, and not too long."""
    text = re.sub(r"(.)\1{40,}", lambda run: f"{run[1]}…[{len(run[0])} times]", text)
    return text if len(text) <= 3000 else f"{text[:3000]}… ({len(text)} characters)"


class Difference(Exception):
    """What was different, and its kind: a sequence is made shorter only while it shows a difference of that kind."""

    def __init__(self, what, kind=None):
        super().__init__(what)
        self.kind = kind


class Lost(Exception):
    """The service closed the connection, or sent what is no answer."""


class Connection:
    def __init__(self, address):
        self.address, self.socket, self.buffer = address, None, b""

    def close(self):
        if self.socket is not None:
            self.socket.close()
        self.socket, self.buffer = None, b""

    def exchange(self, requests):
        """Sends all requests at once, and yields the answers in their order."""
        waiting = list(requests)
        while waiting:
            if self.socket is None:
                self.socket = socket.create_connection(self.address, timeout=60)
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket.sendall(b"".join(request.encoded() for request in waiting))
            closes = False
            while waiting and not closes:
                answer, closes = self.answer()
                waiting.pop(0)
                yield answer
            # What was sent after the last request that was answered was not looked at.
            if closes:
                self.close()

    def answer(self):
        while (end := self.buffer.find(b"\r\n\r\n")) < 0:
            self.receive()
        head, rest = self.buffer[:end], self.buffer[end + 4:]
        status, *lines = head.split(b"\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(b":")
            headers[name.strip().lower()] = value.strip()
        if b"content-length" not in headers:
            raise Lost(f"an answer of no declared length: {head!r}")
        length = int(headers[b"content-length"])
        while len(rest) < length:
            self.receive()
            rest = self.buffer[end + 4:]
        self.buffer = rest[length:]
        closes = headers.get(b"connection", b"").lower() == b"close"
        return Answer(int(status.split(b" ")[1]), headers, rest[:length]), closes

    def receive(self):
        try:
            got = self.socket.recv(1 << 18)
        except OSError as error:
            raise Lost(f"the connection broke: {error}") from error
        if not got:
            raise Lost(f"the connection ended before an answer: {self.buffer!r}")
        self.buffer += got


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict
    body: bytes

    def __str__(self):
        return readable(f"{self.status} {self.body.decode(errors='backslashreplace')}")

    def json(self):
        """The body, which every answer has, of one form."""
        if self.headers.get(b"content-type") != JSON_TYPE:
            raise ValueError(f"content type {self.headers.get(b'content-type')}")
        return json.loads(self.body)


@dataclass(frozen=True)
class Expected:
    """One answer that may come, and what it does to the model. `judge` returns what is wrong with a body."""

    what: str
    statuses: tuple
    judge: object
    change: object = None


def exactly(body, change=None):
    return Expected(f"200 {json.dumps(body, ensure_ascii=False)}", (200,),
                    lambda got: None if same(got, body) else "another body", change)


def same(one, other):
    """Equal with types: 1, 1.0 and true are three values."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    kind = {int: int, bool: bool}
    return one == other and kind.get(type(one), type(None)) == kind.get(type(other), type(None))
