//! The result of a step, on either side.

use super::Refusal;
use rollbook::{
    AppInfo, Device, DeviceId, Event, EventCode, EventType, Outcome, Platform, Presence, TagName, Version,
};
use std::collections::BTreeMap;

/// The result of an accepted step. Paged results are read to their end.
///
/// ```
/// use rollbook::{ManualClock, Platform, Timestamp};
/// use rollbook_testkit::{check::perform, example, op::Op, oracle::Answer};
///
/// let clock = ManualClock::at(Timestamp::from_secs(0));
/// let told = perform(&example::registry(), &clock, &Op::CountByPlatform("shop".parse()?, "vip".parse()?));
/// assert_eq!(told, Ok(Answer::ByPlatform([(Platform::Ios, 1)].into())));
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Answer {
    /// No value.
    Done,
    /// The result of a command.
    Outcome(Outcome),
    /// The results of a batch.
    Outcomes(Vec<Outcome>),
    /// A device.
    Device(Box<Device>),
    /// Devices in byte order.
    Devices(Vec<DeviceId>),
    /// Devices by platform; those of one platform in byte order, since only the register knows their own order.
    Selected(Vec<DeviceId>),
    /// Yes or no.
    Truth(bool),
    /// Whether a text is the master secret, and whether it is a token.
    Verified {
        /// Whether it is the master secret.
        master: bool,
        /// Whether it is one of the tokens.
        token: bool,
    },
    /// A number.
    Count(u64),
    /// The number on each platform that has any.
    ByPlatform(BTreeMap<Platform, u64>),
    /// Tags with the number of devices of each, in byte order.
    Tags(Vec<(TagName, u64)>),
    /// The presence of each requested id.
    Presence(Vec<Option<Presence>>),
    /// Declared events in byte order.
    EventTypes(Vec<EventType>),
    /// Events in the requested order.
    Events(Vec<Event>),
    /// Apps in byte order.
    Apps(Vec<AppInfo>),
}

impl Answer {
    /// Returns the result without what may differ between two registers with the same content: versions, event codes,
    /// and the order of devices where it is the register's own.
    ///
    /// ```
    /// use rollbook_testkit::oracle::Answer;
    /// let told = Answer::Selected(vec!["tablet".parse()?, "phone".parse()?]);
    /// let expected = Answer::Selected(vec!["phone".parse()?, "tablet".parse()?]);
    /// assert_eq!(told.comparable(), expected);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn comparable(mut self) -> Self {
        match &mut self {
            Answer::Device(device) => device.version = Version(0),
            Answer::Outcome(outcome) => *outcome = comparable(outcome),
            Answer::Outcomes(outcomes) => {
                outcomes.iter_mut().for_each(|outcome| *outcome = comparable(outcome))
            }
            Answer::Selected(ids) => ids.sort(),
            Answer::Events(events) => events.iter_mut().for_each(|event| event.code = no_code()),
            _ => {}
        }
        self
    }
}

fn comparable(outcome: &Outcome) -> Outcome {
    let mut outcome = outcome.clone();
    match &mut outcome {
        Outcome::Posted(code) => *code = no_code(),
        Outcome::Registered(done) => done.evicted.sort(),
        Outcome::Updated(done) => done.evicted.sort(),
        _ => {}
    }
    outcome
}

pub(super) fn no_code() -> EventCode {
    "00000-00000".parse().expect("ten digits are a code")
}

/// The result of a step, or its refusal.
pub type Answered = Result<Answer, Refusal>;
