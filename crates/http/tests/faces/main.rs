//! The faces through a real socket, byte for byte: one file a subject, and each test named for what it shows.
//!
//! Every answer that a test compares whole is compared in status line, headers and body, and must have come in one
//! piece. Where each row of the protocols is shown:
//!
//! | of the requests | file |
//! |---|---|
//! | content types, chunks, upgrades, slashes, encodings, escapes, unknown members | `robustness` |
//! | JPush: each path, method, body and answer; the second layout | `jpush` |
//! | Pushwoosh: each call, with and without its optional members; browsers | `pushwoosh` |
//! | what the vendors' own clients send beside what their pages say | `clients` |
//! | every call that the vendors' libraries and SDKs can make, as the documentation lists them | `vendor_calls` |
//! | the first start of each Pushwoosh SDK; when a device counts as seen | `first_start` |
//! | more than a service wants: noise, floods, depth, slowness | `hostile`, `crowds`, `connections` |
//!
//! | of the refusals | file |
//! |---|---|
//! | 7002 by what is wrong with an argument | `jpush_arguments` |
//! | what is JSON and no argument: members given twice, numbers and texts that are none | `decoding` |
//! | 7000, 7001, 7002 of one device, 7004, 7008, 7010, 7013, 7015, 2007, 7030 | `jpush_errors` |
//! | 210, 400, 401, 404, 405, 500 | `pushwoosh_errors` |
//! | every one of them for requests that would change something | `unchanged` |

#[cfg(test)]
#[path = "../common/mod.rs"]
mod common;

#[cfg(test)]
mod apart;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod crowds;
#[cfg(test)]
mod decoding;
#[cfg(test)]
mod first_start;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod jpush;
#[cfg(test)]
mod jpush_arguments;
#[cfg(test)]
mod jpush_errors;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod pushwoosh;
#[cfg(test)]
mod pushwoosh_errors;
#[cfg(test)]
mod robustness;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod threads;
#[cfg(test)]
mod timing;
#[cfg(test)]
mod unchanged;
#[cfg(test)]
mod vendor_calls;
