//! The answers to what the parser of heads refuses. It sends a status without a body, and no client of either protocol
//! reads one of those. The answer has the form of the face that the path belongs to, as far as the line has one, and
//! otherwise that of the JPush face, as on unknown paths.

use crate::Face;
use crate::exchange::{Outcome, json};
use crate::jpush::Refusal;
use crate::options::Faces;
use crate::pushwoosh::wire::Response;
use axum::body::Bytes;
use axum::http::StatusCode;

/// How much of a head is looked at for the face: more than the beginning of a path.
pub(super) const LOOKED_AT: usize = 64;

/// The face of a head that begins so.
fn face(head: &[u8]) -> Face {
    let target = head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    Face::of(&String::from_utf8_lossy(target), Faces::Both)
}

/// The answer to a client that begins with HTTP/2.
pub(super) fn no_http_2() -> Vec<u8> {
    let message = "protocol: known: must be HTTP/1.1: got HTTP/2";
    answer("HTTP/1.1 505 HTTP Version Not Supported", None, &body(Face::Jpush, 505, message))
}

/// The same answer with a body, if these bytes are an answer of the parser's own to a head that begins so.
pub(super) fn with_a_body(bytes: &[u8], asked: &[u8], head_limit: usize) -> Option<Vec<u8>> {
    let head = std::str::from_utf8(bytes).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?;
    let code = status.strip_prefix("HTTP/1.1 ")?.get(..3)?;
    let message = match code {
        "400" => "request: form: must be HTTP/1.1: got something else".to_owned(),
        "414" => "path: bytes: must be at most 65534: got more".to_owned(),
        "431" => format!("head: bytes: must be at most {head_limit}, in at most 100 lines: got more"),
        _ => return None,
    };
    let body = body(face(asked), code.parse().ok()?, &message);
    Some(answer(status, lines.find(|line| line.starts_with("date: ")), &body))
}

fn body(face: Face, status_code: u16, message: &str) -> Bytes {
    let none = Outcome::NO_OPERATION;
    match face {
        Face::Jpush => Refusal::argument(message).answer(none).into_body(),
        Face::Pushwoosh => {
            let body =
                Response::<()> { status_code, status_message: message.to_owned().into(), response: None };
            json(StatusCode::BAD_REQUEST, &body, Outcome::new(none, status_code)).into_body()
        }
    }
}

fn answer(status: &str, date: Option<&str>, body: &[u8]) -> Vec<u8> {
    let mut answer =
        format!("{status}\r\ncontent-type: application/json; charset=utf-8\r\nconnection: close\r\n");
    answer.push_str(&format!("content-length: {}\r\n", body.len()));
    if let Some(date) = date {
        answer.push_str(date);
        answer.push_str("\r\n");
    }
    answer.push_str("\r\n");
    let mut answer = answer.into_bytes();
    answer.extend_from_slice(body);
    answer
}
