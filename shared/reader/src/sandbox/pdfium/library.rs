//! pdfium's C functions for reading text (`fpdfview.h` and `fpdf_text.h`). Apart from system calls through libc, no
//! other code in Riffle calls into C.
//!
//! They must not be called from two threads at once: a [`Library`] stays on the only thread of a sandbox.

#![expect(unsafe_code, reason = "a C library loaded at run time; each call states what it relies on")]

use std::error::Error as _;
use std::ffi::{c_char, c_double, c_float, c_int, c_uint, c_void};
use std::marker::PhantomData;
use std::path::Path;
use std::ptr::{NonNull, null, null_mut};

/// A pointer that pdfium returns and accepts; its target is never accessed here.
type Handle = NonNull<c_void>;
type OutHandle = Option<Handle>;

/// `FPDF_LIBRARY_CONFIG`, version 2.
#[repr(C)]
struct LibraryConfig {
    version: c_int,
    font_folders: *const *const c_char,
    isolate: *mut c_void,
    v8_slot: c_uint,
}

/// `FS_RECTF`
#[repr(C)]
#[derive(Default)]
struct Rect {
    left: c_float,
    top: c_float,
    right: c_float,
    bottom: c_float,
}

macro_rules! functions {
    ($($field:ident = $name:literal: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        struct PdfiumFunctions {
            $($field: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        impl PdfiumFunctions {
            fn of(library: &libloading::Library) -> Result<Self, libloading::Error> {
                // SAFETY: the types are those of pdfium's headers, and the pointers live no longer than the
                // library, which is stored alongside them.
                Ok(unsafe { Self { $($field: *library.get($name)?,)* } })
            }
        }
    };
}

functions! {
    init = c"FPDF_InitLibraryWithConfig": fn(*const LibraryConfig);
    open = c"FPDF_LoadMemDocument64": fn(*const c_void, usize, *const c_char) -> OutHandle;
    close = c"FPDF_CloseDocument": fn(Handle);
    count = c"FPDF_GetPageCount": fn(Handle) -> c_int;
    page = c"FPDF_LoadPage": fn(Handle, c_int) -> OutHandle;
    close_page = c"FPDF_ClosePage": fn(Handle);
    width = c"FPDF_GetPageWidthF": fn(Handle) -> c_float;
    height = c"FPDF_GetPageHeightF": fn(Handle) -> c_float;
    to_device = c"FPDF_PageToDevice":
        fn(Handle, c_int, c_int, c_int, c_int, c_int, c_double, c_double, *mut c_int, *mut c_int) -> c_int;
    text = c"FPDFText_LoadPage": fn(Handle) -> OutHandle;
    close_text = c"FPDFText_ClosePage": fn(Handle);
    chars = c"FPDFText_CountChars": fn(Handle) -> c_int;
    unicode = c"FPDFText_GetUnicode": fn(Handle, c_int) -> c_uint;
    is_generated = c"FPDFText_IsGenerated": fn(Handle, c_int) -> c_int;
    is_hyphen = c"FPDFText_IsHyphen": fn(Handle, c_int) -> c_int;
    is_unmapped = c"FPDFText_HasUnicodeMapError": fn(Handle, c_int) -> c_int;
    bounds = c"FPDFText_GetLooseCharBox": fn(Handle, c_int, *mut Rect) -> c_int;
}

/// pdfium, loaded and initialised until the process ends.
pub(super) struct Library {
    functions: PdfiumFunctions,
    /// Keeps the functions' code loaded.
    _loaded: libloading::Library,
    /// Keeps the type on one thread.
    _here: PhantomData<*mut ()>,
}

impl Library {
    pub fn load(path: &Path) -> Result<Self, String> {
        // SAFETY: the person who runs Riffle configured this file as pdfium; loading it runs its code.
        let library = unsafe { libloading::Library::new(path) }.map_err(|error| why(&error))?;
        let functions = PdfiumFunctions::of(&library).map_err(|error| why(&error))?;
        // No folder of fonts, so that a file's text depends on the file, not on the machine.
        let folders = [null()];
        let config =
            LibraryConfig { version: 2, font_folders: folders.as_ptr(), isolate: null_mut(), v8_slot: 0 };
        // SAFETY: the configuration is complete for its version and read only during the call. This is the only
        // `Library` of the process, so pdfium is set up once.
        unsafe { (functions.init)(&raw const config) };
        Ok(Self { functions, _loaded: library, _here: PhantomData })
    }

    pub fn open<'a>(&'a self, pdf: &'a [u8]) -> Option<PdfDocument<'a>> {
        // SAFETY: pdfium reads from these bytes until the document is closed, and `PdfDocument` borrows them.
        let handle = unsafe { (self.functions.open)(pdf.as_ptr().cast(), pdf.len(), null()) }?;
        Some(PdfDocument { library: self, handle, _bytes: PhantomData })
    }
}

/// Formats the error with the message of the system's loader, which is its source.
fn why(error: &libloading::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

pub(super) struct PdfDocument<'a> {
    library: &'a Library,
    handle: Handle,
    _bytes: PhantomData<&'a [u8]>,
}

impl PdfDocument<'_> {
    pub fn count(&self) -> u32 {
        // SAFETY: the document is open.
        let count = unsafe { (self.library.functions.count)(self.handle) };
        u32::try_from(count).unwrap_or(0)
    }

    /// Opens a page by its number, counted from 1.
    pub fn page(&self, number: u32) -> Option<PdfPage<'_>> {
        let functions = &self.library.functions;
        let index = c_int::try_from(number.checked_sub(1)?).ok()?;
        // SAFETY: the document is open, and stays so as long as `PdfPage` borrows it.
        let handle = unsafe { (functions.page)(self.handle, index) }?;
        // SAFETY: the page is open until `PdfPage` is dropped.
        let Some(text) = (unsafe { (functions.text)(handle) }) else {
            // SAFETY: as above, and no other code holds the handle.
            unsafe { (functions.close_page)(handle) };
            return None;
        };
        Some(PdfPage { functions, handle, text })
    }
}

impl Drop for PdfDocument<'_> {
    fn drop(&mut self) {
        // SAFETY: opened once, closed once, after all its pages.
        unsafe { (self.library.functions.close)(self.handle) }
    }
}

