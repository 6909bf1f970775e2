//! Runs the fuzz targets, and tells what they found with the shortest input that shows it.

use std::env;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

use clap::Args;

use crate::process;
use crate::steps::Tool;
use crate::tools::Toolbox;

/// Why there is no fuzzing.
pub(crate) const NO_NIGHTLY: &str = "there is no nightly compiler: rustup toolchain install nightly";

/// Where an engine to link is, for its build.
const ENGINE: &str = "ROCKSDB_LIB_DIR";

/// How long, and over what.
#[derive(Debug, Clone, Args)]
pub(crate) struct Extent {
    /// Minutes of cargo-fuzz, for all targets together.
    #[arg(long, default_value_t = 30)]
    minutes: u64,
    /// Random sequences of operations on each store, before that.
    #[arg(long, default_value_t = 10_000)]
    sequences: u64,
    /// Which sequences: other ones of another seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Leave out what compiles the durable store's engine.
    #[arg(long)]
    without_rocks: bool,
}

/// A target as the manifest of the fuzz targets names it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    name: String,
    rocks: bool,
}

/// How a target went.
struct Line {
    target: String,
    runs: Option<u64>,
    seconds: u64,
    found: bool,
}

pub(crate) fn has_nightly() -> bool {
    let output = Command::new("rustup").args(["run", "nightly", "rustc", "--version"]).output();
    output.is_ok_and(|output| output.status.success())
}

/// Runs all targets, also after one has found something.
pub(crate) fn run(tools: &Toolbox, extent: &Extent) -> ExitCode {
    match try_run(tools, extent) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            println!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn try_run(tools: &Toolbox, extent: &Extent) -> Result<bool, String> {
    let dir = tools.root().join("fuzz");
    let manifest = dir.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).map_err(|error| format!("{}: {error}", manifest.display()))?;
    let targets: Vec<Target> =
        targets(&text).into_iter().filter(|target| !(extent.without_rocks && target.rocks)).collect();
    let mut held = true;
    if extent.sequences > 0 {
        let (count, seed) = (extent.sequences.to_string(), extent.seed.to_string());
        let stores = targets
            .iter()
            .filter(|target| ["register", "batches", "durable"].contains(&target.name.as_str()));
        let names = stores.map(|target| target.name.as_str());
        held &= replay(tools, extent, ["--chance", &count, "--seed", &seed].into_iter().chain(names))?;
    }
    if extent.minutes == 0 {
        return Ok(held);
    }
    if !has_nightly() {
        return Err(NO_NIGHTLY.to_owned());
    }
    let fuzzer = Fuzzer::build(tools, extent)?;
    let seconds = (extent.minutes * 60).div_ceil(targets.len().max(1) as u64);
    let mut lines = Vec::new();
    for target in &targets {
        let output = fuzzer.run(target, seconds)?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let found = !output.status.success();
        if found {
            println!("{}", tail(&said));
            if let Some(input) = artifact(&said) {
                replay(tools, extent, [target.name.as_str(), &input].into_iter())?;
            }
        }
        let line = Line { target: target.name.clone(), runs: runs(&said), seconds, found };
        println!("{line}");
        held &= !found;
        lines.push(line);
    }
    println!();
    lines.iter().for_each(|line| println!("{line}"));
    Ok(held)
}

/// Runs the program `replay` under plain cargo.
fn replay<'a>(
    tools: &Toolbox,
    extent: &Extent,
    arguments: impl Iterator<Item = &'a str>,
) -> Result<bool, String> {
    let mut command = process::command(tools.cargo());
    command.current_dir(tools.root().join("fuzz")).args(["run", "--quiet", "--bin", "replay"]);
    if !extent.without_rocks {
        command.args(["--features", "rocks"]);
    }
    let status = command.arg("--").args(arguments).status();
    status.map(|status| status.success()).map_err(|error| format!("cannot start cargo: {error}"))
}

/// cargo-fuzz, and the targets it has built.
struct Fuzzer<'a> {
    tools: &'a Toolbox,
    program: PathBuf,
    features: &'static str,
    /// The directory of an engine to link, where the environment names none.
    engine: Option<PathBuf>,
}

impl<'a> Fuzzer<'a> {
    /// Builds all targets, and shows how: what does not build must not look like something found.
    fn build(tools: &'a Toolbox, extent: &Extent) -> Result<Self, String> {
        let program = tools.locate(Tool::CargoFuzz)?;
        // The same for all targets, so that nothing is built twice.
        let features = if extent.without_rocks { "harness" } else { "harness,rocks" };
        let named = env::var_os(ENGINE).is_some();
        let engine = if extent.without_rocks || named { None } else { engine(&tools.target()) };
        let fuzzer = Fuzzer { tools, program, features, engine };
        let status = fuzzer.command("build").status().map_err(|error| fuzzer.not_started(&error))?;
        if status.success() { Ok(fuzzer) } else { Err(format!("the targets do not build: {status}")) }
    }

