//! What is compared: a system that can be asked blocks of questions.

use crate::block::{Answer, Block, Condition, DeviceFields, TagUpdate};
use rollbook::{Alias, Command, DeviceId, Presence, Registration, TagName, Timestamp, UserId};
use rollbook_bench::{Failure, Workload};
use std::hint::black_box;

/// A registry of any kind with the devices of a workload.
pub(crate) trait System {
    fn name(&self) -> &'static str;

    /// Handles a block of questions and discards the results. This is what is timed.
    fn ask(&mut self, block: &Block) -> Result<(), Failure>;

    /// Handles a block of questions in the same way and returns the results, to compare them with those of the
    /// others.
    fn answer(&mut self, block: &Block) -> Result<Vec<Answer>, Failure>;

    /// Returns `true` for a system that only does the basic work of a question, such as reading the record, and has
    /// no results to compare.
    fn is_bare(&self) -> bool {
        false
    }

    /// Returns `true` if the system can be asked this block in a way of its own.
    fn takes(&self, block: &Block) -> bool;

    /// Returns the number of questions that the system sends together.
    fn together(&self) -> usize {
        1
    }

    /// Returns the memory and disk that the system itself reports.
    fn footprint(&mut self) -> Result<Footprint, Failure> {
        Ok(Footprint::default())
    }

    /// Returns the system for several reading threads, if it supports them.
    fn readers(&self) -> Option<&dyn Readers> {
        None
    }

    /// Returns the system for threads that read, stream and write at the same time, if it supports them.
    fn live(&self) -> Option<&dyn Live> {
        None
    }
}

/// Sizes in bytes that the counting allocator does not see, and the cost of filling the system.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Footprint {
    pub(crate) memory: Option<u64>,
    pub(crate) disk: Option<u64>,
    /// Bytes written to disk for each byte committed while the system was filled.
    pub(crate) write_amplification: Option<f64>,
    /// True if the counting allocator sees all of the system's memory.
    pub(crate) counted: bool,
}

/// Questions that several threads can ask at the same time.
pub(crate) trait Readers: Sync {
    /// Returns how many of these devices carry their tag.
    fn count_tagged(&self, asks: &[(DeviceId, TagName)]) -> usize;
}

/// Work that a system does while others read.
pub(crate) trait Live: Readers {
    /// Reads the ids of all devices and returns their number.
    fn stream(&self) -> Result<u64, Failure>;

    /// Adds the tag to the device and removes it again.
    fn write(&self, device: &DeviceId, tag: &TagName) -> Result<(), Failure>;
}

/// Creates systems and registers all devices of the workload.
pub(crate) type Build = fn(&Workload) -> Result<Vec<Box<dyn System>>, Failure>;

/// A registry that is called directly and handles one question at a time.
pub(crate) trait Direct {
    /// The result of a look-up of device ids: owned, in byte order.
    type Ids;
    /// The result of a look-up of a device: owned, with all fields.
    type Device;

    const NAME: &'static str;

    fn has_tag(&mut self, device: &DeviceId, tag: &TagName) -> Result<bool, Failure>;
    fn alias_devices(&mut self, alias: &Alias) -> Result<Self::Ids, Failure>;
    fn user_devices(&mut self, user: &UserId) -> Result<Self::Ids, Failure>;
    fn device(&mut self, id: &DeviceId) -> Result<Self::Device, Failure>;
    fn presence(&mut self, id: &DeviceId) -> Result<Option<Presence>, Failure>;
    fn count(&mut self, condition: &Condition) -> Result<u64, Failure>;
    fn touch(&mut self, id: &DeviceId, at: Timestamp) -> Result<(), Failure>;
    /// Registers or updates a device. Returns `true` if it was new.
    fn register(&mut self, registration: &Registration) -> Result<bool, Failure>;
    /// Registers devices in one call, or one after the other where there is no such call.
    fn register_many(&mut self, new: &[Command]) -> Result<(), Failure> {
        new.iter().try_for_each(|one| match one {
            Command::Register(registration) => self.register(registration).map(drop),
            other => Err(format!("not a registration: {other:?}").into()),
        })
    }
    fn remove(&mut self, id: &DeviceId) -> Result<(), Failure>;
    fn add_tag(&mut self, id: &DeviceId, tag: &TagName) -> Result<(), Failure>;
    fn remove_tag(&mut self, id: &DeviceId, tag: &TagName) -> Result<(), Failure>;
    fn update_tag(&mut self, update: &TagUpdate) -> Result<(), Failure>;
    fn delete_tag(&mut self, tag: &TagName) -> Result<(), Failure>;

    fn ids(ids: Self::Ids) -> Vec<String>;
    fn fields(device: Self::Device) -> DeviceFields;

