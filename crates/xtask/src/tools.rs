//! Finds or installs the programs that steps need, and says which it did.
//!
//! A program is looked for where a shell and cargo look, then in a directory of our own inside the
//! user's cache. It is installed there too: outside the checkout, so that it outlives it, and out of
//! the way of what the user has installed.

use std::cell::OnceCell;
use std::env::{self, consts::EXE_SUFFIX};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::process;
use crate::steps::Tool;

/// The release whose configuration `deny.toml` is written for.
const CARGO_DENY_VERSION: &str = "^0.20";

/// The release whose command line is used.
const CARGO_FUZZ_VERSION: &str = "^0.13";

/// The release whose command line and reports are read.
const CARGO_MUTANTS_VERSION: &str = "^27";

/// Where things are on this machine.
#[derive(Debug)]
pub(crate) struct Toolbox {
    root: PathBuf,
    cargo: PathBuf,
    /// `PATH` and cargo's own directory, in the order of search.
    installed: Vec<PathBuf>,
    /// The directory of our own, if the user has a cache directory.
    cache: Option<PathBuf>,
    /// Looked for once, so that a failed installation is not tried again.
    cargo_deny: OnceCell<Result<PathBuf, String>>,
    cargo_fuzz: OnceCell<Result<PathBuf, String>>,
    cargo_mutants: OnceCell<Result<PathBuf, String>>,
}

impl Toolbox {
    /// Reads the environment that cargo and the user have set.
    pub(crate) fn from_env() -> Self {
        // Cargo names our package's directory, `crates/xtask`, to a program it runs. It is not
        // compiled in: build output may be shared by several checkouts.
        let root = env::var_os("CARGO_MANIFEST_DIR")
            .and_then(|dir| Path::new(&dir).ancestors().nth(2).map(Path::to_owned))
            .unwrap_or_else(|| PathBuf::from("."));
        let home = env::home_dir();
        let cargo_home = absolute("CARGO_HOME").or_else(|| Some(home.as_ref()?.join(".cargo")));
        let user_cache = absolute("XDG_CACHE_HOME")
            .or_else(|| absolute("LOCALAPPDATA"))
            .or_else(|| Some(home.as_ref()?.join(".cache")));
        let path = env::var_os("PATH").unwrap_or_default();
        Self {
            root,
            cargo: env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")).into(),
            installed: env::split_paths(&path).chain(cargo_home.map(|dir| dir.join("bin"))).collect(),
            cache: user_cache.map(|dir| dir.join("rollbook").join("tools")),
            cargo_deny: OnceCell::new(),
            cargo_fuzz: OnceCell::new(),
            cargo_mutants: OnceCell::new(),
        }
    }

    /// On a machine with nothing but these directories, and a cargo that cannot be started.
    #[cfg(test)]
    pub(crate) fn of(installed: Vec<PathBuf>, cache: Option<PathBuf>) -> Self {
        Self {
            root: PathBuf::from("."),
            cargo: PathBuf::from("no-such-directory/cargo"),
            installed,
            cache,
            cargo_deny: OnceCell::new(),
            cargo_fuzz: OnceCell::new(),
            cargo_mutants: OnceCell::new(),
        }
    }

