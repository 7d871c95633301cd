//! Interprets content streams for the text they show.
//!
//! Only operators that affect text are interpreted: graphics state, text state, strings, and forms drawn by `Do`.
//! Paths, shadings and images are only counted; colours are ignored.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use hayro_syntax::object::dict::keys;
use hayro_syntax::object::{Array, Dict, Name, Number, ObjRef, Object, Stream};

use super::font::{self, Font, Programs, UNKNOWN};
use super::layout::{PageLayout, StringRun};
use super::lexer::{self, Lexer, StringElement};
use super::matrix::Matrix;
use super::unpack::{UnpackError, unpack};

/// Nesting of forms; real documents have two or three levels.
const MAX_DEPTH: u32 = 16;
/// Forms drawn on one page, counted each time: a small file must not cause billions.
const MAX_FORMS: u32 = 50_000;
/// Saved graphics states.
const MAX_STATES: usize = 1024;
/// Bytes of unpacked forms kept for the next page that draws them.
const FORM_CACHE_BYTES: usize = 8 << 20;
/// Bytes of content interpreted on one page, those of forms each time they are drawn: ten times those of the densest
/// drawings.
const MAX_CONTENT: usize = 512 << 20;
/// Fonts of one document. Fonts that are not indirect objects are created again for each page.
const MAX_FONTS: usize = 20_000;
/// Names of fonts cached within one stream; the cache is searched linearly.
const MAX_NAMES: usize = 64;

/// What a page shows, apart from its text.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct PageContents {
    pub images: u32,
    /// Pixels of the largest picture.
    pub pixels: u64,
    pub paths: u32,
    /// Glyphs with and without a known meaning.
    pub readable: u32,
    pub unreadable: u32,
    /// Whether the page has more content than the limits allow.
    pub cut: bool,
}

impl PageContents {
    /// Returns whether nothing at all was drawn.
    pub fn is_empty(&self) -> bool {
        !self.cut && self.images == 0 && self.paths == 0 && self.readable == 0 && self.unreadable == 0
    }
}

/// The resources that text needs.
#[derive(Clone)]
pub(super) struct Resources<'a> {
    fonts: Dict<'a>,
    forms: Dict<'a>,
    states: Dict<'a>,
    /// Fonts that are direct objects here, by name, once they are loaded.
    inline: Rc<RefCell<HashMap<Box<[u8]>, usize>>>,
}

impl<'a> Resources<'a> {
    pub fn new(dict: &Dict<'a>) -> Self {
        Self {
            fonts: dict.get(keys::FONT).unwrap_or_default(),
            forms: dict.get(keys::XOBJECT).unwrap_or_default(),
            states: dict.get(keys::EXT_G_STATE).unwrap_or_default(),
            inline: Rc::default(),
        }
    }

    pub fn of_page(page: &hayro_syntax::page::Resources<'a>) -> Self {
        Self {
            fonts: page.fonts.clone(),
            forms: page.x_objects.clone(),
            states: page.ext_g_states.clone(),
            inline: Rc::default(),
        }
    }
}

/// A form ready to be interpreted.
struct FormXObject<'a> {
    content: Vec<u8>,
    matrix: Matrix,
    resources: Option<Resources<'a>>,
}

/// The object that `Do` found under a name.
#[derive(Clone)]
enum XObject<'a> {
    Form(Rc<FormXObject<'a>>),
    /// The number of its pixels.
    Image(u64),
    TooLarge,
    Nothing,
}

#[derive(Clone, Copy)]
struct GraphicsState {
    ctm: Matrix,
    font: Option<usize>,
    size: f32,
    char_space: f32,
    word_space: f32,
    stretch: f32,
    leading: f32,
    rise: f32,
}

/// Interprets the pages of one document, keeping fonts and forms from page to page.
pub(super) struct Interpreter<'a> {
    pub layout: PageLayout,
    pub seen: PageContents,
    /// Bytes a page or a form may unpack to.
    pub most: u64,
    fonts: Vec<Font>,
    font_refs: HashMap<ObjRef, usize>,
    forms: HashMap<ObjRef, XObject<'a>>,
    form_bytes: usize,
    forms_run: u32,
    content_run: usize,
    /// The font for names that have no font.
    missing: Option<usize>,
    programs: Programs<'a>,
    state: GraphicsState,
    text: Matrix,
    line: Matrix,
    /// Open marked content, each with its replacement text, if it has one.
    marks: Vec<Option<Replacement>>,
    replaced: u32,
}

