//! Hyperscan's own names, as its headers have them.
#![expect(non_camel_case_types, reason = "the library's names")]

use std::ffi::{c_char, c_int, c_uint, c_ulonglong, c_void};

pub(crate) const HS_SUCCESS: c_int = 0;
pub(crate) const HS_FLAG_CASELESS: c_uint = 1;
pub(crate) const HS_FLAG_DOTALL: c_uint = 2;
pub(crate) const HS_FLAG_SINGLEMATCH: c_uint = 8;
pub(crate) const HS_MODE_BLOCK: c_uint = 1;

#[repr(C)]
pub(crate) struct hs_database_t {
    _opaque: [u8; 0],
}

#[repr(C)]
pub(crate) struct hs_scratch_t {
    _opaque: [u8; 0],
}

#[repr(C)]
pub(crate) struct hs_compile_error_t {
    pub(crate) message: *mut c_char,
    pub(crate) expression: c_int,
}

pub(crate) type match_event_handler =
    Option<extern "C" fn(c_uint, c_ulonglong, c_ulonglong, c_uint, *mut c_void) -> c_int>;

#[link(name = "hs")]
unsafe extern "C" {
    pub(crate) fn hs_version() -> *const c_char;
    pub(crate) fn hs_compile_multi(
        expressions: *const *const c_char,
        flags: *const c_uint,
        ids: *const c_uint,
        elements: c_uint,
        mode: c_uint,
        platform: *const c_void,
        database: *mut *mut hs_database_t,
        error: *mut *mut hs_compile_error_t,
    ) -> c_int;
    pub(crate) fn hs_free_compile_error(error: *mut hs_compile_error_t) -> c_int;
    pub(crate) fn hs_database_size(database: *const hs_database_t, bytes: *mut usize) -> c_int;
    pub(crate) fn hs_free_database(database: *mut hs_database_t) -> c_int;
    pub(crate) fn hs_alloc_scratch(database: *const hs_database_t, scratch: *mut *mut hs_scratch_t) -> c_int;
    pub(crate) fn hs_free_scratch(scratch: *mut hs_scratch_t) -> c_int;
    pub(crate) fn hs_scan(
        database: *const hs_database_t,
        data: *const c_char,
        length: c_uint,
        flags: c_uint,
        scratch: *mut hs_scratch_t,
        on_match: match_event_handler,
        context: *mut c_void,
    ) -> c_int;
}
