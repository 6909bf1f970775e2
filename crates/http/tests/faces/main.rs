//! The faces through a real socket, byte for byte: one file a subject, and each test named for what it shows.

#[cfg(test)]
#[path = "../common/mod.rs"]
mod common;

#[cfg(test)]
mod apart;
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
