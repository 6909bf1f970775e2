//! Published posting lists, read from a path.

use rollbook::{TagName, Violation};
use std::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// The environment variable that names the path.
const VARIABLE: &str = "ROLLBOOK_BENCH_DATASET";

/// Sorted lists of ordinals in the format of the public Real Roaring Datasets: a zip archive or a directory of text files,
/// each with one list of numbers separated by commas. A list stands for a tag, a number for a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// The name of the file or directory.
    pub name: String,
    /// The lists in the order of their file names.
    pub lists: Vec<Vec<u32>>,
}

/// The error when no data set can be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum DatasetError {
    /// No path was given.
    NoPath,
    /// Nothing can be read at the path.
    Unreadable {
        /// The path, and the file in it.
        what: String,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl fmt::Display for DatasetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatasetError::NoPath => write!(
                f,
                "published posting lists are not measured: set {VARIABLE} to a zip archive or directory of comma-separated files"
            ),
            DatasetError::Unreadable { what, .. } => write!(f, "cannot read posting lists from {what}"),
        }
    }
}

impl std::error::Error for DatasetError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            DatasetError::NoPath => None,
            DatasetError::Unreadable { source, .. } => Some(&**source),
        }
    }
}

fn unreadable<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
    what: impl fmt::Display,
) -> impl FnOnce(E) -> DatasetError {
    move |source| DatasetError::Unreadable { what: what.to_string(), source: source.into() }
}

impl Dataset {
    /// Reads the data set at the path in the environment variable `ROLLBOOK_BENCH_DATASET`.
    ///
    /// # Errors
    /// [`DatasetError::NoPath`] if the variable is not set, otherwise as [`Dataset::read`].
    pub fn from_environment() -> Result<Self, DatasetError> {
        let path = std::env::var_os(VARIABLE).ok_or(DatasetError::NoPath)?;
        Self::read(Path::new(&path))
    }

    /// Reads the data set at a path.
    ///
    /// # Errors
    /// [`DatasetError::Unreadable`] with the path, or the file in it, that cannot be read.
    pub fn read(path: &Path) -> Result<Self, DatasetError> {
        let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let mut texts = if path.is_dir() { directory(path)? } else { archive(path)? };
        texts.sort_unstable();
        let mut lists = Vec::with_capacity(texts.len());
        for (file, text) in texts {
            let numbers = text.split(',').map(str::trim).filter(|number| !number.is_empty());
            let parsed: Result<Vec<u32>, _> = numbers.map(str::parse).collect();
            let mut list = parsed.map_err(unreadable(format_args!("{} in {}", file, path.display())))?;
            list.sort_unstable();
            list.dedup();
            lists.push(list);
        }
        Ok(Dataset { name, lists })
    }

    /// Returns the number of devices: the largest ordinal plus one.
    #[must_use]
    pub fn universe(&self) -> u32 {
        let largest = self.lists.iter().filter_map(|list| list.last()).max();
        largest.map_or(0, |&largest| largest.saturating_add(1))
    }

    /// Returns an id of 32 hexadecimal digits for every ordinal.
    #[must_use]
    pub fn ids(&self) -> Vec<Box<str>> {
        (0..self.universe()).map(|number| format!("{number:032x}").into()).collect()
    }

    /// Returns a tag for every list.
    ///
    /// # Errors
    /// None in practice; names are validated.
    pub fn tags(&self) -> Result<Vec<TagName>, Violation> {
        (0..self.lists.len()).map(|n| TagName::new(format!("list_{n:03}"))).collect()
    }
}

fn directory(path: &Path) -> Result<Vec<(String, String)>, DatasetError> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable(path.display()))? {
        let file = entry.map_err(unreadable(path.display()))?.path();
        if file.is_file() {
            let text = fs::read_to_string(&file).map_err(unreadable(file.display()))?;
            texts.push((file.to_string_lossy().into_owned(), text));
        }
    }
    Ok(texts)
}

fn archive(path: &Path) -> Result<Vec<(String, String)>, DatasetError> {
    let file = File::open(path).map_err(unreadable(path.display()))?;
    let mut zip = zip::ZipArchive::new(file).map_err(unreadable(path.display()))?;
    let mut texts = Vec::with_capacity(zip.len());
    for index in 0..zip.len() {
        let mut file = zip.by_index(index).map_err(unreadable(path.display()))?;
        if file.is_file() {
            let mut text = String::new();
            let name = file.name().map_err(unreadable(path.display()))?.into_owned();
            file.read_to_string(&mut text).map_err(unreadable(&name))?;
            texts.push((name, text));
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_directory_and_an_archive_read_alike() {
        let dir = tempfile::tempdir().unwrap();
        let files = [("b.txt", "7"), ("a.txt", "1,5,3\n")];
        let lists = dir.path().join("lists");
        fs::create_dir(&lists).unwrap();
        let packed = dir.path().join("lists.zip");
        let mut zip = zip::ZipWriter::new(File::create(&packed).unwrap());
        for (name, text) in files {
            fs::write(lists.join(name), text).unwrap();
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
        let read = Dataset::read(&lists).unwrap();
        assert_eq!(read.lists, [vec![1, 3, 5], vec![7]]);
        assert_eq!(read.universe(), 8);
        assert_eq!(Dataset::read(&packed).unwrap(), read);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = Dataset::read(&dir.path().join("missing.zip")).unwrap_err();
        assert!(error.to_string().ends_with("missing.zip"), "{error}");
        fs::write(dir.path().join("x.txt"), "1,two").unwrap();
        let error = Dataset::read(dir.path()).unwrap_err();
        assert!(error.to_string().contains("x.txt"), "{error}");
    }
}