/// Text that replaces what is drawn (`ActualText`).
struct Replacement {
    text: String,
    written: bool,
}

impl<'a> Interpreter<'a> {
    pub fn new(most: u64) -> Self {
        Self {
            layout: PageLayout::default(),
            seen: PageContents::default(),
            most,
            fonts: Vec::new(),
            font_refs: HashMap::new(),
            forms: HashMap::new(),
            form_bytes: 0,
            forms_run: 0,
            content_run: 0,
            missing: None,
            programs: Programs::new(),
            state: GraphicsState::new(Matrix::IDENTITY),
            text: Matrix::IDENTITY,
            line: Matrix::IDENTITY,
            marks: Vec::new(),
            replaced: 0,
        }
    }

    /// Discards the last page and begins one; `to_page` maps its content to points from its top left corner.
    pub fn begin_page(&mut self, to_page: Matrix) {
        self.layout.clear();
        self.seen = PageContents::default();
        self.forms_run = 0;
        self.content_run = 0;
        self.begin_stream(to_page);
        if self.fonts.len() >= MAX_FONTS {
            // Forms outlive a page and refer to fonts by index, so they go too.
            self.fonts.clear();
            self.font_refs.clear();
            self.missing = None;
            self.forms.clear();
            self.form_bytes = 0;
        }
    }

    /// Begins another stream on the same page, such as an annotation's appearance.
    pub fn begin_stream(&mut self, to_page: Matrix) {
        self.state = GraphicsState::new(to_page);
        self.marks.clear();
        self.replaced = 0;
    }

    pub fn run(&mut self, content: &[u8], resources: &Resources<'a>, depth: u32) {
        if self.is_full_after(content) {
            return;
        }
        let mut lexer = Lexer::new(content);
        let mut saved = Vec::new();
        let mut names: Vec<(&[u8], Option<usize>)> = Vec::new();
        while let Some(operator) = lexer.next_operator() {
            match operator {
                b"q" if saved.len() < MAX_STATES => saved.push(self.state),
                b"Q" => {
                    if let Some(state) = saved.pop() {
                        self.state = state;
                    }
                }
                b"cm" => {
                    if let Some(numbers) = lexer.numbers() {
                        self.state.ctm = Matrix::new(numbers).then(&self.state.ctm);
                    }
                }
                b"BT" => self.set_line(Matrix::IDENTITY),
                b"Tf" => {
                    if let (Some(name), Some([size])) = (lexer.name, lexer.numbers()) {
                        self.state.size = size;
                        let known = names.iter().find(|(known, _)| *known == name);
                        self.state.font = if let Some((_, font)) = known {
                            *font
                        } else {
                            let font = self.font(resources, name);
                            if names.len() < MAX_NAMES {
                                names.push((name, font));
                            }
                            font
                        };
                    }
                }
                b"Td" => {
                    if let Some([x, y]) = lexer.numbers() {
                        self.set_line(self.line.translated(x, y));
                    }
                }
                b"TD" => {
                    if let Some([x, y]) = lexer.numbers() {
                        self.state.leading = -y;
                        self.set_line(self.line.translated(x, y));
                    }
                }
                b"Tm" => {
                    if let Some(numbers) = lexer.numbers() {
                        self.set_line(Matrix::new(numbers));
                    }
                }
                b"T*" => self.next_line(),
                b"Tj" | b"TJ" => self.show(&lexer),
                b"'" => {
                    self.next_line();
                    self.show(&lexer);
                }
                b"\"" => {
                    if let Some([word, char]) = lexer.numbers() {
                        self.state.word_space = word;
                        self.state.char_space = char;
                    }
                    self.next_line();
                    self.show(&lexer);
                }
                b"Tc" => set(&lexer, &mut self.state.char_space),
                b"Tw" => set(&lexer, &mut self.state.word_space),
                b"TL" => set(&lexer, &mut self.state.leading),
                b"Ts" => set(&lexer, &mut self.state.rise),
                b"Tz" => {
                    if let Some([percent]) = lexer.numbers() {
                        self.state.stretch = percent / 100.0;
                    }
                }
                b"Do" => {
                    if let Some(name) = lexer.name {
                        self.draw(resources, name, depth);
                    }
                }
                b"gs" => {
                    if let Some(name) = lexer.name {
                        self.graphics_state(resources, name);
                    }
                }
                b"BMC" | b"BDC" => self.begin_mark(lexer.dict),
                b"EMC" => {
                    if let Some(Some(_)) = self.marks.pop() {
                        self.replaced -= 1;
                    }
                }
                b"f" | b"f*" | b"F" | b"S" | b"s" | b"B" | b"B*" | b"b" | b"b*" | b"sh" => {
                    self.seen.paths = self.seen.paths.saturating_add(1);
                }
                b"BI" => {
                    self.seen.images = self.seen.images.saturating_add(1);
                    lexer.skip_inline_image();
                }
                _ => {}
            }
        }
    }

