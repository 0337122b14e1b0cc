//! The few calls of Hyperscan (5.x, `libhs`) that the bench needs: compile many patterns, scan a block, ids out.
//!
//! A package of its own, because Decile itself forbids unsafe code. The declarations are those of
//! `/usr/include/hs/hs_common.h`, `hs_compile.h` and `hs_runtime.h`.
#![cfg(feature = "link")]

mod ffi;

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_ulonglong, c_void};
use std::ptr;

/// Case is ignored, `.` matches all, and each pattern reports once a scan.
const FLAGS: c_uint = ffi::HS_FLAG_CASELESS | ffi::HS_FLAG_DOTALL | ffi::HS_FLAG_SINGLEMATCH;

/// Patterns, compiled for scanning whole blocks, with the memory that a scan needs.
pub struct Database {
    database: *mut ffi::hs_database_t,
    scratch: *mut ffi::hs_scratch_t,
}

/// What Hyperscan would not do, in its words.
#[derive(Debug)]
pub struct Refused(pub String);

/// The version of the library.
pub fn version() -> String {
    // SAFETY: the library returns a static string.
    unsafe { CStr::from_ptr(ffi::hs_version()) }.to_string_lossy().into_owned()
}

impl Database {
    /// Compiles patterns; each reports its place in the list.
    ///
    /// # Errors
    /// Where a pattern holds a zero byte, or the library refuses one.
    pub fn compile(patterns: &[String]) -> Result<Self, Refused> {
        let texts = patterns.iter().map(|pattern| CString::new(pattern.as_str()));
        let texts: Vec<CString> = texts.collect::<Result<_, _>>().map_err(|error| Refused(error.to_string()))?;
        let expressions: Vec<*const c_char> = texts.iter().map(|text| text.as_ptr()).collect();
        let count = c_uint::try_from(patterns.len()).map_err(|error| Refused(error.to_string()))?;
        let ids: Vec<c_uint> = (0..count).collect();
        let flags = vec![FLAGS; patterns.len()];
        let mut made = Self { database: ptr::null_mut(), scratch: ptr::null_mut() };
        let mut error: *mut ffi::hs_compile_error_t = ptr::null_mut();
        // SAFETY: the three arrays have `count` elements and outlive the call; the library writes the two pointers.
        let answer = unsafe {
            ffi::hs_compile_multi(
                expressions.as_ptr(),
                flags.as_ptr(),
                ids.as_ptr(),
                count,
                ffi::HS_MODE_BLOCK,
                ptr::null(),
                &raw mut made.database,
                &raw mut error,
            )
        };
        if answer != ffi::HS_SUCCESS {
            return Err(refused(answer, error));
        }
        // SAFETY: the database was made above; the library writes the pointer.
        match unsafe { ffi::hs_alloc_scratch(made.database, &raw mut made.scratch) } {
            ffi::HS_SUCCESS => Ok(made),
            answer => Err(refused(answer, ptr::null_mut())),
        }
    }

    /// Adds the patterns that match in a text, each once, to `ids`.
    ///
    /// # Errors
    /// Where the text is longer than 4 GiB, or the library refuses.
    pub fn scan(&mut self, text: &[u8], ids: &mut Vec<u32>) -> Result<(), Refused> {
        let length = c_uint::try_from(text.len()).map_err(|error| Refused(error.to_string()))?;
        // SAFETY: database and scratch belong together and are ours alone (`&mut self`); the text has `length`
        // bytes; `found` gets `ids` back, which outlives the call.
        let answer = unsafe {
            ffi::hs_scan(
                self.database,
                text.as_ptr().cast(),
                length,
                0,
                self.scratch,
                Some(found),
                ptr::from_mut(ids).cast(),
            )
        };
        if answer == ffi::HS_SUCCESS { Ok(()) } else { Err(refused(answer, ptr::null_mut())) }
    }

    /// The size of the compiled patterns, in bytes.
    pub fn memory_bytes(&self) -> usize {
        let mut bytes = 0;
        // SAFETY: the database lives as long as `self`; the library writes the number.
        unsafe { ffi::hs_database_size(self.database, &raw mut bytes) };
        bytes
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // SAFETY: both are ours, freed once; the library takes null pointers.
        unsafe {
            ffi::hs_free_scratch(self.scratch);
            ffi::hs_free_database(self.database);
        }
    }
}

extern "C" fn found(id: c_uint, _: c_ulonglong, _: c_ulonglong, _: c_uint, context: *mut c_void) -> c_int {
    // SAFETY: `scan` gives a `Vec<u32>` that nobody else uses while the scan runs.
    unsafe { &mut *context.cast::<Vec<u32>>() }.push(id);
    0
}

fn refused(answer: c_int, error: *mut ffi::hs_compile_error_t) -> Refused {
    // SAFETY: null, or an error that the library made and that is freed here once.
    let message = unsafe { error.as_ref() }.map(|error| {
        // SAFETY: the library's message is a C string.
        let message = unsafe { CStr::from_ptr(error.message) }.to_string_lossy().into_owned();
        format!("{message} (pattern {})", error.expression)
    });
    // SAFETY: as above; the library takes null pointers.
    unsafe { ffi::hs_free_compile_error(error) };
    Refused(message.unwrap_or_else(|| format!("Hyperscan answers {answer}")))
}
