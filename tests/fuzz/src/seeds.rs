//! Small valid inputs for each target, built here.

use bytes::Bytes;
use riffle_samples::pack::{self, Archive, XlsSheet};

use crate::form;

pub const XML_WORDS: &[&str] =
    &["<![CDATA[", "]]>", "<!--", "-->", "<!DOCTYPE a [<!ENTITY b '", "&b;", "&#x", "<?xml", "xmlns:", "='"];
pub const HTML_WORDS: &[&str] =
    &["<script>", "</script>", "<!--", "-->", "<p title=\"", "\">", "&amp;", "&#x", "<a =\">\"", "</"];
pub const WIRE_WORDS: &[&str] =
    &["\"session_id\":", "\"index\":", "null", "{\"", "\"}", "[]", "\"action\":\"", "1e400"];
pub const ODS_WORDS: &[&str] = &[
    "\x1E\x1E",
    "\x1F\x1F",
    "<table:table-row",
    " table:number-rows-repeated='",
    " table:number-columns-repeated='",
    "<table:table-cell>",
    "</table:table-cell>",
    "<text:p>",
    "<text:s/>",
    " office:value='",
];
pub const OFFICE_WORDS: &[&str] = &[
    "\x1E\x1E",
    "\x1F\x1F",
    "<w:p>",
    "</w:p>",
    "<w:r><w:t>",
    "</w:t></w:r>",
    "<w:del>",
    "<mc:AlternateContent><mc:Choice>",
    "<mc:Fallback>",
    "<p:ph/>",
    "<p:sldId r:id='",
    "<Relationship Id='r1' Type='x/header' Target='../",
    "&#x",
    "<![CDATA[",
];
pub const XLSX_WORDS: &[&str] = &[
    "\x1E\x1E",
    "\x1F\x1F",
    "<c r=\"XFD1048576\" t=\"s\"><v>",
    " t=\"inlineStr\"",
    "<is><t>",
    "<mergeCell ref=\"A1:",
    "uniqueCount=\"",
    "<row r=\"",
    "<f t=\"shared\" si=\"",
    "dimension ref=\"",
    "date1904=\"1\"",
    " s=\"",
];
pub const PDF_WORDS: &[&str] = &[
    "\x1E",
    "\x1F",
    "/Filter/FlateDecode",
    "/ASCII85Decode",
    "/LZWDecode",
    "/RunLengthDecode",
    "/DecodeParms<</Predictor ",
    "/Type/ObjStm/N ",
    "/First ",
    "/Kids[",
    "/Parent 2 0 R",
    " 0 R",
    " Tf",
    " Tj",
    " TJ",
    "BT",
    "ET",
    " Do",
    "BI",
    "ID ",
    " EI",
    "/ToUnicode ",
    "/Differences[",
    "/W[",
    "/Type0",
    "/Type3",
    "beginbfrange",
    "begincidrange",
    "usecmap",
    "/Prev ",
    "/ActualText(",
    " BDC",
    "EMC",
    "/Encrypt",
    "/Annots[",
    "/Rotate ",
    "/MediaBox[",
    "endstream",
    "endobj",
    "trailer",
];

const XML: &str = "<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY b 'c'>]>\n<a x='1' xmlns:y='z'>&b;&amp;&#45;<![CDATA[d]]><!-- e\n -->\n<f g=\"HOLE-1\"/></a>";
const HTML: &str = "<!DOCTYPE html>\n<html><body>\n<p title='x > y'>HOLE&#45;<b>1</b>\n<script>if (a < b) { '</p>' }</script>\n<img alt=\"HOLE-2\" src=x><br>\n<!-- c --></p></body></html>";
const JSON: &str =
    "{\"a\": [\"b\\u002d1\\n\", {\"c\": -1.5e3, \"\\ud83d\\ude00\": null}],\n \"HOLE-1\": true}";
const CSV: &str = "no;hole;depth\r\n1;\"HOLE-1\";12,5\r\n2;\"a \"\"b\"\"\nc\";\r\n;;3\r\n";

