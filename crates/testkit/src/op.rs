//! Every verb of a register as one value: what random tests are made of.

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
/// [`based_on`](rollbook::DeviceUpdate::based_on), or the version of a [`Command::RemoveBasedOn`], is a sign, not a number: whatever it holds stands for the version
/// that the last [`Op::Device`] told of that device, or for one that no device ever had when there was none.
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
    /// Gives or takes the presence capability.
    SetPresence {
        /// Its key.
        app: AppKey,
        /// Whether it may ask from now on.
        on: bool,
    },
    /// Changes the policies of an app.
    SetPolicies {
        /// Its key.
        app: AppKey,
        /// Its policies from now on.
        policies: Policies,
    },
    /// Changes or takes away the master secret.
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
    /// Is this text the master secret, is it an API token?
    Verify {
        /// The app.
        app: AppKey,
        /// The text.
        secret: String,
    },
    /// Lists the apps to the end, in pages of so many.
    Apps {
        /// Rows on a page.
        limit: usize,
    },
    /// Takes up deletions that were left off: there are none.
    ResumeDeletions,
    /// Moves the clock by so many seconds, backwards when negative.
    MoveClock(i64),
    /// One changing verb.
    Do(AppKey, Command),
    /// Several at once, all or nothing.
    Batch(AppKey, Vec<Command>),
    /// What such a batch would answer.
    DryRun(AppKey, Vec<Command>),
    /// The app of a device is opened.
    Open(AppKey, AppOpen),
    /// A device made a call.
    DeviceCalled(AppKey, DeviceId),
    /// Devices are seen now.
    Touch(AppKey, Vec<DeviceId>),
    /// Devices were seen at some time.
    TouchAt(AppKey, Vec<(DeviceId, Timestamp)>),
    /// Removes all devices that were last seen before some time.
    RemoveUnseen(AppKey, Timestamp),
    /// Forgets the events older than the retention.
    PurgeEvents(AppKey),
    /// Looks a device up.
    Device(AppKey, DeviceId),
    /// The devices that carry an alias.
    AliasDevices(AppKey, Alias, PlatformSet),
    /// The devices of a user.
    UserDevices(AppKey, UserId, PlatformSet),
    /// Is the device in the tag?
    HasTag(AppKey, DeviceId, TagName),
    /// How many devices carry the tag?
    TagCount(AppKey, TagName, PlatformSet),
    /// Lists the tags to the end.
    Tags {
        /// The app.
        app: AppKey,
        /// Where.
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
        /// Where.
        platforms: PlatformSet,
        /// Rows on a page.
        limit: usize,
    },
    /// Which devices are online?
    Presence(AppKey, Vec<DeviceId>),
    /// Which event names are declared?
    EventTypes(AppKey),
    /// Reads events to the end, in pages of the query's limit.
    Events(AppKey, EventQuery),
    /// How many devices does a condition select?
    Count(AppKey, Audience),
    /// The same for each platform.
    CountByPlatform(AppKey, Audience),
    /// Which devices does a condition select? Reads to the end.
    Select {
        /// The app.
        app: AppKey,
        /// The condition.
        audience: Audience,
        /// Rows on a page.
        limit: usize,
    },
    /// Does a condition select this device?
    Contains(AppKey, Audience, DeviceId),
}

/// What [`Op::CreateApp`] creates an app with: [`AppSettings`](rollbook::AppSettings) that can be compared and shown,
/// since its secrets are none.
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
    /// A name for people.
    pub name: String,
    /// The master secret's text.
    pub master: Option<String>,
    /// The API tokens' texts.
    pub tokens: Vec<String>,
    /// May the app ask for presence?
    pub presence: bool,
    /// Its limits.
    pub limits: Limits,
    /// Its policies.
    pub policies: Policies,
}

impl Op {
    /// The app that the step is about; steps about all apps, or none, have none.
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

    /// Does the step only ask, so that nothing can have changed after it?
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