pub(super) struct PdfPage<'d> {
    functions: &'d PdfiumFunctions,
    handle: Handle,
    text: Handle,
}

/// One character of a page.
pub(super) struct Char {
    /// A code point, half of a surrogate pair, or a placeholder.
    pub unicode: u32,
    /// A space or line end that is not drawn.
    pub generated: bool,
    /// The hyphen of a word that continues on the next line.
    pub hyphen: bool,
    /// Its font does not map it to Unicode.
    pub unmapped: bool,
}

impl PdfPage<'_> {
    /// Returns the width and height in points, as the page is shown.
    pub fn size(&self) -> (f32, f32) {
        // SAFETY: the page is open; so it is in all functions below, and so is its text.
        unsafe { ((self.functions.width)(self.handle), (self.functions.height)(self.handle)) }
    }

    /// Returns the number of characters; `char` and `corners` take an index below it.
    pub fn count(&self) -> c_int {
        // SAFETY: see `size`.
        unsafe { (self.functions.chars)(self.text) }
    }

    pub fn char(&self, index: c_int) -> Char {
        let Self { functions, text, .. } = self;
        // SAFETY: see `size`. pdfium returns 0 or -1 for an index out of bounds.
        unsafe {
            Char {
                unicode: (functions.unicode)(*text, index),
                generated: (functions.is_generated)(*text, index) == 1,
                hyphen: (functions.is_hyphen)(*text, index) == 1,
                unmapped: (functions.is_unmapped)(*text, index) == 1,
            }
        }
    }

    /// Returns two opposite corners of a character, measured from the top left corner of the page as it is shown.
    /// `size` is the page's size in the units of the result.
    pub fn corners(&self, index: c_int, size: (c_int, c_int)) -> Option<[(c_int, c_int); 2]> {
        let mut rect = Rect::default();
        // SAFETY: see `size`; the rectangle is ours.
        if unsafe { (self.functions.bounds)(self.text, index, &raw mut rect) } == 0 {
            return None;
        }
        let corner = |x: c_float, y: c_float| {
            let (mut at_x, mut at_y) = (0, 0);
            let (to_x, to_y) = (&raw mut at_x, &raw mut at_y);
            // SAFETY: see `size`; both numbers are ours.
            let done = unsafe {
                (self.functions.to_device)(
                    self.handle,
                    0,
                    0,
                    size.0,
                    size.1,
                    0,
                    x.into(),
                    y.into(),
                    to_x,
                    to_y,
                )
            };
            (done != 0).then_some((at_x, at_y))
        };
        Some([corner(rect.left, rect.top)?, corner(rect.right, rect.bottom)?])
    }
}

impl Drop for PdfPage<'_> {
    fn drop(&mut self) {
        // SAFETY: both were opened once and are closed once, the text before its page.
        unsafe {
            (self.functions.close_text)(self.text);
            (self.functions.close_page)(self.handle);
        }
    }
}