    fn set_line(&mut self, matrix: Matrix) {
        self.line = matrix;
        self.text = matrix;
    }

    fn next_line(&mut self) {
        self.set_line(self.line.translated(0.0, -self.state.leading));
    }

    fn show(&mut self, lexer: &Lexer<'_>) {
        let state = self.state;
        let Some(font) = state.font.and_then(|index| self.fonts.get_mut(index)) else {
            return;
        };
        let matrix = self.text.then(&state.ctm);
        let run = StringRun::new(&matrix, state.size, state.stretch, font.em, font.vertical);
        let step = run.step();
        let start = (matrix.e + matrix.c * state.rise, matrix.f + matrix.d * state.rise);
        let layout = &mut self.layout;
        let seen = &mut self.seen;
        let mut replacement = match self.replaced {
            0 => None,
            _ => self.marks.iter_mut().rev().find_map(Option::as_mut),
        };
        let mut x = 0.0_f32;
        for &item in &lexer.items {
            if let StringElement::Adjust(thousandths) = item {
                x -= thousandths * 1e-3 * state.size;
                continue;
            }
            let mut follows = false;
            let mut last = None;
            font.each(lexer.bytes(item), |entry, space, strings| {
                let width = entry.width * state.size;
                let at = (start.0 + x * step.0, start.1 + x * step.1);
                x += width + state.char_space;
                if space {
                    x += state.word_space;
                }
                if entry.glyph == u32::from(b' ') {
                    layout.space();
                    follows = false;
                    return;
                }
                if entry.glyph == UNKNOWN {
                    seen.unreadable = seen.unreadable.saturating_add(1);
                    follows = false;
                    return;
                }
                if !follows {
                    if let Some((glyph, origin, end)) = last.take() {
                        layout.settle(&run, origin, end, glyph);
                    }
                    if !layout.join(&run, at, entry.glyph) {
                        return;
                    }
                    follows = true;
                }
                last = Some((entry.glyph, at, (start.0 + x * step.0, start.1 + x * step.1)));
                seen.readable = seen.readable.saturating_add(1);
                match &mut replacement {
                    None => {
                        layout.place(&run, at, width);
                        font::push(entry.glyph, strings, &mut layout.text);
                    }
                    Some(replacement) if !replacement.written => {
                        replacement.written = true;
                        layout.place(&run, at, width);
                        layout.text.push_str(&replacement.text);
                    }
                    Some(_) => {}
                }
            });
            if let Some((glyph, origin, end)) = last {
                layout.settle(&run, origin, end, glyph);
            }
        }
        // The stretch applies to the advance of horizontal writing only.
        let (dx, dy) = if font.vertical { (0.0, x) } else { (x * state.stretch, 0.0) };
        self.text = self.text.translated(dx, dy);
    }

