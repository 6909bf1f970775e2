//! Which operation a path and a method name.

use super::error::Refusal;
use axum::http::Method;

/// One operation. The names that it is about stand in the path, at the same places from its end in both layouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    LookUp,
    Update,
    Status,
    AliasDevices,
    UnbindAlias,
    DeleteAlias,
    Tags,
    UpdateTag,
    DeleteTag,
    Membership,
}

impl Operation {
    /// What metrics and logs call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Operation::LookUp => "jpush.device.get",
            Operation::Update => "jpush.device.update",
            Operation::Status => "jpush.device.status",
            Operation::AliasDevices => "jpush.alias.get",
            Operation::UnbindAlias => "jpush.alias.update",
            Operation::DeleteAlias => "jpush.alias.delete",
            Operation::Tags => "jpush.tag.list",
            Operation::UpdateTag => "jpush.tag.update",
            Operation::DeleteTag => "jpush.tag.delete",
            Operation::Membership => "jpush.tag.member",
        }
    }
}

pub(super) fn route(segments: &[&str], method: &Method) -> Result<Operation, Refusal> {
    let (get, post, delete) = (method == Method::GET, method == Method::POST, method == Method::DELETE);
    let rest = match segments {
        ["v3", "device", rest @ ..] if matches!(rest.first(), Some(&("tags" | "aliases"))) => rest,
        ["v3", rest @ ..] => rest,
        _ => return Err(Refusal::no_path()),
    };
    match *rest {
        ["devices" | "device", "status"] if post => Ok(Operation::Status),
        ["devices" | "device", "status"] => Err(Refusal::no_method("POST")),
        ["devices" | "device", _] if get => Ok(Operation::LookUp),
        ["devices" | "device", _] if post => Ok(Operation::Update),
        ["devices" | "device", _] => Err(Refusal::no_method("GET, POST")),
        ["aliases", _] if get => Ok(Operation::AliasDevices),
        ["aliases", _] if post => Ok(Operation::UnbindAlias),
        ["aliases", _] if delete => Ok(Operation::DeleteAlias),
        ["aliases", _] => Err(Refusal::no_method("GET, POST, DELETE")),
        ["tags"] if get => Ok(Operation::Tags),
        ["tags"] => Err(Refusal::no_method("GET")),
        ["tags", _] if post => Ok(Operation::UpdateTag),
        ["tags", _] if delete => Ok(Operation::DeleteTag),
        ["tags", _] => Err(Refusal::no_method("POST, DELETE")),
        ["tags", _, "registration_ids", _] if get => Ok(Operation::Membership),
        ["tags", _, "registration_ids", _] => Err(Refusal::no_method("GET")),
        _ => Err(Refusal::no_path()),
    }
}
