// Keeps spreadsheets from running exported text as formulas, by the rule in shared/contracts/golden/formulas.v1.json,
// which the server follows too (shared/contracts/src/formulas.rs).

const SIGNS = "=+\\-@\\u{fe62}\\u{fe63}\\u{fe66}\\u{fe6b}\\u{ff0b}\\u{ff0d}\\u{ff1d}\\u{ff20}";
/** Column separators except the comma (comma-separated exports are quoted), and line breaks. */
const BEGIN_CELLS = ";|\\t-\\r\\u{85}\\u{2028}\\u{2029}";
/** White space, control characters, quotes and invisible characters. */
const PASSED_OVER =
  '\\0-\\u{20}"\\u{7f}-\\u{a0}\\u{ad}\\u{34f}\\u{61c}\\u{115f}\\u{1160}\\u{1680}\\u{17b4}\\u{17b5}\\u{180b}-\\u{180f}' +
  "\\u{2000}-\\u{200f}\\u{2028}-\\u{202f}\\u{205f}-\\u{206f}\\u{2800}\\u{3000}\\u{3164}\\u{fe00}-\\u{fe0f}\\u{feff}" +
  "\\u{ffa0}\\u{fff0}-\\u{fffb}\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}";

const BEGINNING = new RegExp(`(^|[${BEGIN_CELLS}])([${PASSED_OVER}]*)(?=[${SIGNS}])`, "gu");

/** Returns the text in a form that is safe in a cell: an apostrophe before a sign that would start a formula. */
export function withoutFormulas(text: string): string {
  return text.replace(BEGINNING, "$1$2'");
}

/** Exported for the test of the rule. */
export const CLASSES = { signs: SIGNS, begin_cells: BEGIN_CELLS, passed_over: PASSED_OVER };
