//! Is a line where it belongs, and an export whole?

use super::{BadLine, Record};

/// What came so far, as far as it decides about what may come.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sequence {
    started: bool,
    export: bool,
    ended: bool,
}

impl Sequence {
    /// Takes note of a line, or says why it must not stand here.
    pub(super) fn admit(&mut self, record: &Record) -> Result<(), BadLine> {
        let first = !self.started;
        self.started = true;
        if self.ended {
            return Err(BadLine::Misplaced("comes after the end of the export"));
        }
        match record {
            Record::App(_) if !first => {
                return Err(BadLine::Misplaced("rollbook: begins another export; import one at a time"));
            }
            Record::App(_) => self.export = true,
            Record::End if !self.export => {
                return Err(BadLine::Misplaced("end: ends an export, but none has begun"));
            }
            Record::End => self.ended = true,
            Record::EventType(_) | Record::Device(_) | Record::AliasOrder(_) | Record::Event(_) => {}
        }
        Ok(())
    }

    /// Does an export lack its end, when nothing more comes?
    pub(super) fn is_cut_short(self) -> bool {
        self.export && !self.ended
    }
}
