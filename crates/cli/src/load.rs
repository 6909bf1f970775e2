//! Loading the devices of an input into a register, one by one.

use crate::failure::Failure;
use crate::progress::Progress;
use crate::record::{BadLine, Input, Record, Records};
use crate::register::Devices;
use crate::skipped::Skipped;
use rollbook::Registration;

/// What was loaded.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// Lines that registered a device or updated one.
    pub(crate) registrations: u64,
    /// Of these, lines that registered a new device.
    pub(crate) devices: u64,
    /// Lines that were left out.
    pub(crate) skipped: Skipped,
}

/// Registers every device of the input. A line that is wrong stops the load, unless such lines are to be skipped. What
/// an export says beside its devices is read, and is nobody's answer.
pub(crate) fn load(input: Input, devices: &Devices, skip_invalid: bool) -> Result<Loaded, Failure> {
    let mut records = Records::new(input);
    let mut progress = Progress::of_bytes("loading", records.size());
    let mut loaded = Loaded::default();
    records.export_of()?;
    while let Some(record) = records.next()? {
        let done = match record {
            Ok(Record::Device(device)) => register(devices, &device.registration),
            Ok(_) => continue,
            Err(bad) => Err(bad),
        };
        match done {
            Ok(created) => {
                loaded.registrations += 1;
                loaded.devices += u64::from(created);
            }
            Err(bad) if skip_invalid && !matches!(bad, BadLine::Failed(_)) => {
                loaded.skipped.add(records.line(), &bad);
            }
            Err(bad) => return Err(records.stopped(records.line(), bad)),
        }
        progress.step(records.bytes());
    }
    records.check_whole()?;
    Ok(loaded)
}

/// Registers a device; was it new?
fn register(devices: &Devices, registration: &Registration) -> Result<bool, BadLine> {
    devices.register(registration).map(|registered| registered.created).map_err(BadLine::of)
}