pub fn text() -> Vec<Vec<u8>> {
    vec![
        b"one\ntwo HOLE-\n1234 three\r\n\n\nfour\n".to_vec(),
        "Größe – HOLE\u{2011}1 \u{AD}\n".as_bytes().to_vec(),
        "\u{FEFF}eins\r\nHOLE-1\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "HOLE-1\n".encode_utf16().flat_map(u16::to_be_bytes).collect(),
        b"Die Gr\xF6\xDFe der Stra\xDFe\n".to_vec(),
        b"\x83z\x81[\x83\x8B HOLE-1\n\x93\xFA\x96{\x8C\xEA".to_vec(),
    ]
}

pub fn csv() -> Vec<Vec<u8>> {
    vec![
        CSV.into(),
        b"a,b\n1,2\n3,4\n".to_vec(),
        b"a\tb\tc\n\"1\t2\n".to_vec(),
        b"x|y|\"z\"\n1|2|3\n".to_vec(),
    ]
}

pub fn json() -> Vec<Vec<u8>> {
    vec![JSON.into(), b"[[[[\"x\"]]]]".to_vec(), b"[1,2.5,-3e-7,\"\\\"\\\\\\/\"]".to_vec()]
}

pub fn xml() -> Vec<Vec<u8>> {
    vec![XML.into(), b"<a><b>HOLE-1</b> & <c x=1></c></a>".to_vec()]
}

pub fn html() -> Vec<Vec<u8>> {
    vec![HTML.into(), b"<p>HOLE-<b>1</b>2</p><td>A</td><style>p{}</style>&nbsp;".to_vec()]
}

pub fn codes() -> Vec<Vec<u8>> {
    vec![
        CSV.into(),
        b"HOLE-1\nHOLE-2\n# x\n".to_vec(),
        "A–1, A - 1; b_2\tC\u{2011}3".into(),
        b"[\"x\"]".to_vec(),
    ]
}

/// Returns inputs whose first byte selects the type of the rest: see `wire::decode`.
pub fn wire() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    let mut add = |kind: u8, value: &serde_json::Value| {
        seeds.push([&[kind][..], value.to_string().as_bytes()].concat());
    };
    let golden = [
        (0, include_str!("../../../shared/contracts/golden/actions.v1.json")),
        (1, include_str!("../../../shared/contracts/golden/frames.v1.json")),
    ];
    for (kind, list) in golden {
        let list: Vec<serde_json::Value> = serde_json::from_str(list).unwrap_or_default();
        for value in &list {
            add(kind, value);
        }
    }
    let id = "00112233445566778899aabbccddeeff";
    add(4, &serde_json::json!({ "session_id": id, "index": 7 }));
    add(5, &serde_json::json!({ "session_id": id }));
    add(
        6,
        &serde_json::json!({
            "kind": "pdf", "bytes": 12, "pages": 2, "unread": [2], "codes": 1,
            "matches": [{ "code": 0, "place": { "page": 1 }, "snippet": "x", "boxes": [{ "x0": 1.5, "y0": 0, "x1": 2, "y1": 3 }] }]
        }),
    );
    add(6, &serde_json::json!({ "failure": { "code": "too_large", "reason": "why" } }));
    add(
        6,
        &serde_json::json!({
            "matches": [{ "code": 0, "place": { "inside": { "entry": "a", "place": { "cell": { "sheet": "S", "cell": "A1" } } } },
                "snippet": "", "boxes": [] }]
        }),
    );
    add(7, &serde_json::json!([{ "name": "a/b.pdf", "locator": "0/a/b.pdf", "size": 1, "version": "v" }]));
    add(9, &serde_json::json!({ "source": { "folders": ["/a"] }, "options": {}, "codes_digest": "00" }));
    add(
        10,
        &serde_json::json!({ "Records": [{ "messageId": "1", "body": "{\"session_id\":\"s\",\"index\":1}",
        "attributes": { "ApproximateReceiveCount": "2" }, "messageAttributes": {}, "eventSource": "aws:sqs" }] }),
    );
    add(
        11,
        &serde_json::json!({ "requestContext": { "routeKey": "$default", "connectionId": "c" },
        "body": "{\"action\":\"ping\"}", "isBase64Encoded": false }),
    );
    seeds
}

const SHEET: &str = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
                     xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"";
const RELATION: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