    fn footprint(&mut self) -> Result<Footprint, Failure>;
    fn readers(&self) -> Option<&dyn Readers> {
        None
    }
    fn live(&self) -> Option<&dyn Live> {
        None
    }
    /// Runs before a block that writes, inside its measured time.
    fn begin(&mut self) -> Result<(), Failure> {
        Ok(())
    }
    /// Runs after a block that writes, inside its measured time.
    fn end(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// A [`Direct`] registry as a [`System`].
#[derive(Debug)]
pub(crate) struct Called<R>(pub(crate) R);

/// Asks the registry every question of a block and passes each result to `done`.
fn each<R: Direct>(register: &mut R, block: &Block, mut done: impl FnMut(Given<R>)) -> Result<(), Failure> {
    match block {
        Block::HasTag(asks) => {
            asks.iter().try_for_each(|(id, tag)| register.has_tag(id, tag).map(|is| done(Given::Is(is))))
        }
        Block::AliasDevices(asks) => {
            asks.iter().try_for_each(|alias| register.alias_devices(alias).map(|ids| done(Given::Ids(ids))))
        }
        Block::UserDevices(asks) => {
            asks.iter().try_for_each(|user| register.user_devices(user).map(|ids| done(Given::Ids(ids))))
        }
        Block::Device(asks) => {
            asks.iter().try_for_each(|id| register.device(id).map(|device| done(Given::Device(device))))
        }
        Block::Presence(asks) => {
            asks.iter().try_for_each(|id| register.presence(id).map(|answer| done(Given::Presence(answer))))
        }
        Block::Count(asks) => {
            asks.iter().try_for_each(|condition| register.count(condition).map(|n| done(Given::Count(n))))
        }
        Block::Touch(asks) => {
            asks.iter().try_for_each(|(id, at)| register.touch(id, *at).map(|()| done(Given::Done)))
        }
        Block::Register(asks) => {
            asks.iter().try_for_each(|new| register.register(new).map(|is| done(Given::Is(is))))
        }
        Block::RegisterMany(asks) => {
            asks.iter().try_for_each(|many| register.register_many(many).map(|()| done(Given::Done)))
        }
        Block::Remove(asks) => asks.iter().try_for_each(|id| register.remove(id).map(|()| done(Given::Done))),
        Block::AddTag(asks) => {
            asks.iter().try_for_each(|(id, tag)| register.add_tag(id, tag).map(|()| done(Given::Done)))
        }
        Block::RemoveTag(asks) => {
            asks.iter().try_for_each(|(id, tag)| register.remove_tag(id, tag).map(|()| done(Given::Done)))
        }
        Block::UpdateTag(asks) => {
            asks.iter().try_for_each(|update| register.update_tag(update).map(|()| done(Given::Done)))
        }
        Block::DeleteTag(asks) => {
            asks.iter().try_for_each(|tag| register.delete_tag(tag).map(|()| done(Given::Done)))
        }
    }
}

/// A result in the form that the registry returns.
enum Given<R: Direct> {
    Done,
    Is(bool),
    Ids(R::Ids),
    Device(R::Device),
    Presence(Option<Presence>),
    Count(u64),
}

impl<R: Direct> System for Called<R> {
    fn name(&self) -> &'static str {
        R::NAME
    }

    fn ask(&mut self, block: &Block) -> Result<(), Failure> {
        if !block.writes() {
            return each(&mut self.0, block, |given| drop(black_box(given)));
        }
        self.0.begin()?;
        each(&mut self.0, block, |given| drop(black_box(given)))?;
        self.0.end()
    }

    fn answer(&mut self, block: &Block) -> Result<Vec<Answer>, Failure> {
        let mut answers = Vec::new();
        if block.writes() {
            self.0.begin()?;
        }
        each(&mut self.0, block, |given| {
            answers.push(match given {
                Given::Done => Answer::Done,
                Given::Is(is) => Answer::Is(is),
                Given::Ids(ids) => Answer::Ids(R::ids(ids)),
                Given::Device(device) => Answer::Device(Box::new(R::fields(device))),
                Given::Presence(presence) => Answer::Presence(presence),
                Given::Count(count) => Answer::Count(count),
            });
        })?;
        if block.writes() {
            self.0.end()?;
        }
        Ok(answers)
    }

    fn takes(&self, _: &Block) -> bool {
        true
    }

    fn footprint(&mut self) -> Result<Footprint, Failure> {
        self.0.footprint()
    }

    fn readers(&self) -> Option<&dyn Readers> {
        self.0.readers()
    }

    fn live(&self) -> Option<&dyn Live> {
        self.0.live()
    }
}
