//! Redis: a private server on a private socket, asked one question at a time and a hundred at a time.
//!
//! - `server`: starts and stops it;
//! - `scripts`: the keys of a register, and the changes that must be atomic;
//! - `questions`: every question as commands, and what the replies mean.

mod questions;
mod scripts;
mod server;

use crate::block::{Answer, Block};
use crate::system::{Footprint, System};
use questions::questions;
use redis::{Connection, InfoDict, Pipeline, Value, cmd};
use rollbook::Timestamp;
use rollbook_bench::{Failure, NOW, Workload};
use scripts::Scripts;
use server::Server;
use std::hint::black_box;
use std::rc::Rc;

/// Questions that are sent before the first reply is read, when they are pipelined.
const PIPELINE: usize = 100;

/// One connection to the server, and how many questions it sends before it waits.
struct Redis {
    name: &'static str,
    depth: usize,
    connection: Connection,
    scripts: Scripts,
    commands: Pipeline,
    /// Bytes that the server used before the register was in it.
    empty: u64,
    _server: Rc<Server>,
}

/// Returns no system when the program is not on this machine.
pub(super) fn build(workload: &Workload) -> Result<Vec<Box<dyn System>>, Failure> {
    let Some(server) = Server::start()? else { return Ok(Vec::new()) };
    let server = Rc::new(server);
    let mut single = Redis::new("redis", 1, &server)?;
    let mut pipelined = Redis::new("redis-pipelined", PIPELINE, &server)?;
    single.empty = single.used()?;
    pipelined.fill(workload)?;
    Ok(vec![Box::new(single), Box::new(pipelined)])
}

impl Redis {
    fn new(name: &'static str, depth: usize, server: &Rc<Server>) -> Result<Self, Failure> {
        let mut connection = server.connect()?;
        let scripts = Scripts::load(&mut connection)?;
        let commands = Pipeline::new();
        Ok(Redis { name, depth, connection, scripts, commands, empty: 0, _server: Rc::clone(server) })
    }

    fn fill(&mut self, workload: &Workload) -> Result<(), Failure> {
        let mut batch = Vec::with_capacity(1_000);
        let mut seen: Vec<(_, Timestamp)> = Vec::with_capacity(1_000);
        for device in 0..workload.devices() {
            let registration = workload.registration(device)?;
            if let Some(at) = workload.seen(device, NOW) {
                seen.push((registration.id.clone(), at));
            }
            batch.push(registration);
            if batch.len() == 1_000 || device + 1 == workload.devices() {
                self.ask(&Block::Register(std::mem::take(&mut batch)))?;
                self.ask(&Block::Touch(std::mem::take(&mut seen)))?;
            }
        }
        Ok(())
    }

    /// Bytes of memory that the server reports.
    fn used(&mut self) -> Result<u64, Failure> {
        let info: InfoDict = cmd("INFO").arg("memory").query(&mut self.connection)?;
        Ok(info.get("used_memory").ok_or("Redis does not report its memory")?)
    }

    /// Asks the questions of the block and passes each result to `each`.
    fn each(&mut self, block: &Block, mut each: impl FnMut(Answer)) -> Result<(), Failure> {
        for some in questions(block).chunks(self.depth) {
            self.commands.clear();
            some.iter().for_each(|question| question.push(&self.scripts, &mut self.commands));
            let replies: Vec<Value> = self.commands.query(&mut self.connection)?;
            let mut replies = replies.into_iter();
            for question in some {
                each(question.answer(&mut replies)?);
            }
        }
        Ok(())
    }
}

impl System for Redis {
    fn name(&self) -> &'static str {
        self.name
    }

    fn ask(&mut self, block: &Block) -> Result<(), Failure> {
        self.each(block, |answer| drop(black_box(answer)))
    }

    fn answer(&mut self, block: &Block) -> Result<Vec<Answer>, Failure> {
        let mut answers = Vec::new();
        self.each(block, |answer| answers.push(answer))?;
        Ok(answers)
    }

    fn takes(&self, block: &Block) -> bool {
        // Redis has no single call that registers many devices, and a question that is one large call already does
        // not change when a hundred of them are pipelined.
        !matches!(block, Block::RegisterMany(_))
            && (self.depth == 1 || !matches!(block, Block::UpdateTag(_) | Block::DeleteTag(_)))
    }

    fn together(&self) -> usize {
        self.depth
    }

    fn footprint(&mut self) -> Result<Footprint, Failure> {
        let memory = self.used()?.saturating_sub(self.empty);
        // Both connections share the data, which is reported once.
        Ok(Footprint { memory: (self.depth == 1).then_some(memory), ..Footprint::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_ends_when_its_holder_is_dropped_even_by_a_panic() {
        let Some(server) = Server::start().unwrap() else { return };
        let ping = |connection: &mut Connection| cmd("PING").query::<String>(connection);
        let mut connection = server.connect().unwrap();
        assert_eq!(ping(&mut connection).unwrap(), "PONG");
        let caught = std::panic::catch_unwind(move || {
            let _held = server;
            std::panic::resume_unwind(Box::new(()));
        });
        assert!(caught.is_err());
        assert!(ping(&mut connection).is_err());
    }
}
