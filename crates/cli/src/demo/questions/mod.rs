//! Questions of every kind, topic by topic. They build on one another: a later topic uses the devices of an earlier
//! one.

mod apps;
mod audiences;
mod batches;
mod devices;
mod events;
mod presence;
mod tags_and_aliases;
mod users;

use super::Stage;
use super::interview::Interview;
use crate::failure::Failure;

/// The devices that the questions add to those with which the register was filled.
const PHONE: &str = "ann-phone";
const TABLET: &str = "ann-tablet";

pub(super) fn ask_all(stage: &Stage, interview: &mut Interview) -> Result<(), Failure> {
    devices::ask(stage, interview)?;
    tags_and_aliases::ask_tags(stage, interview)?;
    tags_and_aliases::ask_aliases(stage, interview)?;
    users::ask(stage, interview)?;
    presence::ask(stage, interview)?;
    events::ask(stage, interview)?;
    audiences::ask(stage, interview)?;
    batches::ask(stage, interview)?;
    apps::ask(stage, interview)
}
