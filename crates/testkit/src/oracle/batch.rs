//! Several commands, all or none.

use super::refusal::Refusal;
use super::rules::above;
use super::tenant::{Tenant, UnderWay};
use rollbook::{Command, Outcome, Rule, Timestamp, UserId};
use std::collections::BTreeMap;

/// Returns the app after a batch and the result of each command. A command that fails counts as left out for those
/// after it, so that every failing one is named.
pub(super) fn planned(
    tenant: &Tenant,
    commands: &[Command],
    now: Timestamp,
) -> Result<(Tenant, Vec<Outcome>), Refusal> {
    if above(commands.len(), tenant.limits.operations_per_batch) {
        return Err(Refusal::one("operations", None, Rule::Items));
    }
    let mut after = tenant.clone();
    let owners = tenant.devices.iter().map(|(id, member)| (id.clone(), member.user.clone())).collect();
    let versions = tenant.devices.iter().map(|(id, member)| (id.clone(), member.version)).collect();
    after.batch = Some(UnderWay { owners, versions, ..UnderWay::default() });

    let (mut outcomes, mut failures) = (Vec::new(), BTreeMap::new());
    for (n, command) in commands.iter().enumerate() {
        let left = left_by(&after, command);
        match after.apply(command, now) {
            Ok(outcome) => outcomes.push((outcome, left)),
            Err(refusal) => {
                failures.insert(n, refusal);
            }
        }
    }
    if !failures.is_empty() {
        return Err(Refusal::Batch(failures));
    }
    after.batch = None;
    let vanished = |user: &UserId| tenant.has_user(user) && !after.has_user(user);
    let outcomes = outcomes.into_iter().map(|(outcome, left)| judged(outcome, left, vanished)).collect();
    Ok((after, outcomes))
}

/// Returns the user of the device that the command is about to remove.
fn left_by(tenant: &Tenant, command: &Command) -> Option<UserId> {
    match command {
        Command::Remove(device) | Command::RemoveBasedOn { device, .. } => {
            tenant.devices.get(device).map(|member| member.user.clone())
        }
        _ => None,
    }
}

/// A batch is one change: a user vanishes in it if the user existed before it and does not exist after it.
fn judged(mut outcome: Outcome, left: Option<UserId>, vanished: impl Fn(&UserId) -> bool) -> Outcome {
    match &mut outcome {
        Outcome::Registered(done) => {
            done.former_user_vanished = done.former_user.as_ref().is_some_and(vanished);
        }
        Outcome::SignedOut(done) => {
            done.former_user_vanished = done.former_user.as_ref().is_some_and(vanished);
        }
        Outcome::Removed { vanished_user } => *vanished_user = left.filter(vanished),
        _ => {}
    }
    outcome
}
