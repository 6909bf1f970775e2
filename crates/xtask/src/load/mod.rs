//! Measures the service under load, in turns with a static answer of nginx.
//!
//! - [`nginx`]: nginx with a configuration of its own, which answers every request with the same few bytes
//! - [`requests`]: what the service is asked, and what it holds
//! - [`wrk`]: sends requests for some seconds, and what it reports
//! - [`table`]: medians of the rounds, as Markdown

mod nginx;
mod requests;
mod table;
mod wrk;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;

use clap::Args;

use crate::debian;
use crate::program::Build;
use crate::service::Service;
use crate::tools::Toolbox;
use nginx::Nginx;
use requests::Question;
use table::{Row, Table};
use wrk::{Measured, Wrk};

/// How many connections ask at once.
const CONNECTIONS: [usize; 3] = [1, 16, 256];

/// How long.
#[derive(Debug, Clone, Args)]
pub(crate) struct Extent {
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 2)]
    seconds: u64,
    /// Rounds, in each of which everything is measured once.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// The service on RocksDB as well.
    #[arg(long)]
    pub(crate) rocks: bool,
}

/// What answers.
struct Target {
    name: String,
    /// Such as `http://127.0.0.1:8085`.
    address: String,
    question: Question,
}

/// Builds the service, starts it and nginx, measures, and prints one table. All that it started has ended afterwards.
pub(crate) fn run(tools: &Toolbox, extent: &Extent) -> Result<(), String> {
    let (nginx, wrk) = (program(tools, "nginx")?, program(tools, "wrk")?);
    let service = Build { rocks: extent.rocks, release: true }.run(tools)?;
    let directory = Directory::new()?;
    let nginx = Nginx::start(&nginx, &directory.0)?;
    let mut targets = vec![Target {
        name: "nginx, `return 200`".to_owned(),
        address: nginx.address(),
        question: Question::Membership,
    }];
    let memory = start(&service, &directory.0, "memory")?;
    targets.extend(targets_of("in memory", &memory));
    let rocks = if extent.rocks {
        let store = format!("rocksdb:{}", directory.0.join("register").display());
        Some(start(&service, &directory.0, &store)?)
    } else {
        None
    };
    targets.extend(rocks.iter().flat_map(|rocks| targets_of("RocksDB", rocks)));
    let wrk = Wrk { program: wrk, directory: directory.0.clone(), seconds: extent.seconds };
    let table = measure(&wrk, &targets, extent.rounds)?;
    println!("\n{table}");
    Ok(())
}

/// Each round asks everybody, so that what else the machine does meets all of them.
fn measure(wrk: &Wrk, targets: &[Target], rounds: usize) -> Result<Table, String> {
    let mut rows: Vec<Row> = targets.iter().map(|target| Row::new(&target.name)).collect();
    for round in 1..=rounds {
        for (column, connections) in CONNECTIONS.into_iter().enumerate() {
            let mut beside: Option<Measured> = None;
            for (target, row) in targets.iter().zip(&mut rows) {
                let measured = wrk.run(target, connections)?;
                println!("round {round}, {connections} connections, {}: {measured}", target.name);
                row.add(column, &measured, beside.get_or_insert(measured.clone()));
            }
        }
    }
    Ok(Table { connections: CONNECTIONS.to_vec(), rows })
}

fn targets_of(store: &str, service: &Service) -> Vec<Target> {
    let target = |question: Question| Target {
        name: format!("{}, {store}", question.name()),
        address: service.address().to_owned(),
        question,
    };
    [Question::Membership, Question::Alias, Question::Update].map(target).into()
}

/// The service with devices in it.
fn start(program: &Path, directory: &Path, store: &str) -> Result<Service, String> {
    let config = directory.join("rollbook.toml");
    write(&config, &requests::configuration(store))?;
    let service = Service::start(program, &config)?;
    requests::fill(&service)?;
    Ok(service)
}

/// A program of Debian's, which is installed where it is missing.
fn program(tools: &Toolbox, name: &str) -> Result<PathBuf, String> {
    // Debian keeps some where only root looks.
    let find =
        || tools.find(name).or_else(|| Some(Path::new("/usr/sbin").join(name)).filter(|p| p.is_file()));
    if let Some(found) = find() {
        return Ok(found);
    }
    debian::install(&[name])?;
    find().ok_or_else(|| format!("the package {name} did not bring the program"))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// A directory that goes when it is dropped.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Result<Self, String> {
        let path = env::temp_dir().join(format!("rollbook-load-{}", process::id()));
        fs::create_dir_all(&path).map_err(|error| format!("cannot make {}: {error}", path.display()))?;
        Ok(Directory(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
