//! `rollbook export`: writes everything that an app holds, as lines.
//!
//! - `ids`: the ids of all devices, in order, in a compact list;
//! - `orders`: the order in which aliases were bound;
//! - `sink`: standard output, or a file that appears when it is complete.

mod ids;
mod orders;
mod sink;

use crate::args::durable::Export;
use crate::failure::{Failure, tell};
use crate::progress::Progress;
use crate::record::{AppLine, EventLine, EventTypeLine, FORMAT, LONGEST, device_lines, end_line};
use crate::register::Devices;
use crate::stopwatch::{Stopwatch, readable};
use crate::store::{Access, register_in};
use rollbook::{Audience, DeviceId, Error, Event, EventOrder, EventQuery, EventType};
use serde::Serialize;
use sink::Sink;

/// How many events are read at a time.
const EVENTS: usize = 1_000;

/// An export under way.
struct Run {
    app: Devices,
    sink: Sink,
    lines: u64,
}

pub(crate) fn run(options: &Export) -> Result<(), Failure> {
    let watch = Stopwatch::start();
    let register = register_in(&options.store, Access::reading(options.salvage))?.build();
    let key = options.app.key();
    let app = register.app(key).map_err(Failure::during("cannot export the app"))?;
    let orders = orders::Orders::new(register.store(), &app)?;
    let mut run = Run { app, sink: Sink::open(options.output.as_deref())?, lines: 0 };
    run.app()?;
    let devices = run.devices()?;
    orders.each(|order| run.line(order))?;
    let events = run.events()?;
    run.line(&end_line())?;
    let Run { sink, lines, .. } = run;
    sink.finish()?;
    let took = readable(watch.elapsed());
    tell(&format!("exported app {key} in {took}: {lines} lines, {devices} devices, {events} events"));
    Ok(())
}

impl Run {
    fn line(&mut self, says: &impl Serialize) -> Result<(), Failure> {
        let line = serde_json::to_string(says)
            .map_err(|source| Failure::Io { action: "write a line".into(), source: source.into() })?;
        if line.len() > LONGEST {
            let (start, _) = line.split_at(line.floor_char_boundary(80));
            return Err(Failure::Refused(format!(
                "a line would have {} bytes, but a line has at most {LONGEST}: {start}…",
                line.len()
            )));
        }
        self.lines += 1;
        self.sink.line(&line)
    }

    /// Writes the app itself and its declared events.
    fn app(&mut self) -> Result<(), Failure> {
        let line = AppLine {
            rollbook: FORMAT,
            app: self.app.key().clone(),
            name: self.app.name().to_owned(),
            presence: self.app.has_presence(),
            limits: self.app.limits().clone(),
            policies: self.app.policies().clone(),
        };
        self.line(&line)?;
        for EventType { name, declared_at } in self.app.event_types().map_err(cannot("list the events"))? {
            self.line(&EventTypeLine { event_type: name, declared_at })?;
        }
        Ok(())
    }

    /// Writes the devices, in the order of their ids.
    fn devices(&mut self) -> Result<u64, Failure> {
        let all = self.app.select(&Audience::All).map_err(cannot("list the devices"))?;
        let total = all.len();
        let mut progress = Progress::of_devices("listing  ", total);
        let mut ids = ids::Ids::default();
        let mut listed = 0;
        all.for_each(|_, id| {
            ids.push(id);
            listed += 1;
            progress.step(listed);
        })
        .map_err(cannot("list the devices"))?;
        drop(progress);
        ids.sort();
        let mut progress = Progress::of_devices("exporting", total);
        for (n, id) in (1..).zip(ids.iter()) {
            let id = DeviceId::new(id)?;
            let device = self.app.device(&id).map_err(cannot("read a device"))?;
            for line in device_lines(&device) {
                self.line(&line)?;
            }
            progress.step(n);
        }
        Ok(total)
    }

    /// Writes the events, oldest first.
    fn events(&mut self) -> Result<u64, Failure> {
        let mut progress = Progress::of_any("exporting events");
        let mut query = EventQuery { order: EventOrder::OldestFirst, limit: EVENTS, ..EventQuery::default() };
        let mut exported = 0;
        loop {
            let page = self.app.events(&query).map_err(cannot("read the events"))?;
            for Event { code: _, at, name, device, user, attributes } in page.items {
                self.line(&EventLine { event: name, at, device, user, attributes })?;
                exported += 1;
                progress.step(exported);
            }
            query.after = page.next;
            if query.after.is_none() {
                return Ok(exported);
            }
        }
    }
}

fn cannot(what: &'static str) -> impl FnOnce(Error) -> Failure {
    Failure::during(format!("cannot {what}"))
}
