//! Every verb of a register as one value, for random tests.

mod alphabet;
#[cfg(feature = "arbitrary")]
mod arbitrary;
mod choice;
mod choose;
mod crowded;
mod maker;

pub use alphabet::Alphabet;
pub use choice::Choices;
pub use choose::{op_strategy, ops_of, ops_strategy, small_limits};
pub use crowded::{crowded_ops_of, crowded_ops_strategy};

use rollbook::{
    Alias, AppKey, AppOpen, Audience, Command, DeviceId, EventQuery, Limits, PlatformSet, Policies, TagName,
    Timestamp, UserId,
};

/// One step: a question to a register, a change of it, or a move of its clock.
///
/// A [`Command`] inside is called by the verb of its name, or, in a batch, as the batch's item. Its
/// [`based_on`](rollbook::DeviceUpdate::based_on), or the version of a [`Command::RemoveBasedOn`], is a placeholder:
/// whatever its number, it stands for the version of the device that the last [`Op::Device`] returned, or for one that
/// no device ever had when there was no such look-up.
///
/// ```
/// use rollbook::{Command, DeletedUser, ManualClock, Outcome, Timestamp};
/// use rollbook_testkit::{check::perform, example, op::Op, oracle::Answer};
///
/// let step = Op::Do("shop".parse()?, Command::DeleteUser("ann".parse()?));
/// let done = perform(&example::registry(), &ManualClock::at(Timestamp::from_secs(0)), &step);
/// assert_eq!(done, Ok(Answer::Outcome(Outcome::UserDeleted(DeletedUser { devices: 2, events: 1 }))));
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Op {
    /// Creates an app.
    CreateApp {
        /// Its key.
        app: AppKey,
        /// What it is created with.
        settings: Settings,
    },
    /// Deletes an app.
    DeleteApp(AppKey),
    /// Renames an app.
    RenameApp {
        /// Its key.
        app: AppKey,
        /// Its name from now on.
        name: String,
    },
    /// Changes the limits of an app, which may fall below what it holds.
    SetLimits {
        /// Its key.
        app: AppKey,
        /// Its limits from now on.
        limits: Box<Limits>,
    },
    /// Switches the presence capability on or off.
    SetPresence {
        /// Its key.
        app: AppKey,
        /// Whether the app has the capability from now on.
        on: bool,
    },
    /// Changes the policies of an app.
    SetPolicies {
        /// Its key.
        app: AppKey,
        /// Its policies from now on.
        policies: Policies,
    },
    /// Sets or removes the master secret.
    SetMaster {
        /// Its key.
        app: AppKey,
        /// The secret's text.
        secret: Option<String>,
    },
    /// Changes the API tokens.
    SetTokens {
        /// Its key.
        app: AppKey,
        /// The tokens' texts.
        tokens: Vec<String>,
    },
    /// Checks whether a text is the master secret, and whether it is an API token.
    Verify {
        /// The app.
        app: AppKey,
        /// The text.
        secret: String,
    },
    /// Lists the apps to the end.
    Apps {
        /// Rows on a page.
        limit: usize,
    },
    /// Resumes interrupted deletions; there are none.
    ResumeDeletions,
    /// Moves the clock by this many seconds, backwards when negative.
    MoveClock(i64),
    /// Performs one changing verb.
    Do(AppKey, Command),
    /// Performs several at once, all or none.
    Batch(AppKey, Vec<Command>),
    /// Returns what such a batch would do.
    DryRun(AppKey, Vec<Command>),
    /// Records that the app was opened on a device.
    Open(AppKey, AppOpen),
    /// Records that a device made a call.
    DeviceCalled(AppKey, DeviceId),
    /// Records that devices are seen now.
    Touch(AppKey, Vec<DeviceId>),
    /// Records that devices were seen at some time.
    TouchAt(AppKey, Vec<(DeviceId, Timestamp)>),
    /// Removes all devices that were last seen before some time.
    RemoveUnseen(AppKey, Timestamp),
    /// Erases the events older than the retention.
    PurgeEvents(AppKey),
    /// Looks a device up.
    Device(AppKey, DeviceId),
    /// Returns the devices that carry an alias.
    AliasDevices(AppKey, Alias, PlatformSet),
    /// Returns the devices of a user.
    UserDevices(AppKey, UserId, PlatformSet),
    /// Checks whether a device carries a tag.
    HasTag(AppKey, DeviceId, TagName),
    /// Counts the devices that carry a tag.
    TagCount(AppKey, TagName, PlatformSet),
    /// Lists the tags to the end.
    Tags {
        /// The app.
        app: AppKey,
        /// The platforms.
        platforms: PlatformSet,
        /// Rows on a page.
        limit: usize,
    },
    /// Lists the devices of a tag to the end.
    TagDevices {
        /// The app.
        app: AppKey,
        /// The tag.
        tag: TagName,
        /// The platforms.
        platforms: PlatformSet,
        /// Rows on a page.
        limit: usize,
    },
    /// Returns which of the devices are online.
    Presence(AppKey, Vec<DeviceId>),
    /// Returns the declared event names.
    EventTypes(AppKey),
    /// Reads events to the end, in pages of the query's limit.
    Events(AppKey, EventQuery),
    /// Counts the devices that an audience selects.
    Count(AppKey, Audience),
    /// Counts them for each platform.
    CountByPlatform(AppKey, Audience),
    /// Lists the devices that an audience selects to the end.
    Select {
        /// The app.
        app: AppKey,
        /// The audience.
        audience: Audience,
        /// Rows on a page.
        limit: usize,
    },
    /// Checks whether an audience selects a device.
    Contains(AppKey, Audience, DeviceId),
}

