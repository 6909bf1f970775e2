//! The register that the commands work on, whatever keeps it.

use rollbook::store::BoxedStore;
use rollbook::{App, Registry};

/// A register on the store that the command line names.
pub(crate) type Register = Registry<BoxedStore>;

/// One app of it.
pub(crate) type Devices = App<BoxedStore>;