    /// The workspace's root.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where cargo puts what it builds.
    pub(crate) fn target(&self) -> PathBuf {
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), |dir| self.root.join(dir))
    }

    /// The cargo that runs this program.
    pub(crate) fn cargo(&self) -> &Path {
        &self.cargo
    }

    /// A program where a shell and cargo look.
    pub(crate) fn find(&self, name: &str) -> Option<PathBuf> {
        find(&self.installed, name)
    }

    /// The directory of our own; the error is ready to be shown.
    pub(crate) fn cache(&self) -> Result<&Path, String> {
        self.cache.as_deref().ok_or_else(|| "there is no home directory to install into".to_owned())
    }

    /// Whether `cargo nextest` would run. It is never installed: cargo runs the same tests.
    pub(crate) fn has_nextest(&self) -> bool {
        self.find("cargo-nextest").is_some()
    }

    /// The path of a tool, which may have to be installed first; the error is ready to be shown.
    pub(crate) fn locate(&self, tool: Tool) -> Result<PathBuf, String> {
        let installed = |once: &OnceCell<Result<PathBuf, String>>, version| {
            once.get_or_init(|| self.find_or_install(tool.name(), version)).clone()
        };
        match tool {
            Tool::Cargo => Ok(self.cargo.clone()),
            // It is never installed: whoever has no rustup chooses compilers in another way.
            Tool::Rustup => Ok(PathBuf::from(tool.name())),
            Tool::CargoDeny => installed(&self.cargo_deny, CARGO_DENY_VERSION),
            Tool::CargoFuzz => installed(&self.cargo_fuzz, CARGO_FUZZ_VERSION),
            Tool::CargoMutants => installed(&self.cargo_mutants, CARGO_MUTANTS_VERSION),
        }
    }

    fn find_or_install(&self, name: &str, version: &str) -> Result<PathBuf, String> {
        let cache = self.cache.as_ref();
        let dirs = self.installed.iter().cloned().chain(cache.map(|dir| dir.join("bin")));
        if let Some(found) = find(&dirs.collect::<Vec<_>>(), name) {
            println!("   found {}", found.display());
            return Ok(found);
        }
        let cache = cache.ok_or_else(|| {
            format!("{name} is not installed, and there is no home directory to install it into")
        })?;
        println!(
            "   {name} is not installed: building {name} {version} into {}; minutes, but once",
            cache.display()
        );
        let status = process::command(&self.cargo)
            .current_dir(&self.root)
            .args(["install", name, "--version", version, "--locked", "--root"])
            .arg(cache)
            // Nothing of its build is worth keeping among ours.
            .env_remove("CARGO_TARGET_DIR")
            .status()
            .map_err(|error| format!("cannot start {}: {error}", self.cargo.display()))?;
        let program = cache.join("bin").join(format!("{name}{EXE_SUFFIX}"));
        if status.success() {
            Ok(program)
        } else {
            Err(format!("{name} is not installed, and cannot be: {status}"))
        }
    }
}

/// The first of the directories that holds the program.
fn find(dirs: &[PathBuf], name: &str) -> Option<PathBuf> {
    let file = format!("{name}{EXE_SUFFIX}");
    dirs.iter().map(|dir| dir.join(&file)).find(|path| path.is_file())
}

/// A directory from the environment; a relative one would depend on where we are called from.
fn absolute(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from).filter(|dir| dir.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// This very program, as a directory that holds a program and the program's name.
    fn this_program() -> (PathBuf, String) {
        let path = env::current_exe().unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (path.parent().unwrap().to_owned(), name)
    }

    #[test]
    fn the_first_directory_that_holds_a_program_wins() {
        let (dir, name) = this_program();
        let dirs = [PathBuf::from("no-such-directory"), dir.clone(), dir.join("..")];
        assert_eq!(find(&dirs, &name), Some(dir.join(format!("{name}{EXE_SUFFIX}"))));
    }

    #[test]
    fn a_directory_is_not_a_program() {
        let (dir, _) = this_program();
        let parent = dir.parent().unwrap().to_owned();
        let name = dir.file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(find(&[parent], &name), None);
    }

    #[test]
    fn what_is_installed_is_not_installed_again() {
        let (dir, name) = this_program();
        // Its cargo cannot be started: an attempt to install would be an error.
        let tools = Toolbox::of(vec![dir.clone()], Some(dir.clone()));
        let expected = dir.join(format!("{name}{EXE_SUFFIX}"));
        assert_eq!(tools.find_or_install(&name, "^1"), Ok(expected));
    }

    #[test]
    fn a_tool_that_cannot_be_installed_is_an_error_with_a_reason() {
        let cache = Some(PathBuf::from("no-such-directory"));
        let error = Toolbox::of(Vec::new(), cache).locate(Tool::CargoDeny).unwrap_err();
        assert!(error.contains("cannot start"), "{error}");
        let error = Toolbox::of(Vec::new(), None).locate(Tool::CargoDeny).unwrap_err();
        assert!(error.contains("no home directory"), "{error}");
    }
}
