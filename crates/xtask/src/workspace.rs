//! What cargo tells of the packages that others build on.

use std::path::PathBuf;

use serde::Deserialize;

use crate::process;
use crate::steps::Tool;
use crate::tools::Toolbox;

/// The packages that are for publication, and where their build output goes.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) target: PathBuf,
    pub(crate) published: Vec<Package>,
}

/// A package that is for publication.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// In the order of their names; `default` is one of them if the manifest has it.
    pub(crate) features: Vec<String>,
    /// What its library is called in code, if it has one.
    pub(crate) library: Option<String>,
}

impl Workspace {
    /// Asks cargo; the error is ready to be shown.
    pub(crate) fn read(tools: &Toolbox) -> Result<Self, String> {
        let cargo = tools.locate(Tool::Cargo)?;
        let output = process::command(&cargo)
            .current_dir(tools.root())
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .output()
            .map_err(|error| format!("cannot start {}: {error}", cargo.display()))?;
        if !output.status.success() {
            return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim_end()));
        }
        Self::of(&output.stdout)
    }

    fn of(json: &[u8]) -> Result<Self, String> {
        let metadata: Metadata = serde_json::from_slice(json)
            .map_err(|error| format!("cargo metadata is of another form than expected: {error}"))?;
        // An empty list names no registry that it may go to.
        let published = metadata.packages.into_iter().filter(|p| p.publish != Some(Vec::new()));
        Ok(Self { target: metadata.target_directory, published: published.map(Package::from).collect() })
    }
}

impl From<MetaPackage> for Package {
    fn from(package: MetaPackage) -> Self {
        let is_library = |target: &Target| target.kind.iter().any(|kind| kind == "lib");
        Package {
            name: package.name,
            features: package.features.into_keys().collect(),
            library: package.targets.into_iter().find(is_library).map(|target| target.name),
        }
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<MetaPackage>,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct MetaPackage {
    name: String,
    publish: Option<Vec<String>>,
    features: std::collections::BTreeMap<String, Vec<String>>,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_for_publication_is_left_out() {
        let json = r#"{"target_directory": "/t", "packages": [
            {"name": "a-b", "publish": null, "features": {"y": [], "x": ["y"]},
             "targets": [{"name": "a", "kind": ["bin"]}, {"name": "a_b", "kind": ["lib"]}]},
            {"name": "tool", "publish": null, "features": {}, "targets": [{"name": "tool", "kind": ["bin"]}]},
            {"name": "ours", "publish": [], "features": {}, "targets": []}]}"#;
        let workspace = Workspace::of(json.as_bytes()).unwrap();
        let package = |name: &str, features: &[&str], library: Option<&str>| Package {
            name: name.to_owned(),
            features: features.iter().map(|&f| f.to_owned()).collect(),
            library: library.map(str::to_owned),
        };
        let expected = [package("a-b", &["x", "y"], Some("a_b")), package("tool", &[], None)];
        assert_eq!(workspace.published, expected);
    }

    #[test]
    fn another_form_is_an_error_that_says_so() {
        assert!(Workspace::of(b"{}").unwrap_err().contains("another form"));
    }
}
