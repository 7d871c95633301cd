//! Files through a real sandbox: their text, their pages as pictures, pdfium as the second reader, and what a hostile one can do.

mod confined;
mod evidence;
mod pdfium;
mod reader;
