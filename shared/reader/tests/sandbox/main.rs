//! Files through a real sandbox: their text, their pages as pictures, and pdfium as the second reader.

mod evidence;
mod pdfium;
mod reader;
