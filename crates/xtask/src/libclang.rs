//! Finds or installs libclang, which generates the Rust side of the durable store's C++ library while that is built.

use std::env;
use std::path::{Path, PathBuf};

use crate::debian;

/// Finds libclang, or installs Debian's package of it where that is possible; says which. The error is ready to be
/// shown.
pub(crate) fn prepare() -> Result<(), String> {
    if let Some(found) = find() {
        println!("libclang: found {}", found.display());
        return Ok(());
    }
    println!("libclang is not installed");
    debian::install(&["libclang-dev"]).map_err(|why| missing(&why))?;
    let found = find().ok_or_else(|| missing("the package did not bring it"))?;
    println!("libclang: installed {}", found.display());
    Ok(())
}

fn missing(why: &str) -> String {
    format!("libclang is needed to build the durable store; install it or set LIBCLANG_PATH ({why})")
}

fn find() -> Option<PathBuf> {
    let named = env::var_os("LIBCLANG_PATH").map(PathBuf::from);
    let llvm =
        children(Path::new("/usr/lib")).filter(|dir| starts_with(dir, "llvm")).map(|dir| dir.join("lib"));
    let usual = [
        "/usr/lib",
        "/usr/lib64",
        "/usr/local/lib",
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
    ];
    let dirs = named.into_iter().chain(llvm).chain(usual.into_iter().map(PathBuf::from));
    dirs.flat_map(|dir| library(&dir)).next()
}

/// The library in a directory: `libclang.so` or a version of it, and not `libclang-cpp.so`.
fn library(dir: &Path) -> Option<PathBuf> {
    let is_library = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let stem = name.strip_prefix("libclang").unwrap_or_default();
        stem.starts_with(".so")
            || stem.starts_with(".dylib")
            || stem.starts_with("-1") && stem.contains(".so")
    };
    children(dir).find(is_library)
}

fn children(dir: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(dir).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()))
}

fn starts_with(path: &Path, start: &str) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_c_library_is_told_from_the_cpp_library() {
        let dir = env::temp_dir().join(format!("xtask-libclang-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("libclang-cpp.so.14"), "").unwrap();
        assert_eq!(library(&dir), None);
        std::fs::write(dir.join("libclang-14.so.1"), "").unwrap();
        assert_eq!(library(&dir), Some(dir.join("libclang-14.so.1")));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