pub fn ods() -> Vec<Vec<u8>> {
    let of = |rows: &str| {
        let content = format!(
            "<office:document-content xmlns:office='o' xmlns:table='t' xmlns:text='x'><office:body><office:spreadsheet>\
             <table:table table:name='S &amp; T'>{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
        );
        form::unsplit([
            (&b"mimetype"[..], &b"application/vnd.oasis.opendocument.spreadsheet"[..]),
            (b"content.xml", content.as_bytes()),
        ])
    };
    vec![
        of(
            "<table:table-row table:number-rows-repeated='3'><table:table-cell table:number-columns-repeated='4'>\
            <text:p>HOLE-<text:span>1</text:span></text:p></table:table-cell><table:covered-table-cell/></table:table-row>",
        ),
        of(
            "<table:table-row><table:table-cell office:value='5'/><table:table-cell><text:p>a<text:s/>b &#45;</text:p>\
            <text:p>c</text:p><office:annotation><text:p>n</text:p></office:annotation></table:table-cell></table:table-row>",
        ),
    ]
}

fn office(main: &str, parts: &[(&str, &str)]) -> Vec<u8> {
    let root = format!(
        "<Relationships><Relationship Id=\"r1\" Type=\"{RELATION}/officeDocument\" Target=\"{main}\"/></Relationships>"
    );
    let fixed = [(&b"[Content_Types].xml"[..], &b"<Types/>"[..]), (b"_rels/.rels", root.as_bytes())];
    let parts = parts.iter().map(|(name, content)| (name.as_bytes(), content.as_bytes()));
    form::unsplit(fixed.into_iter().chain(parts))
}

pub fn docx() -> Vec<Vec<u8>> {
    let body = "<w:document xmlns:w='w'><w:body><w:p><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr><w:r><w:t>HO</w:t></w:r>\
                <w:ins><w:r><w:t>LE</w:t><w:noBreakHyphen/><w:sym w:char='F02D'/></w:r></w:ins><w:del><w:r><w:delText>x</w:delText>\
                </w:r></w:del></w:p><w:tbl><w:tr><w:tc><w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r>\
                <w:t>1 &amp; &#50;</w:t></w:r></w:p></w:txbxContent></mc:Choice><mc:Fallback><w:p/></mc:Fallback>\
                </mc:AlternateContent></w:r></w:p></w:tc></w:tr></w:tbl></w:body></w:document>";
    let relations = format!(
        "<Relationships><Relationship Id=\"r1\" Type=\"{RELATION}/header\" Target=\"header1.xml\"/>\
         <Relationship Id=\"r2\" Type=\"{RELATION}/image\" Target=\"media/a.png\"/></Relationships>"
    );
    vec![office(
        "word/document.xml",
        &[
            ("word/document.xml", body),
            ("word/_rels/document.xml.rels", &relations),
            ("word/header1.xml", "<w:hdr><w:p><w:r><w:t>HOLE-2</w:t></w:r></w:p></w:hdr>"),
        ],
    )]
}

pub fn pptx() -> Vec<Vec<u8>> {
    let deck = "<p:presentation><p:sldIdLst><p:sldId id='256' r:id='r1'/><p:sldId id='257' r:id='r2'/></p:sldIdLst></p:presentation>";
    let slides = format!(
        "<Relationships><Relationship Id=\"r1\" Type=\"{RELATION}/slide\" Target=\"slides/slide1.xml\"/>\
         <Relationship Id=\"r2\" Type=\"{RELATION}/slide\" Target=\"/ppt/slides/slide2.xml\"/></Relationships>"
    );
    let behind = format!(
        "<Relationships><Relationship Id=\"r1\" Type=\"{RELATION}/slideLayout\" Target=\"../layout.xml\"/>\
         <Relationship Id=\"r2\" Type=\"{RELATION}/chart\" Target=\"../chart.xml\"/></Relationships>"
    );
    let shape = "<p:sld><p:sp><p:nvPr><p:ph/></p:nvPr><p:txBody><a:p><a:r><a:t>HOLE-1</a:t></a:r><a:br/></a:p></p:txBody></p:sp></p:sld>";
    vec![office(
        "ppt/presentation.xml",
        &[
            ("ppt/presentation.xml", deck),
            ("ppt/_rels/presentation.xml.rels", &slides),
            ("ppt/slides/slide1.xml", shape),
            ("ppt/slides/_rels/slide1.xml.rels", &behind),
            ("ppt/slides/slide2.xml", "<p:sld/>"),
            ("ppt/layout.xml", shape),
            ("ppt/chart.xml", "<c:chart><c:v>HOLE-2</c:v></c:chart>"),
        ],
    )]
}

