//! The commands over a register that is kept in a directory.
//!
//! - `import`: lines in, batch by batch, so that it can be interrupted and resumed;
//! - `export`: the same lines out;
//! - `verify`: what is damaged, or contradicts itself;
//! - `stats`: how large it is, and how its parts do;
//! - `backup`: a copy, and a register made of one;
//! - `space`: an app as the store knows it;
//! - `tally`: what there is in an app.

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

/// Nothing here is possible, and what does not name a store in a directory is told so here.
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

/// The failure of what could not be done, for `map_err`.
#[cfg(feature = "rocks")]
fn cannot<E: std::error::Error + Send + Sync + 'static>(what: &str) -> impl FnOnce(E) -> Failure + use<E> {
    let during = format!("cannot {what}");
    move |source| Failure::Store { during, source: source.into() }
}
