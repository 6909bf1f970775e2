//! Which operation a path names.

use super::error::Refusal;
use axum::http::Method;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    RegisterUser,
    PostEvent,
    DeleteUser,
    ApplicationOpen,
    RegisterDevice,
    UnregisterDevice,
    DeleteDevice,
    CheckDevice,
    GetInApps,
    GetConfig,
    /// What the vendor's service counts and this register keeps nothing of, by the name in metrics.
    Counted(&'static str),
}

impl Operation {
    /// What metrics and logs call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Operation::RegisterUser => "pushwoosh.register_user",
            Operation::PostEvent => "pushwoosh.post_event",
            Operation::DeleteUser => "pushwoosh.delete_user",
            Operation::ApplicationOpen => "pushwoosh.application_open",
            Operation::RegisterDevice => "pushwoosh.register_device",
            Operation::UnregisterDevice => "pushwoosh.unregister_device",
            Operation::DeleteDevice => "pushwoosh.delete_device",
            Operation::CheckDevice => "pushwoosh.check_device",
            Operation::GetInApps => "pushwoosh.get_in_apps",
            Operation::GetConfig => "pushwoosh.get_config",
            Operation::Counted(name) => name,
        }
    }
}

pub(super) fn route(segments: &[&str], method: &Method) -> Result<Operation, Refusal> {
    let operation = match segments {
        ["json", "1.3", "registerUser"] => Operation::RegisterUser,
        ["json", "1.3", "postEvent"] => Operation::PostEvent,
        ["api", "v2", "device-api", "deleteUser"] => Operation::DeleteUser,
        ["json", "1.3", "applicationOpen"] => Operation::ApplicationOpen,
        ["json", "1.3", "registerDevice"] => Operation::RegisterDevice,
        ["json", "1.3", "unregisterDevice"] => Operation::UnregisterDevice,
        ["json", "1.3", "deleteDevice"] => Operation::DeleteDevice,
        ["json", "1.3", "checkDevice"] => Operation::CheckDevice,
        ["json", "1.3", "getInApps"] => Operation::GetInApps,
        ["json", "1.3", "getConfig"] => Operation::GetConfig,
        ["json", "1.3", "pushStat"] => Operation::Counted("pushwoosh.push_stat"),
        ["json", "1.3", "messageDeliveryEvent"] => Operation::Counted("pushwoosh.message_delivery_event"),
        ["json", "1.3", "setBadge"] => Operation::Counted("pushwoosh.set_badge"),
        _ => return Err(Refusal::no_path()),
    };
    if method == Method::POST { Ok(operation) } else { Err(Refusal::no_method()) }
}