/// Returns archives of files, with an archive in an archive.
pub fn archives() -> Vec<Vec<u8>> {
    let inner = form::zip(&form::unsplit([(&b"b.txt"[..], &b"HOLE-1"[..])]));
    vec![form::unsplit([
        (&b"a/a.csv"[..], &b"a,b\n1,HOLE-1\n"[..]),
        (b"inner.zip", &inner),
        (b"c.pdf", b"%PDF-1.4\n1 0 obj\n"),
        (b"../d", b"<a>x</a>"),
    ])]
}

/// Returns headers of pictures; a TIFF with two pages.
pub fn pictures() -> Vec<Vec<u8>> {
    let page = |next: u8| {
        [&b"\x02\0\0\x01\x03\0\x01\0\0\0\x05\0\0\0\x01\x01\x03\0\x01\0\0\0\x07\0\0\0"[..], &[next, 0, 0, 0]]
            .concat()
    };
    vec![
        b"\x89PNG\r\n\x1a\n\0\0\0\x0DIHDR\0\0\0\x09\0\0\0\x09\x08\0\0\0\0".to_vec(),
        b"\xFF\xD8\xFF\xE0\0\x04ab\xFF\xC0\0\x0B\x08\0\x64\0\xC8\x01\0\0\0".to_vec(),
        [b"II*\0\x08\0\0\0".to_vec(), page(38), page(0)].concat(),
    ]
}

pub fn xlsx() -> Vec<Vec<u8>> {
    let types = "<Types><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>";
    let root = format!(
        "<Relationships><Relationship Id=\"r1\" Type=\"{RELATION}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
    );
    let book = format!(
        "<workbook {SHEET}><workbookPr date1904=\"0\"/><sheets><sheet name=\"A\" sheetId=\"1\" r:id=\"r1\"/>\
                        <sheet name=\"B\" sheetId=\"2\" state=\"hidden\" r:id=\"r2\"/></sheets><definedNames>\
                        <definedName name=\"x\">A!$A$1</definedName></definedNames></workbook>"
    );
    let relations = format!(
        "<Relationships><Relationship Id=\"r1\" Type=\"{RELATION}/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
                             <Relationship Id=\"r2\" Type=\"{RELATION}/worksheet\" Target=\"/xl/worksheets/sheet2.xml\"/>\
                             <Relationship Id=\"r3\" Type=\"{RELATION}/sharedStrings\" Target=\"sharedStrings.xml\"/>\
                             <Relationship Id=\"r4\" Type=\"{RELATION}/styles\" Target=\"styles.xml\"/></Relationships>"
    );
    let styles = format!(
        "<styleSheet {SHEET}><numFmts count=\"1\"><numFmt numFmtId=\"164\" formatCode=\"yyyy-mm-dd\"/></numFmts>\
                          <cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"164\"/></cellXfs></styleSheet>"
    );
    let strings = format!(
        "<sst {SHEET} count=\"2\" uniqueCount=\"2\"><si><t>HOLE-1</t></si>\
                           <si><r><t xml:space=\"preserve\">HO </t></r><r><t>LE</t></r><rPh><t>x</t></rPh></si></sst>"
    );
    let one = format!(
        "<worksheet {SHEET}><dimension ref=\"A1:C3\"/><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c>\
                       <c r=\"B1\" s=\"1\"><v>45000.5</v></c><c t=\"b\"><v>1</v></c></row><row><c t=\"inlineStr\"><is><t>in</t></is></c>\
                       <c t=\"str\"><f>A1&amp;B1</f><v>x</v></c><c t=\"e\"><v>#N/A</v></c></row></sheetData>\
                       <mergeCells count=\"1\"><mergeCell ref=\"A1:B2\"/></mergeCells></worksheet>"
    );
    let two = format!(
        "<worksheet {SHEET}><sheetData><row r=\"9\"><c r=\"XFD9\" t=\"s\"><v>1</v></c><c r=\"A9\" t=\"d\">\
                       <v>2020-01-02T03:04:05</v></c><c><f t=\"shared\" ref=\"A9:A10\" si=\"0\">1+1</f><v>2</v></c></row></sheetData></worksheet>"
    );
    vec![form::unsplit([
        (&b"[Content_Types].xml"[..], types.as_bytes()),
        (b"_rels/.rels", root.as_bytes()),
        (b"xl/workbook.xml", book.as_bytes()),
        (b"xl/_rels/workbook.xml.rels", relations.as_bytes()),
        (b"xl/styles.xml", styles.as_bytes()),
        (b"xl/sharedStrings.xml", strings.as_bytes()),
        (b"xl/worksheets/sheet1.xml", one.as_bytes()),
        (b"xl/worksheets/sheet2.xml", two.as_bytes()),
    ])]
}

