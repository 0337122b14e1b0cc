//! Reading the folder of rule files, and the files of words that they name. Nothing else of the rules reads
//! files.

use super::written::{RuleFile, Written};
use crate::diagnostic::table::Placed;
use crate::diagnostic::{Report, SourceFile};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The longest rule file, and the longest file of words, in bytes.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Reads every `*.toml` of a folder, in name order, and what they name. A folder without any is an error.
pub fn load(dir: &Path, report: &Report) -> Written {
    let mut written = load_texts(read_folder(dir, report), report);
    read_words(dir, &mut written, report);
    written
}

/// Reads every `*.toml` of a folder, in name order. A folder without any is an error.
pub(super) fn read_folder(dir: &Path, report: &Report) -> Vec<Arc<SourceFile>> {
    let paths = match rule_files(dir) {
        Ok(paths) => paths,
        Err(error) => {
            let wrong = format!("cannot read the folder `{}`: {error}", dir.display());
            report.error_nowhere("unreadable-folder", wrong, "name a folder with rule files");
            return Vec::new();
        }
    };
    if paths.is_empty() {
        let wrong = format!("no `*.toml` in `{}`", dir.display());
        report.error_nowhere("no-rules", wrong, "name a folder with rule files");
    }
    paths.iter().filter_map(|path| read_rules(path, report)).collect()
}

/// Reads rule files that are in memory already, in the order given. The files of words that they name are
/// the caller's to add.
pub fn load_texts(files: Vec<Arc<SourceFile>>, report: &Report) -> Written {
    let files = files.iter().map(|file| RuleFile::read(file, report)).collect();
    Written { files, ..Written::default() }
}

/// The rule files of a folder, in name order.
///
/// # Errors
/// Where the folder cannot be read.
pub(crate) fn rule_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
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

/// Reads one file; where that fails, the report says why.
pub(crate) fn read_rules(path: &Path, report: &Report) -> Option<Arc<SourceFile>> {
    let shown = path.display().to_string();
    match read(path) {
        Ok(text) => Some(SourceFile::new(shown, text)),
        Err(error) => {
            let wrong = format!("cannot read `{shown}`: {error}");
            report.error_nowhere("unreadable-file", wrong, "correct or remove the file");
            None
        }
    }
}

/// Reads the files of words, each once; what is wrong is reported where a class names it.
fn read_words(dir: &Path, written: &mut Written, report: &Report) {
    let classes = written.files.iter().flat_map(|file| &file.classes);
    for named in classes.filter_map(|class| class.vocabulary_file.as_ref()) {
        if written.word_files.contains_key(&named.value) {
            continue;
        }
        match inside(dir, named).and_then(|path| Ok((read(&path)?, path))) {
            Ok((text, path)) => {
                let file = SourceFile::new(path.display().to_string(), text);
                written.word_files.insert(named.value.clone(), file);
            }
            Err(error) => {
                let wrong = format!("cannot read `{}`: {error}", named.value);
                let help = "name a text file inside the folder of the rules: `words/greeting.txt`";
                report.error("unreadable-file", &named.at, wrong, help);
            }
        }
    }
}

/// The path of a file that must lie in the folder, also after all links have been followed.
fn inside(dir: &Path, named: &Placed<String>) -> io::Result<PathBuf> {
    let outside = || io::Error::other("it leads out of the folder of the rules");
    let path = Path::new(&named.value);
    if !path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(outside());
    }
    let path = dir.join(path);
    let is_inside = path.canonicalize()?.starts_with(dir.canonicalize()?);
    if is_inside { Ok(path) } else { Err(outside()) }
}

fn read(path: &Path) -> io::Result<String> {
    let metadata = fs::metadata(path)?;
    match metadata.len() {
        _ if !metadata.is_file() => Err(io::Error::other("it is no file")),
        0..=FILE_BYTES_MAX => fs::read_to_string(path),
        length => Err(io::Error::other(format!("{length} bytes, and at most {FILE_BYTES_MAX} are read"))),
    }
}
