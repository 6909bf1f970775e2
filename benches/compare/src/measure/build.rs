//! Creates the systems one after the other and measures their size.

use crate::counting;
use crate::report::{Row, notice};
use crate::system::System;
use crate::systems::SYSTEMS;
use rollbook_bench::{Failure, Stopwatch, Workload};

/// Creates the wanted systems. A system that is not on this machine gets a row that says so.
pub(crate) fn build(
    workload: &Workload,
    wanted: &dyn Fn(&str) -> bool,
    rows: &mut Vec<Row>,
) -> Result<Vec<Box<dyn System>>, Failure> {
    let mut systems = Vec::new();
    for (names, build) in SYSTEMS {
        if !names.iter().any(|name| wanted(name)) {
            continue;
        }
        let (before, watch) = (counting::live(), Stopwatch::start());
        let mut made = build(workload)?;
        let held = u64::try_from(counting::live() - before).unwrap_or_default();
        if made.is_empty() {
            notice(&format!("missing: {} is not on this machine", names.join(", ")));
            let missing = |&name: &&str| Row::missing(workload.devices(), name);
            rows.extend(names.iter().filter(|name| wanted(name)).map(missing));
            continue;
        }
        notice(&format!("{}: {} devices in {:.1?}", names.join(", "), workload.devices(), watch.read()));
        for system in &mut made {
            let footprint = system.footprint()?;
            let memory = footprint.memory.or(footprint.counted.then_some(held));
            let row = |question, bytes| Row::bytes(workload.devices(), question, system.name(), bytes);
            rows.extend(memory.map(|bytes| row("memory", bytes)));
            rows.extend(footprint.disk.map(|bytes| row("disk", bytes)));
            let ratio = footprint.write_amplification;
            rows.extend(ratio.map(|ratio| Row::amplification(workload.devices(), system.name(), ratio)));
        }
        made.retain(|system| wanted(system.name()));
        systems.append(&mut made);
    }
    Ok(systems)
}
