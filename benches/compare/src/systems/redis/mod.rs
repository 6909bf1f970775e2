//! Redis: a server of its own on a socket of its own, asked one call at a time and a hundred at a time.
//!
//! - `server`: starts and stops it;
//! - `client`: the protocol;
//! - `scripts`: how a register is kept in it, and what must happen at once;
//! - `questions`: every question as commands.

mod client;
mod questions;
mod scripts;
mod server;

use crate::block::{Answer, Block};
use crate::system::{Footprint, Live, Readers, System};
use client::{Client, Commands};
use questions::{Question, questions};
use rollbook::Timestamp;
use rollbook_bench::{Failure, NOW, Workload};
use scripts::Scripts;
use server::Server;
use std::hint::black_box;
use std::rc::Rc;

/// Questions in one piece, when they are pipelined.
const PIPELINE: usize = 100;

/// One connection to the server, and how many questions it sends before it waits.
#[derive(Debug)]
struct Redis {
    name: &'static str,
    depth: usize,
    client: Client,
    scripts: Scripts,
    commands: Commands,
    /// What the server held before the register was in it.
    empty: u64,
    _server: Rc<Server>,
}

/// None when the program is not on this machine.
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
        let mut client = Client::new(server.connect()?);
        let scripts = Scripts::load(&mut client)?;
        let commands = Commands::default();
        Ok(Redis { name, depth, client, scripts, commands, empty: 0, _server: Rc::clone(server) })
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

    /// Bytes that the server says it uses.
    fn used(&mut self) -> Result<u64, Failure> {
        let info = self.client.call(&["INFO", "memory"])?.text().unwrap_or_default();
        let used = info.lines().find_map(|line| line.strip_prefix("used_memory:"));
        Ok(used.ok_or("Redis does not tell what it uses")?.trim().parse()?)
    }

    /// Asks and hands each answer to `each`.
    fn each(&mut self, block: &Block, mut each: impl FnMut(Answer)) -> Result<(), Failure> {
        for some in questions(block).chunks(self.depth) {
            some.iter().for_each(|question| question.push(&self.scripts, &mut self.commands));
            let mut asked = some.iter();
            let mut current: Option<&Question<'_>> = None;
            let mut replies = Vec::new();
            self.client.send(&mut self.commands, |reply| {
                let question = match current {
                    Some(question) => question,
                    None => *current.insert(asked.next().ok_or("Redis answered more than it was asked")?),
                };
                replies.push(reply);
                if replies.len() == question.commands() {
                    each(question.answer(std::mem::take(&mut replies))?);
                    current = None;
                }
                Ok(())
            })?;
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

    /// What is one large call already is not asked again a hundred times at once.
    fn takes(&self, block: &Block) -> bool {
        // It has no call for many devices: they would be so many registrations.
        !matches!(block, Block::RegisterMany(_))
            && (self.depth == 1 || !matches!(block, Block::UpdateTag(_) | Block::DeleteTag(_)))
    }

    fn together(&self) -> usize {
        self.depth
    }

    fn footprint(&mut self) -> Result<Footprint, Failure> {
        let memory = self.used()?.saturating_sub(self.empty);
        // The data are the same for both connections: they are told once.
        let memory = (self.depth == 1).then_some(memory);
        Ok(Footprint { memory, ..Footprint::default() })
    }

    fn readers(&self) -> Option<&dyn Readers> {
        None
    }

    fn live(&self) -> Option<&dyn Live> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_gone_with_whoever_holds_it() {
        let Some(server) = Server::start().unwrap() else { return };
        assert_eq!(Client::new(server.connect().unwrap()).call(&["PING"]).unwrap().text().unwrap(), "PONG");
        let (stream, caught) = (
            server.connect().unwrap(),
            std::panic::catch_unwind(move || {
                let _held = server;
                std::panic::resume_unwind(Box::new(()));
            }),
        );
        assert!(caught.is_err());
        assert!(Client::new(stream).call(&["PING"]).is_err());
    }
}
