//! Which operation a path and a method name.

use super::error::Refusal;
use axum::http::Method;

/// One operation; names are still encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation<'a> {
    LookUp(&'a str),
    Update(&'a str),
    Status,
    AliasDevices(&'a str),
    UnbindAlias(&'a str),
    DeleteAlias(&'a str),
    Tags,
    UpdateTag(&'a str),
    DeleteTag(&'a str),
    Membership { tag: &'a str, device: &'a str },
}

impl Operation<'_> {
    /// What metrics and logs call it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Operation::LookUp(_) => "jpush.device.get",
            Operation::Update(_) => "jpush.device.update",
            Operation::Status => "jpush.device.status",
            Operation::AliasDevices(_) => "jpush.alias.get",
            Operation::UnbindAlias(_) => "jpush.alias.update",
            Operation::DeleteAlias(_) => "jpush.alias.delete",
            Operation::Tags => "jpush.tag.list",
            Operation::UpdateTag(_) => "jpush.tag.update",
            Operation::DeleteTag(_) => "jpush.tag.delete",
            Operation::Membership { .. } => "jpush.tag.member",
        }
    }
}

pub(super) fn route<'a>(segments: &[&'a str], method: &Method) -> Result<Operation<'a>, Refusal> {
    let (get, post, delete) = (method == Method::GET, method == Method::POST, method == Method::DELETE);
    let rest = match segments {
        ["v3", "device", rest @ ..] if matches!(rest.first(), Some(&("tags" | "aliases"))) => rest,
        ["v3", rest @ ..] => rest,
        _ => return Err(Refusal::no_path()),
    };
    match *rest {
        ["devices" | "device", "status"] if post => Ok(Operation::Status),
        ["devices" | "device", "status"] => Err(Refusal::no_method("POST")),
        ["devices" | "device", id] if get => Ok(Operation::LookUp(id)),
        ["devices" | "device", id] if post => Ok(Operation::Update(id)),
        ["devices" | "device", _] => Err(Refusal::no_method("GET, POST")),
        ["aliases", alias] if get => Ok(Operation::AliasDevices(alias)),
        ["aliases", alias] if post => Ok(Operation::UnbindAlias(alias)),
        ["aliases", alias] if delete => Ok(Operation::DeleteAlias(alias)),
        ["aliases", _] => Err(Refusal::no_method("GET, POST, DELETE")),
        ["tags"] if get => Ok(Operation::Tags),
        ["tags"] => Err(Refusal::no_method("GET")),
        ["tags", tag] if post => Ok(Operation::UpdateTag(tag)),
        ["tags", tag] if delete => Ok(Operation::DeleteTag(tag)),
        ["tags", _] => Err(Refusal::no_method("POST, DELETE")),
        ["tags", tag, "registration_ids", device] if get => Ok(Operation::Membership { tag, device }),
        ["tags", _, "registration_ids", _] => Err(Refusal::no_method("GET")),
        _ => Err(Refusal::no_path()),
    }
}
