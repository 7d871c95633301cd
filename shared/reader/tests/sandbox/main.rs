//! Files through a real sandbox: their text, their pages as pictures, pdfium as the second reader, and a hostile one.

mod confined;
mod evidence;
mod pdfium;
mod reader;