    fn font(&mut self, resources: &Resources<'a>, name: &[u8]) -> Option<usize> {
        let name = Name::new(name)?;
        let key = resources.fonts.get_ref(&*name);
        if let Some(index) = key.and_then(|key| self.font_refs.get(&key)) {
            return Some(*index);
        }
        let inline = resources.inline.borrow().get(&*name as &[u8]).copied();
        if inline.is_some() {
            return inline;
        }
        match resources.fonts.get::<Dict<'a>>(&*name) {
            Some(dict) if self.fonts.len() < MAX_FONTS => {
                let index = self.load_font(&dict, key);
                if key.is_none() {
                    resources.inline.borrow_mut().insert((&*name as &[u8]).into(), index);
                }
                Some(index)
            }
            // Text in a name without a font is still shown, in the standard encoding.
            _ => Some(self.missing_font()),
        }
    }

    fn missing_font(&mut self) -> usize {
        if let Some(index) = self.missing {
            return index;
        }
        let index = self.load_font(&Dict::default(), None);
        self.missing = Some(index);
        index
    }

    fn load_font(&mut self, dict: &Dict<'a>, key: Option<ObjRef>) -> usize {
        let index = self.fonts.len();
        self.fonts.push(Font::new(dict, &mut self.programs));
        if let Some(key) = key {
            self.font_refs.insert(key, index);
        }
        index
    }

    fn graphics_state(&mut self, resources: &Resources<'a>, name: &[u8]) {
        let Some(array) = Name::new(name)
            .and_then(|name| resources.states.get::<Dict<'a>>(&*name))
            .and_then(|state| state.get::<Array<'a>>(keys::FONT))
        else {
            return;
        };
        let key = array.raw_iter().next().and_then(|first| first.as_obj_ref());
        let mut items = array.iter::<Object<'a>>();
        if let (Some(Object::Dict(dict)), Some(Object::Number(size))) = (items.next(), items.next()) {
            let known = key.and_then(|key| self.font_refs.get(&key).copied());
            self.state.font = Some(match known {
                Some(index) => index,
                None if self.fonts.len() < MAX_FONTS => self.load_font(&dict, key),
                None => self.missing_font(),
            });
            self.state.size = size.as_f32();
        }
    }

    fn is_full_after(&mut self, content: &[u8]) -> bool {
        self.content_run = self.content_run.saturating_add(content.len());
        self.is_full()
    }

    /// Returns whether the page has reached its limits; if so, records that it has more content.
    fn is_full(&mut self) -> bool {
        let full = self.forms_run >= MAX_FORMS || self.content_run > MAX_CONTENT;
        self.seen.cut |= full;
        full
    }

    fn draw(&mut self, resources: &Resources<'a>, name: &[u8], depth: u32) {
        // Checked before a large form is unpacked once more.
        if self.is_full() {
            return;
        }
        let Some(name) = Name::new(name) else { return };
        let key = resources.forms.get_ref(&*name);
        let drawn = if let Some(drawn) = key.and_then(|key| self.forms.get(&key)) {
            drawn.clone()
        } else {
            let stream = resources.forms.get::<Stream<'a>>(&*name);
            let drawn = stream.map_or(XObject::Nothing, |stream| load_drawn(&stream, self.most));
            let size = if let XObject::Form(form) = &drawn { form.content.len() } else { 0 };
            if let Some(key) = key
                && self.form_bytes + size <= FORM_CACHE_BYTES
            {
                self.form_bytes += size;
                self.forms.insert(key, drawn.clone());
            }
            drawn
        };
        match drawn {
            XObject::Form(form) => self.run_form(&form, resources, depth),
            XObject::Image(pixels) => {
                self.seen.images = self.seen.images.saturating_add(1);
                self.seen.pixels = self.seen.pixels.max(pixels);
            }
            XObject::TooLarge => self.seen.cut = true,
            XObject::Nothing => {}
        }
    }

    /// Interprets a form's stream as `Do` would, for callers other than `Do`.
    pub fn run_stream(&mut self, stream: &Stream<'a>, resources: &Resources<'a>) {
        if let XObject::Form(form) = load_drawn(stream, self.most) {
            self.run_form(&form, resources, 0);
        }
    }

    fn run_form(&mut self, form: &FormXObject<'a>, resources: &Resources<'a>, depth: u32) {
        if self.is_full() {
            return;
        }
        self.forms_run += 1;
        if depth >= MAX_DEPTH {
            return;
        }
        let (state, text, line) = (self.state, self.text, self.line);
        let marks = self.marks.len();
        self.state.ctm = form.matrix.then(&state.ctm);
        self.run(&form.content, form.resources.as_ref().unwrap_or(resources), depth + 1);
        for mark in self.marks.drain(marks.min(self.marks.len())..) {
            self.replaced -= u32::from(mark.is_some());
        }
        (self.state, self.text, self.line) = (state, text, line);
    }

    fn begin_mark(&mut self, dict: Option<&[u8]>) {
        // Beyond any real nesting, the marks of a broken stream are not kept.
        if self.marks.len() >= MAX_STATES {
            return;
        }
        let text = dict.and_then(actual_text).filter(|text| !text.trim().is_empty());
        self.replaced += u32::from(text.is_some());
        self.marks.push(text.map(|text| Replacement { text, written: false }));
    }
}

impl GraphicsState {
    fn new(ctm: Matrix) -> Self {
        Self {
            ctm,
            font: None,
            size: 1.0,
            char_space: 0.0,
            word_space: 0.0,
            stretch: 1.0,
            leading: 0.0,
            rise: 0.0,
        }
    }
}

fn set(lexer: &Lexer<'_>, slot: &mut f32) {
    if let Some([value]) = lexer.numbers() {
        *slot = value;
    }
}

fn load_drawn<'a>(stream: &Stream<'a>, most: u64) -> XObject<'a> {
    let dict = stream.dict();
    match dict.get::<Name<'_>>(keys::SUBTYPE).as_deref() {
        Some(b"Image") => {
            let side = |key: &'static [u8]| dict.get::<u32>(key).map_or(0, u64::from);
            return XObject::Image(side(keys::WIDTH) * side(keys::HEIGHT));
        }
        Some(b"Form") | None => {}
        Some(_) => return XObject::Nothing,
    }
    let content = match unpack(stream, most) {
        Ok(content) => content,
        Err(UnpackError::TooLarge) => return XObject::TooLarge,
        Err(UnpackError::Damaged) => return XObject::Nothing,
    };
    let matrix: Vec<f32> = dict
        .get::<Array<'_>>(keys::MATRIX)
        .map(|a| a.iter::<Number>().take(6).map(|n| n.as_f32()).collect())
        .unwrap_or_default();
    let matrix = <[f32; 6]>::try_from(matrix).map_or(Matrix::IDENTITY, Matrix::new);
    let resources = dict.get::<Dict<'a>>(keys::RESOURCES).map(|dict| Resources::new(&dict));
    XObject::Form(Rc::new(FormXObject { content: content.into_owned(), matrix, resources }))
}

/// Returns the replacement text in a marked-content dictionary.
fn actual_text(dict: &[u8]) -> Option<String> {
    let at = memchr::memmem::find(dict, b"/ActualText")? + b"/ActualText".len();
    let value = dict[at..].trim_ascii_start();
    let mut bytes = Vec::new();
    match value.first()? {
        b'(' => {
            lexer::decode_literal(&value[1..], &mut bytes);
        }
        b'<' => {
            let end = memchr::memchr(b'>', value)?;
            lexer::decode_hex(&value[1..end], &mut bytes);
        }
        _ => return None,
    }
    Some(text_string(&bytes))
}

/// Decodes a PDF text string: UTF-16 or UTF-8 with a byte order mark, otherwise a byte encoding close to Latin-1.
pub(super) fn text_string(bytes: &[u8]) -> String {
    let encoding =
        encoding_rs::Encoding::for_bom(bytes).map_or(encoding_rs::WINDOWS_1252, |(found, _)| found);
    let text = encoding.decode_with_bom_removal(bytes).0;
    text.chars()
        .filter(|c| *c == '\n' || !c.is_control())
        .map(|c| if c == '\u{AD}' { '-' } else { c })
        .collect()
}
