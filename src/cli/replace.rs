//! Writing a file as a whole.

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Writes a file, or replaces it. It is written beside and renamed, so that nobody ever reads half of it. A link
/// stays a link, and a file keeps its permissions. What is no file, such as `/dev/null`, is written to.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let known = fs::metadata(path).ok();
    if known.as_ref().is_some_and(|known| !known.is_file()) {
        return fs::write(path, bytes);
    }
    let path = if known.is_some() { &path.canonicalize()? } else { path };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The mask of the process takes from these what it takes from every new file.
    let new = Permissions::from_mode(0o666);
    let mut beside = tempfile::Builder::new().prefix(".decile-").permissions(new).tempfile_in(folder)?;
    beside.write_all(bytes)?;
    if let Some(known) = known {
        beside.as_file().set_permissions(known.permissions())?;
    }
    beside.as_file().sync_all()?;
    beside.persist(path)?;
    Ok(())
}
