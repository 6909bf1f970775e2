//! The answers to what the parser of heads refuses. It sends a status without a body, and no client of either protocol
//! reads one of those; what it was asked is unknown, so the answer has the JPush face's form, as on unknown paths.

use crate::exchange::Outcome;
use crate::jpush::Refusal;

/// The answer to a client that begins with HTTP/2.
pub(super) fn no_http_2() -> Vec<u8> {
    answer("HTTP/1.1 505 HTTP Version Not Supported", None, "protocol: known: must be HTTP/1.1: got HTTP/2")
}

/// The same answer with a body, if these bytes are an answer of the parser's own.
pub(super) fn with_a_body(bytes: &[u8], head_limit: usize) -> Option<Vec<u8>> {
    let head = std::str::from_utf8(bytes).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?;
    let message = match status.strip_prefix("HTTP/1.1 ")?.get(..3)? {
        "400" => "request: form: must be HTTP/1.1: got something else".to_owned(),
        "414" => "path: bytes: must be at most 65534: got more".to_owned(),
        "431" => format!("head: bytes: must be at most {head_limit}, in at most 100 lines: got more"),
        _ => return None,
    };
    Some(answer(status, lines.find(|line| line.starts_with("date: ")), &message))
}

fn answer(status: &str, date: Option<&str>, message: &str) -> Vec<u8> {
    let body = Refusal::argument(message).answer(Outcome::NO_OPERATION).into_body();
    let mut answer =
        format!("{status}\r\ncontent-type: application/json; charset=utf-8\r\nconnection: close\r\n");
    answer.push_str(&format!("content-length: {}\r\n", body.len()));
    if let Some(date) = date {
        answer.push_str(date);
        answer.push_str("\r\n");
    }
    answer.push_str("\r\n");
    let mut answer = answer.into_bytes();
    answer.extend_from_slice(&body);
    answer
}