/// Returns a record of a binary workbook.
fn bin(number: u16, data: &[u8]) -> Vec<u8> {
    let [low, high] = [number & 0x7F, number >> 7].map(|half| half.to_le_bytes()[0]);
    let mut out = if high == 0 { vec![low] } else { vec![low | 0x80, high] };
    let length = data.len();
    if length < 0x80 {
        out.push(length.to_le_bytes()[0]);
    } else {
        out.extend([length.to_le_bytes()[0] | 0x80, (length >> 7).to_le_bytes()[0]]);
    }
    out.extend(data);
    out
}

fn wide(text: &str) -> Vec<u8> {
    let count = u32::try_from(text.encode_utf16().count()).unwrap_or(0);
    count.to_le_bytes().into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
}

pub fn xlsb() -> Vec<Vec<u8>> {
    let relations = format!(
        "<Relationships><Relationship Id=\"r1\" Type=\"{RELATION}/worksheet\" Target=\"worksheets/sheet1.bin\"/>\
         <Relationship Id=\"r2\" Type=\"{RELATION}/sharedStrings\" Target=\"sharedStrings.bin\"/>\
         <Relationship Id=\"r3\" Type=\"{RELATION}/styles\" Target=\"styles.bin\"/></Relationships>"
    );
    let book = [
        bin(0x99, &[0; 12]),
        bin(0x9C, &[[0, 0, 0, 0, 1, 0, 0, 0].to_vec(), wide("r1"), wide("A")].concat()),
        bin(0x90, &[]),
        bin(0x9D, &[0; 26]),
    ];
    let strings = [bin(0x9F, &[1, 0, 0, 0, 1, 0, 0, 0]), bin(0x13, &[vec![0], wide("HOLE-1")].concat())];
    let styles = [bin(0x269, &[1, 0, 0, 0]), bin(0x2F, &[0; 16])];
    let at = |column: u8, data: &[u8]| [&[column, 0, 0, 0, 0, 0, 0, 0], data].concat();
    let sheet = [
        bin(0x94, &[0; 16]),
        bin(0x91, &[]),
        bin(0, &[0; 25]),
        bin(7, &at(0, &[0; 4])),
        bin(2, &at(1, &[6, 0, 0, 0])),
        bin(5, &at(2, &1.5_f64.to_le_bytes())),
        bin(6, &at(3, &wide("HOLE-2"))),
        bin(4, &at(4, &[1])),
        bin(3, &at(5, &[0x2A])),
        bin(0x92, &[]),
    ];
    vec![form::unsplit([
        (&b"[Content_Types].xml"[..], &b"<Types/>"[..]),
        (b"xl/_rels/workbook.bin.rels", relations.as_bytes()),
        (b"xl/workbook.bin", &book.concat()),
        (b"xl/sharedStrings.bin", &strings.concat()),
        (b"xl/styles.bin", &styles.concat()),
        (b"xl/worksheets/sheet1.bin", &sheet.concat()),
    ])]
}