    fn run(&self, target: &Target, seconds: u64) -> Result<Output, String> {
        // What leads further is kept with what is built, and not among the inputs of the project.
        let kept = self.tools.target().join("fuzz-corpus").join(&target.name);
        fs::create_dir_all(&kept).map_err(|error| format!("{}: {error}", kept.display()))?;
        let mut command = self.command("run");
        command
            .arg(&target.name)
            .arg(&kept)
            .arg(Path::new("corpus").join(&target.name))
            .args(["--", "-print_final_stats=1", "-verbosity=0", "-timeout=120", "-rss_limit_mb=4096"])
            .arg(format!("-max_total_time={seconds}"));
        command.output().map_err(|error| self.not_started(&error))
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = process::command(&self.program);
        command.current_dir(self.tools.root().join("fuzz")).env("RUSTUP_TOOLCHAIN", "nightly").args([
            "fuzz",
            verb,
            "--features",
            self.features,
        ]);
        if let Some(engine) = &self.engine {
            command.env("ROCKSDB_STATIC", "1").env(ENGINE, engine);
        }
        command
    }

    fn not_started(&self, error: &io::Error) -> String {
        format!("cannot start {}: {error}", self.program.display())
    }
}

/// The directory of the engine that the tests have built, the newest of them: it is linked rather than compiled with
/// the fuzzer's flags, since what is fuzzed is this project. Without one, it is compiled.
fn engine(target: &Path) -> Option<PathBuf> {
    let builds = fs::read_dir(target.join("debug").join("build")).ok()?;
    let libraries = builds.filter_map(|entry| {
        let dir = entry.ok()?.path().join("out");
        let built = fs::metadata(dir.join("librocksdb.a")).ok()?.modified().ok()?;
        Some((built, dir))
    });
    libraries.max().map(|(_, dir)| dir)
}

/// The targets of a manifest: the programs that need the harness.
fn targets(manifest: &str) -> Vec<Target> {
    let programs = manifest.split("[[bin]]").skip(1);
    programs
        .filter_map(|program| {
            let value = |key: &str| program.lines().find_map(|line| line.strip_prefix(key));
            let needs = value("required-features = ").filter(|needs| needs.contains("\"harness\""))?;
            let name = value("name = \"")?.strip_suffix('"')?;
            Some(Target { name: name.to_owned(), rocks: needs.contains("\"rocks\"") })
        })
        .collect()
}

/// How many inputs the fuzzer says it ran.
fn runs(said: &str) -> Option<u64> {
    said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))?.trim().parse().ok()
}

/// The input that the fuzzer has written down.
fn artifact(said: &str) -> Option<String> {
    said.lines().find_map(|line| Some(line.split_once("Test unit written to ")?.1.trim().to_owned()))
}

/// The end of what was said, which holds the reason.
fn tail(said: &str) -> String {
    let lines: Vec<&str> = said.lines().collect();
    lines.get(lines.len().saturating_sub(40)..).unwrap_or_default().join("\n")
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = self.runs.map_or_else(|| "?".to_owned(), |runs| runs.to_string());
        let result = if self.found { "FOUND SOMETHING" } else { "nothing found" };
        write!(f, "{:<16} {runs:>10} runs in {:>5} s: {result}", self.target, self.seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_the_programs_that_need_the_harness() {
        let manifest = "\
[[bin]]
name = \"replay\"
[[bin]]
name = \"one\"
required-features = [\"harness\"]
[[bin]]
name = \"other\"
required-features = [\"harness\", \"rocks\"]
";
        let target = |name: &str, rocks| Target { name: name.to_owned(), rocks };
        assert_eq!(targets(manifest), [target("one", false), target("other", true)]);
    }

    #[test]
    fn what_the_fuzzer_says_is_understood() {
        let said =
            "stat::number_of_executed_units: 1234\nx\nartifact_prefix='a/'; Test unit written to a/crash-1\n";
        assert_eq!(runs(said), Some(1234));
        assert_eq!(artifact(said).as_deref(), Some("a/crash-1"));
        assert_eq!((runs("nothing"), artifact("nothing")), (None, None));
    }

    #[test]
    fn the_newest_engine_is_taken() {
        let dir = std::env::temp_dir().join(format!("xtask-engine-{}", std::process::id()));
        assert_eq!(engine(&dir), None);
        for build in ["librocksdb-sys-1", "librocksdb-sys-2"] {
            let out = dir.join("debug").join("build").join(build).join("out");
            fs::create_dir_all(&out).unwrap();
            fs::write(out.join("librocksdb.a"), build).unwrap();
        }
        let newest = dir.join("debug").join("build").join("librocksdb-sys-2").join("out");
        let later = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1 << 33);
        fs::File::options()
            .write(true)
            .open(newest.join("librocksdb.a"))
            .unwrap()
            .set_modified(later)
            .unwrap();
        assert_eq!(engine(&dir), Some(newest));
        fs::remove_dir_all(&dir).unwrap();
    }
}