/// The settings with which [`Op::CreateApp`] creates an app: [`AppSettings`](rollbook::AppSettings) that can be
/// compared and printed, since the secrets are plain texts of a test.
///
/// ```
/// use rollbook_testkit::{op::{Op, Settings}, oracle::{Answer, Oracle}};
///
/// let settings = Settings { master: Some("open sesame".to_owned()), ..Settings::default() };
/// let mut oracle = Oracle::new();
/// oracle.answer(&Op::CreateApp { app: "shop".parse()?, settings }).unwrap();
/// let asked = Op::Verify { app: "shop".parse()?, secret: "open sesame".to_owned() };
/// assert_eq!(oracle.answer(&asked), Ok(Answer::Verified { master: true, token: false }));
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// The display name.
    pub name: String,
    /// The master secret's text.
    pub master: Option<String>,
    /// The API tokens' texts.
    pub tokens: Vec<String>,
    /// Whether the app has the presence capability.
    pub presence: bool,
    /// Its limits.
    pub limits: Limits,
    /// Its policies.
    pub policies: Policies,
}

impl Op {
    /// Returns the app that the step is about. Steps about all apps, or none, return `None`.
    ///
    /// ```
    /// use rollbook_testkit::op::Op;
    /// let shop = "shop".parse()?;
    /// assert_eq!(Op::MoveClock(60).app(), None);
    /// assert_eq!(Op::EventTypes("shop".parse()?).app(), Some(&shop));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn app(&self) -> Option<&AppKey> {
        match self {
            Op::Apps { .. } | Op::ResumeDeletions | Op::MoveClock(_) => None,
            Op::CreateApp { app, .. }
            | Op::DeleteApp(app)
            | Op::RenameApp { app, .. }
            | Op::SetLimits { app, .. }
            | Op::SetPresence { app, .. }
            | Op::SetPolicies { app, .. }
            | Op::SetMaster { app, .. }
            | Op::SetTokens { app, .. }
            | Op::Verify { app, .. }
            | Op::Do(app, _)
            | Op::Batch(app, _)
            | Op::DryRun(app, _)
            | Op::Open(app, _)
            | Op::DeviceCalled(app, _)
            | Op::Touch(app, _)
            | Op::TouchAt(app, _)
            | Op::RemoveUnseen(app, _)
            | Op::PurgeEvents(app)
            | Op::Device(app, _)
            | Op::AliasDevices(app, ..)
            | Op::UserDevices(app, ..)
            | Op::HasTag(app, ..)
            | Op::TagCount(app, ..)
            | Op::Tags { app, .. }
            | Op::TagDevices { app, .. }
            | Op::Presence(app, _)
            | Op::EventTypes(app)
            | Op::Events(app, _)
            | Op::Count(app, _)
            | Op::CountByPlatform(app, _)
            | Op::Select { app, .. }
            | Op::Contains(app, ..) => Some(app),
        }
    }

    /// Returns `true` if the step only reads, so that nothing can have changed after it.
    ///
    /// ```
    /// use rollbook_testkit::op::Op;
    /// assert!(Op::EventTypes("shop".parse()?).is_question());
    /// assert!(!Op::PurgeEvents("shop".parse()?).is_question());
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn is_question(&self) -> bool {
        matches!(
            self,
            Op::Verify { .. }
                | Op::Apps { .. }
                | Op::DryRun(..)
                | Op::Device(..)
                | Op::AliasDevices(..)
                | Op::UserDevices(..)
                | Op::HasTag(..)
                | Op::TagCount(..)
                | Op::Tags { .. }
                | Op::TagDevices { .. }
                | Op::Presence(..)
                | Op::EventTypes(_)
                | Op::Events(..)
                | Op::Count(..)
                | Op::CountByPlatform(..)
                | Op::Select { .. }
                | Op::Contains(..)
        )
    }
}
