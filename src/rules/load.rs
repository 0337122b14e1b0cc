//! Reading the folder of rule files.

use super::written::{RuleFile, Written};
use crate::diagnostic::{Report, SourceFile};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The longest rule file, in bytes.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Reads every `*.toml` of a folder, in name order. A folder without any is an error.
pub fn load(dir: &Path, report: &Report) -> Written {
    let paths = match rule_files(dir) {
        Ok(paths) => paths,
        Err(error) => {
            let wrong = format!("cannot read the folder `{}`: {error}", dir.display());
            report.error_nowhere("unreadable-folder", wrong, "name a folder with rule files");
            return Written::default();
        }
    };
    if paths.is_empty() {
        let wrong = format!("no `*.toml` in `{}`", dir.display());
        report.error_nowhere("no-rules", wrong, "name a folder with rule files");
    }
    load_texts(paths.iter().filter_map(|path| read(path, report)).collect(), report)
}

/// Reads rule files that are in memory already, in the order given.
pub fn load_texts(files: Vec<Arc<SourceFile>>, report: &Report) -> Written {
    Written { files: files.iter().map(|file| RuleFile::read(file, report)).collect() }
}

fn rule_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries: io::Result<Vec<PathBuf>> = fs::read_dir(dir)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths: Vec<PathBuf> = entries?.into_iter().filter(|path| is_rule_file(path)).collect();
    paths.sort();
    Ok(paths)
}

/// Hidden files are an editor's.
fn is_rule_file(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
    !hidden && path.extension().is_some_and(|extension| extension == "toml")
}

fn read(path: &Path, report: &Report) -> Option<Arc<SourceFile>> {
    let shown = path.display().to_string();
    let text = fs::metadata(path).and_then(|metadata| match metadata.len() {
        0..=FILE_BYTES_MAX => fs::read_to_string(path),
        length => Err(io::Error::other(format!("{length} bytes, and at most {FILE_BYTES_MAX} are read"))),
    });
    match text {
        Ok(text) => Some(SourceFile::new(shown, text)),
        Err(error) => {
            report.error_nowhere(
                "unreadable-file",
                format!("cannot read `{shown}`: {error}"),
                "correct or remove the file",
            );
            None
        }
    }
}
