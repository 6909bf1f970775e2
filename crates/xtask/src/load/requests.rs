//! What the service is asked, and what it holds.

use std::fmt::Write as _;

use crate::service::Service;

/// What the membership question is answered with, and what nginx answers.
pub(super) const ANSWER: &str = r#"{"result":true}"#;

const KEY: &str = "0123456789abcdef01234567";
/// Of the key, a colon and the secret.
const BASIC: &str = "Basic MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3OmZlZGNiYTk4NzY1NDMyMTAwMTIzNDU2Nw==";
const TOKEN: &str = "Token DEV-TOKEN";

/// How many devices there are. Each has an alias of its own, and a tag that all carry.
const DEVICES: usize = 1_000;

/// One operation, asked of one device after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    Membership,
    Alias,
    /// Puts a tag on every device, then takes it off again: each request changes the register.
    Update,
}

impl Question {
    pub(super) fn name(self) -> &'static str {
        match self {
            Question::Membership => "membership",
            Question::Alias => "alias look-up",
            Question::Update => "device update",
        }
    }

    /// A script for wrk, which makes all requests before the first is sent.
    pub(super) fn script(self) -> String {
        let requests = match self {
            Question::Membership => {
                r#"for n = 1, devices do requests[n] = wrk.format("GET", "/v3/tags/news/registration_ids/device-" .. n) end"#
            }
            Question::Alias => {
                r#"for n = 1, devices do requests[n] = wrk.format("GET", "/v3/aliases/alias" .. n) end"#
            }
            Question::Update => {
                r#"for n = 1, devices do
    local path = "/v3/devices/device-" .. n
    requests[n] = wrk.format("POST", path, nil, '{"tags":{"add":["odd"]}}')
    requests[devices + n] = wrk.format("POST", path, nil, '{"tags":{"remove":["odd"]}}')
  end"#
            }
        };
        format!(
            r#"local devices, requests, sent = {DEVICES}, {{}}, 0
wrk.headers["Authorization"] = "{BASIC}"
function init(args)
  {requests}
end
function request()
  sent = sent % #requests + 1
  return requests[sent]
end
"#
        )
    }
}

/// The configuration of the service on a store.
pub(super) fn configuration(store: &str) -> String {
    format!(
        r#"listen = "127.0.0.1:0"
store = "{store}"
[[apps]]
key = "{KEY}"
master_secret = "fedcba987654321001234567"
api_tokens = ["DEV-TOKEN"]
"#
    )
}

/// Registers the devices by the one protocol, and gives them tag and alias by the other.
pub(super) fn fill(service: &Service) -> Result<(), String> {
    let mut ids = String::new();
    for n in 1..=DEVICES {
        let device = format!(
            r#"{{"request":{{"application":"{KEY}","hwid":"device-{n}","device_type":3,"push_token":"token-{n}"}}}}"#
        );
        ask(service, "POST /json/1.3/registerDevice", TOKEN, &device)?;
        ask(service, &format!("POST /v3/devices/device-{n}"), BASIC, &format!(r#"{{"alias":"alias{n}"}}"#))?;
        let comma = if n == 1 { "" } else { "," };
        let _ = write!(ids, r#"{comma}"device-{n}""#);
    }
    ask(service, "POST /v3/tags/news", BASIC, &format!(r#"{{"registration_ids":{{"add":[{ids}]}}}}"#))?;
    let member = ask(service, "GET /v3/tags/news/registration_ids/device-1", BASIC, "")?;
    if member.ends_with(ANSWER) {
        Ok(())
    } else {
        Err(format!("the service does not hold its devices: {member}"))
    }
}

fn ask(service: &Service, what: &str, authorization: &str, body: &str) -> Result<String, String> {
    let answer = service.ask(what, authorization, body).map_err(|error| format!("{what}: {error}"))?;
    let is_done = answer.starts_with("HTTP/1.1 200") && !answer.contains(r#""status_code":210"#);
    if is_done { Ok(answer) } else { Err(format!("{what}: {answer}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_asks_with_the_credentials_of_the_app() {
        for question in [Question::Membership, Question::Alias, Question::Update] {
            let script = question.script();
            assert!(script.contains(BASIC) && script.contains("wrk.format"), "{script}");
        }
    }
}
