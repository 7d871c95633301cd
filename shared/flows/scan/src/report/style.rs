//! The look of the report, in one place.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, FormatUnderline};

const INK: Color = Color::RGB(0x001F_2937);
const MUTED: Color = Color::RGB(0x006B_7280);
const HEAD: Color = Color::RGB(0x001F_3A5F);
const RULE: Color = Color::RGB(0x00D1_D5DB);
const LINK: Color = Color::RGB(0x0005_63C1);

/// The meaning of a word in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Doubtful,
    Bad,
    Quiet,
}

#[derive(Debug, Clone)]
pub(super) struct Styles {
    pub(super) header: Format,
    pub(super) number_header: Format,
    pub(super) text: Format,
    pub(super) wrapped: Format,
    pub(super) number: Format,
    pub(super) page: Format,
    pub(super) line: Format,
    pub(super) link: Format,
    good: Format,
    doubtful: Format,
    bad: Format,
    quiet: Format,
    pub(super) note: Format,
    pub(super) title: Format,
    pub(super) lead: Format,
    pub(super) section: Format,
    pub(super) label: Format,
    pub(super) value: Format,
    pub(super) figure: Format,
    pub(super) decimal: Format,
}

impl Styles {
    pub(super) fn tone(&self, tone: Tone) -> &Format {
        match tone {
            Tone::Good => &self.good,
            Tone::Doubtful => &self.doubtful,
            Tone::Bad => &self.bad,
            Tone::Quiet => &self.quiet,
        }
    }
}

impl Default for Styles {
    fn default() -> Self {
        let base = Format::new().set_font_color(INK).set_align(FormatAlign::Top);
        let wrapped = base.clone().set_text_wrap();
        let left = |format: &str| base.clone().set_num_format(format).set_align(FormatAlign::Left);
        let toned = |ink: u32, ground: u32| {
            base.clone().set_font_color(Color::RGB(ink)).set_background_color(Color::RGB(ground))
        };
        let ruled = base.clone().set_border_bottom(FormatBorder::Hair).set_border_bottom_color(RULE);
        let figure = ruled.clone().set_align(FormatAlign::Left);
        let header = Format::new()
            .set_bold()
            .set_font_color(Color::White)
            .set_background_color(HEAD)
            .set_align(FormatAlign::VerticalCenter);
        // The indent keeps a number off the text that begins in the next column.
        let to_the_right = |format: Format| format.set_align(FormatAlign::Right).set_indent(1);
        Self {
            number_header: to_the_right(header.clone()),
            header,
            wrapped: wrapped.clone(),
            number: to_the_right(base.clone().set_num_format("#,##0")),
            // Pages and lines stay numbers, so that they sort as such.
            page: left("\"page \"0"),
            line: left("\"line \"0"),
            link: base.clone().set_font_color(LINK).set_underline(FormatUnderline::Single),
            good: toned(0x0016_6534, 0x00DC_FCE7),
            doubtful: toned(0x0085_4D0E, 0x00FE_F9C3),
            bad: toned(0x0099_1B1B, 0x00FE_E2E2),
            quiet: base.clone().set_font_color(MUTED),
            note: wrapped.clone().set_font_color(MUTED),
            title: base.clone().set_bold().set_font_size(18).set_font_color(HEAD),
            lead: wrapped.set_font_size(12),
            section: Format::new()
                .set_bold()
                .set_font_color(HEAD)
                .set_border_bottom(FormatBorder::Medium)
                .set_border_bottom_color(HEAD),
            label: ruled.clone().set_font_color(MUTED),
            value: ruled.set_text_wrap(),
            decimal: figure.clone().set_num_format("#,##0.0"),
            figure: figure.set_num_format("#,##0"),
            text: base,
        }
    }
}
