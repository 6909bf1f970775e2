//! temporary
use crate::args::Demo;
use crate::failure::Failure;
pub(crate) fn run(_o: &Demo) -> Result<(), Failure> {
    Ok(())
}