pub fn xls() -> Vec<Vec<u8>> {
    let mut numbers = Vec::new();
    pack::record(0x0203, &[&[2, 0, 0, 0, 0, 0][..], &1.5_f64.to_le_bytes()].concat(), &mut numbers);
    pack::record(0x027E, &[2, 0, 1, 0, 0, 0, 6, 0, 0, 0], &mut numbers);
    pack::record(0x00BD, &[3, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 10, 0, 0, 0, 1, 0], &mut numbers);
    pack::record(0x0205, &[4, 0, 0, 0, 0, 0, 1, 0], &mut numbers);
    pack::record(
        0x0006,
        &[&[5, 0, 0, 0, 0, 0][..], &2.5_f64.to_le_bytes(), &[0; 6], &[3, 0, 0x1E, 1, 0]].concat(),
        &mut numbers,
    );
    let cells = [(0, 0, "HOLE-1"), (1, 3, "HOLE-2")];
    let sheets = [
        XlsSheet { name: "A", claims: Some((0, 2, 0, 4)), cells: &cells },
        XlsSheet { name: "B", claims: None, cells: &[] },
    ];
    let plain = pack::workbook(&sheets);
    let mut rich = plain.clone();
    // Insert before the last record, which ends the sheet.
    let end = rich.len() - 4;
    rich.splice(end..end, numbers);
    vec![plain, rich]
}

/// Returns objects in the form of [`form::pdf`].
pub fn pdf() -> Vec<Vec<u8>> {
    let page = |content: &str, page: &str, resources: &str, more: &[&str]| {
        let mut out = format!(
            "\x1E<</Type/Catalog/Pages 2 0 R>>\x1E<</Type/Pages/Kids[3 0 R]/Count 1>>\x1E<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]\
             /Contents 4 0 R/Resources<<{resources}>>{page}>>\x1E<</Filter/FlateDecode>>\x1F{content}"
        );
        for object in more {
            out.push('\x1E');
            out.push_str(object);
        }
        out.into_bytes()
    };
    let plain = "/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</Differences[1/H/O/L/E/hyphen 65/fi/f_f/uni0041/a72]>>>>>>";
    let map = "1 begincodespacerange <0000> <FFFF> endcodespacerange 1 beginbfchar <0001> <0048> endbfchar \
               2 beginbfrange <0002> <0003> <004F> <0004> <0005> [<0041> <FB01>] endbfrange";
    vec![
        page(
            "BT /F 10 Tf 14 TL 50 700 Td (HOLE-1) Tj [(HO) -20 <4C45>] TJ T* (x) ' 1 2 (y) \" 3 Tc 2 Tw 90 Tz 1 Ts ET",
            "",
            plain,
            &[],
        ),
        page(
            "q 1 0 0 1 5 5 cm /Fm Do Q BI /W 1 /H 1 ID x EI BT /F 9 Tf 0 1 -1 0 9 9 Tm (\\101\\)) Tj ET 1 2 m 3 4 l S",
            "/Rotate 90/Annots[<</Subtype/FreeText/Contents(n)/Rect[0 0 9 9]>><</Subtype/Stamp/AP<</N 5 0 R>>/Rect[1 1 20 20]>>]",
            &format!("{plain}/XObject<</Fm 5 0 R>>"),
            &[
                "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Matrix[1 0 0 1 0 0]/Resources<</XObject<</Fm 5 0 R>>>>>>\x1F/Fm Do BT /F 5 Tf (f) Tj ET",
            ],
        ),
        page(
            "BT /F 10 Tf <00010002000300040005> Tj ET /Span<</ActualText(HOLE)>> BDC BT /F 10 Tf <0001> Tj ET EMC",
            "",
            "/Font<</F<</Type/Font/Subtype/Type0/Encoding/Identity-H/ToUnicode 5 0 R/DescendantFonts[<</Type/Font/Subtype/CIDFontType2\
             /CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/DW 1000/W[1[500 600]3 9 250]>>]>>>>",
            &[&format!("<</Filter/FlateDecode>>\x1F{map}")],
        ),
        page(
            "BT /F 10 Tf (ab) Tj ET BT /G 8 Tf <8140> Tj ET",
            "",
            "/Font<</F<</Type/Font/Subtype/Type3/FontMatrix[0.01 0 0 0.01 0 0]/FontBBox[0 0 9 9]/FirstChar 97/Widths[50 60]/CharProcs<</a 5 0 R>>\
             /Encoding<</Differences[97/a/b]>>>>/G<</Type/Font/Subtype/Type0/Encoding 6 0 R/DescendantFonts[<</Subtype/CIDFontType0\
             /CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)/Supplement 2>>>>]>>>>",
            &[
                "<<>>\x1F50 0 d0",
                "<</Type/CMap/UseCMap/Identity-H>>\x1F1 begincodespacerange <00> <80> endcodespacerange 1 begincidrange <20> <7e> 1 endcidrange",
            ],
        ),
        page(
            "BT /F 10 Tf (H) Tj ET",
            "/Annots[5 0 R]",
            "/Font<</F<</Type/Font/Subtype/TrueType/FirstChar 32/Widths[250 300]/FontDescriptor<</Flags 4/MissingWidth 5/FontFile 6 0 R>>>>>>",
            &[
                "<</Subtype/Widget/V(val)/AS/On/AP<</N<</On 6 0 R>>>>/Rect[0 0 1 1]>>",
                "<</Length1 40>>\x1F/Encoding 256 array dup 72 /H put dup 8#101 /A put readonly def eexec",
            ],
        ),
        page(
            "",
            "",
            plain,
            &[
                "<</Type/ObjStm/N 2/First 8/Filter/FlateDecode>>\x1F7 0 8 2 12 <</A 7 0 R>>",
                "<</Filter[/ASCIIHexDecode/RunLengthDecode]>>\x1F0042>",
            ],
        ),
    ]
}

