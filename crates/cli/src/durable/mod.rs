//! The commands for a register in a directory.
//!
//! - `import`: reads lines, batch by batch, and can be interrupted and resumed;
//! - `export`: writes the same lines;
//! - `verify`: finds damage and contradictions;
//! - `stats`: the size of the register, and the state of its parts;
//! - `backup`: makes a copy, and a register of a copy;
//! - `space`: an app as the store knows it;
//! - `tally`: counts the content of an app.

#[cfg(feature = "rocks")]
mod backup;
mod export;
mod import;
mod space;
#[cfg(feature = "rocks")]
mod stats;
#[cfg(feature = "rocks")]
mod tally;
#[cfg(feature = "rocks")]
mod verify;

use crate::args::durable::Durable;
use crate::failure::Failure;

#[cfg(feature = "rocks")]
pub(crate) fn run(command: &Durable) -> Result<(), Failure> {
    match command {
        Durable::Import(options) => import::run(options),
        Durable::Export(options) => export::run(options),
        Durable::Verify(options) => verify::run(options),
        Durable::Stats(options) => stats::run(options),
        Durable::Backup(options) => backup::backup(options),
        Durable::Restore(options) => backup::restore(options),
    }
}

/// In a build without the store every command here fails; a store that is not in a directory is refused here too.
#[cfg(not(feature = "rocks"))]
pub(crate) fn run(command: &Durable) -> Result<(), Failure> {
    match command {
        Durable::Import(options) => import::run(options),
        Durable::Export(options) => export::run(options),
        Durable::Verify(_) | Durable::Stats(_) | Durable::Backup(_) | Durable::Restore(_) => {
            Err(Failure::Usage(crate::store::ABSENT.into()))
        }
    }
}

/// Returns a function that makes the failure of an action, for `map_err`.
#[cfg(feature = "rocks")]
fn cannot<E: std::error::Error + Send + Sync + 'static>(what: &str) -> impl FnOnce(E) -> Failure + use<E> {
    let during = format!("cannot {what}");
    move |source| Failure::Store { during, source: source.into() }
}