pub fn pdf_files() -> Vec<Vec<u8>> {
    let mut files: Vec<Vec<u8>> = pdf().iter().map(|seed| form::pdf(seed).to_vec()).collect();
    // A cross-reference table and objects in streams.
    let objects = "1 0 2 29 3 64 <</Type/Catalog/Pages 2 0 R>><</Type/Pages/Kids[3 0 R]/Count 1>><</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 5 0 R>>";
    let first = objects.find('<').unwrap_or(0);
    let packed = pack::stream(&format!("/Type/ObjStm/N 3/First {first}"), objects.as_bytes());
    let content = pack::stream("", b"BT /F 1 Tf (HOLE-1) Tj ET");
    let mut file = b"%PDF-1.5\n".to_vec();
    let mut rows: Vec<[u8; 4]> = vec![[0, 0, 0, 0], [2, 0, 4, 0], [2, 0, 4, 1], [2, 0, 4, 2]];
    for (number, object) in [(4, packed), (5, content)] {
        let [low, high, ..] = file.len().to_le_bytes();
        rows.push([1, high, low, 0]);
        file.extend(format!("{number} 0 obj\n").bytes().chain(object).chain(*b"\nendobj\n"));
    }
    let at = file.len();
    let [low, high, ..] = at.to_le_bytes();
    rows.push([1, high, low, 0]);
    let table = pack::stream("/Type/XRef/Size 7/W[1 2 1]/Root 1 0 R", &rows.concat());
    file.extend(b"6 0 obj\n".iter().copied().chain(table).chain(*b"\nendobj\n"));
    file.extend(format!("startxref\n{at}\n%%EOF\n").bytes());
    files.push(file);
    files
}

pub fn zip_files() -> Vec<Vec<u8>> {
    let mut files: Vec<Vec<u8>> =
        [xlsx(), xlsb(), ods()].concat().iter().map(|seed| form::zip(seed).to_vec()).collect();
    files.push(Archive::default().deflated("a.txt", b"HOLE-1\n").again("b.txt").finish());
    let mut book = rust_xlsxwriter::Workbook::new();
    if book.add_worksheet().write(0, 0, "HOLE-1").is_ok() {
        files.extend(book.save_to_buffer().ok().filter(|file| file.len() <= 6144));
    }
    files
}

pub fn ole_files() -> Vec<Vec<u8>> {
    xls().iter().map(|seed| form::xls(seed).to_vec()).collect()
}

/// Returns seeds that must be readable without changes.
pub fn files() -> Vec<(&'static str, Bytes)> {
    let mut files: Vec<(&str, Bytes)> =
        vec![("a.html", HTML.into()), ("a.json", JSON.into()), ("a.xml", XML.into())];
    files.push(("a.csv", CSV.into()));
    files.extend(text().into_iter().map(|seed| ("a.txt", seed.into())));
    files.extend([xlsx(), xlsb(), ods()].concat().iter().map(|seed| ("zip", form::zip(seed))));
    files.extend(xls().iter().map(|seed| ("a.xls", form::xls(seed))));
    files.extend(pdf().iter().take(5).map(|seed| ("a.pdf", form::pdf(seed))));
    files.extend(pdf_files().into_iter().skip(6).map(|file| ("stream.pdf", file.into())));
    files
}
