//! PDFs.

use super::{CODE, Expect, Hostile, bomb};
use crate::pack::{numbered, pdf, stream};

const CATALOG: &str = "<</Type/Catalog/Pages 2 0 R>>";
const TREE: &str = "<</Type/Pages/Kids[3 0 R]/Count 1>>";
const FONT: &str = "/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>";

fn show() -> String {
    format!("BT /F 10 Tf 50 700 Td ({CODE}) Tj ET")
}

fn page(resources: &str, entries: &str) -> Vec<u8> {
    format!("<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<<{FONT}{resources}>>{entries}>>").into_bytes()
}

/// Returns a PDF of one page with this content and further objects from number 5 on.
fn one(content: &[u8], resources: &str, entries: &str, more: &[Vec<u8>]) -> Vec<u8> {
    let box_ = if entries.contains("MediaBox") { String::new() } else { "/MediaBox[0 0 600 800]".to_owned() };
    let mut objects: Vec<Vec<u8>> =
        vec![CATALOG.into(), TREE.into(), page(resources, &format!("{box_}{entries}")), stream("", content)];
    objects.extend_from_slice(more);
    pdf(&objects)
}

pub(super) fn all() -> Vec<Hostile> {
    let text = show();
    let content = text.as_bytes();
    let healthy = one(content, "", "", &[]);
    let mut all = vec![
        Hostile::found("healthy/a.pdf", healthy.clone()),
        // Bytes before the first object.
        Hostile::found("pdf/late-header.pdf", [&b"\n".repeat(500)[..], &healthy].concat()),
        Hostile::ends("pdf/header-only.pdf", *b"%PDF-1.7\n"),
        Hostile::found("pdf/count-claims.pdf", {
            let tree = b"<</Type/Pages/Kids[3 0 R]/Count 2147483647>>";
            pdf(&[CATALOG.as_bytes(), tree, &page("", "/MediaBox[0 0 9 9]"), &stream("", content)])
        }),
    ];
    all.extend(loops(&text));
    all.extend(depths(content));
    all.extend(claims(content, &healthy));
    all.extend(bombs(content));
    all
}

fn loops(text: &str) -> Vec<Hostile> {
    let content = text.as_bytes();
    let tree = |kids: &str| {
        let tree = format!("<</Type/Pages/Kids[{kids}]/Count 3>>");
        pdf(&[CATALOG.as_bytes(), tree.as_bytes(), &page("", "/MediaBox[0 0 9 9]"), &stream("", content)])
    };
    let mut looping = one(content, "", "", &[]);
    // The table names itself as the previous table.
    let at = looping.windows(9).rposition(|window| window == b"startxref").unwrap_or(0);
    let table: String =
        looping[at + 9..].iter().filter(|b| b.is_ascii_digit()).map(|b| char::from(*b)).collect();
    let trailer = looping.windows(6).rposition(|window| window == b"/Size ").unwrap_or(0);
    looping.splice(trailer..trailer, format!("/Prev {table} ").bytes());
    let form = |draws: &str, next: u32| {
        let resources = format!("/Subtype/Form/Resources<<{FONT}/XObject<</Fm {next} 0 R>>>>");
        stream(&resources, format!("{text} {draws}").as_bytes())
    };
    let drawing = format!("{text} /Fm Do");
    let chain: Vec<Vec<u8>> = (0..30).map(|number| form(&"/Fm Do ".repeat(10), number + 6)).collect();
    let packed = "8 0 <</Type/ObjStm>>";
    vec![
        Hostile::ends("pdf/page-tree-loop.pdf", tree("2 0 R 3 0 R 2 0 R")),
        Hostile::ends("pdf/page-tree-of-itself.pdf", tree("2 0 R")),
        Hostile::ends("pdf/parent-loop.pdf", {
            let looped = b"<</Type/Pages/Parent 2 0 R/Kids[3 0 R]/Count 1>>";
            pdf(&[CATALOG.as_bytes(), looped, &page("", ""), &stream("", content)])
        }),
        Hostile::ends("pdf/table-loop.pdf", looping),
        Hostile::found(
            "pdf/form-of-itself.pdf",
            one(drawing.as_bytes(), "/XObject<</Fm 5 0 R>>", "", &[form("/Fm Do", 5)]),
        ),
        Hostile::ends(
            "pdf/forms-ten-times-each.pdf",
            one(drawing.as_bytes(), "/XObject<</Fm 5 0 R>>", "", &chain),
        ),
        Hostile::ends(
            "pdf/object-stream-loop.pdf",
            one(
                content,
                "",
                "",
                &[
                    stream("/Type/ObjStm/N 1/First 4/Extends 5 0 R", packed.as_bytes()),
                    stream("/Type/ObjStm/N 100000/First 4/Extends 5 0 R", b"6 0 "),
                ],
            ),
        ),
        Hostile::ends(
            "pdf/length-of-itself.pdf",
            numbered(
                &[
                    (1, CATALOG.as_bytes()),
                    (2, TREE.as_bytes()),
                    (3, &page("", "")),
                    (4, b"<</Length 4 0 R>>\nstream\nBT ET\nendstream"),
                ],
                "/Root 1 0 R",
            ),
        ),
        Hostile::ends(
            "pdf/reference-loop.pdf",
            numbered(&[(1, b"2 0 R"), (2, b"1 0 R"), (3, &page("", ""))], "/Root 1 0 R"),
        ),
        Hostile::ends(
            "pdf/code-map-of-itself.pdf",
            one(
                b"BT /G 9 Tf <0001> Tj ET",
                "/Font<</G<</Type/Font/Subtype/Type0/Encoding 5 0 R/ToUnicode 5 0 R/DescendantFonts[<<>>]>>>>",
                "",
                &[stream(
                    "/Type/CMap/UseCMap 5 0 R",
                    b"/Identity-H usecmap 1 begincodespacerange <0000> <ffff> endcodespacerange",
                )],
            ),
        ),
    ]
}

fn depths(content: &[u8]) -> Vec<Hostile> {
    let deep = |open: &str, close: &str, times: usize| {
        [open.repeat(times).as_bytes(), close.repeat(times).as_bytes()].concat()
    };
    // Each node of the tree has one child, down to the page.
    let levels = 20_000_u32;
    let mut nodes: Vec<(u32, Vec<u8>)> = vec![(1, CATALOG.into())];
    for level in 2..levels {
        nodes.push((level, format!("<</Type/Pages/Kids[{} 0 R]/Count 1>>", level + 1).into_bytes()));
    }
    nodes.push((levels, page("", "/MediaBox[0 0 9 9]")));
    let nodes: Vec<(u32, &[u8])> = nodes.iter().map(|(number, node)| (*number, &node[..])).collect();
    let inside = |object: Vec<u8>| one(content, "", "/Rotate 5 0 R/Annots 5 0 R", &[object]);
    vec![
        Hostile::ends("pdf/deep-page-tree.pdf", numbered(&nodes, "/Root 1 0 R")),
        Hostile::found("pdf/deep-arrays.pdf", inside(deep("[", "]", 100_000))),
        Hostile::found("pdf/deep-dictionaries.pdf", inside(deep("<</A", ">>", 100_000))),
        Hostile::found(
            "pdf/deep-states.pdf",
            one(&[&b"q ".repeat(1_000_000)[..], content].concat(), "", "", &[]),
        ),
        Hostile::found(
            "pdf/deep-operands.pdf",
            one(
                &[&deep("[", "]", 100_000)[..], b" Tj ", &deep("<</A", ">>", 100_000), b" BDC ", content]
                    .concat(),
                "",
                "",
                &[],
            ),
        ),
        Hostile::found(
            "pdf/deep-marks.pdf",
            one(
                &[&b"/S <</ActualText(x)>> BDC ".repeat(50_000)[..], &b"EMC ".repeat(50_000), content]
                    .concat(),
                "",
                "",
                &[],
            ),
        ),
        Hostile::ends(
            "pdf/deep-strings.pdf",
            one(&[&b"(".repeat(100_000)[..], content].concat(), "", "", &[]),
        ),
    ]
}

fn claims(content: &[u8], healthy: &[u8]) -> Vec<Hostile> {
    let boxes = [
        ("huge", "0 0 1e38 340282350000000000000000000000000000000000"),
        ("negative", "600 800 -600 -800"),
        ("nan", "nan inf -inf 1e999"),
        ("empty", "0 0 0 0"),
        ("words", "/a (b) [] <<>>"),
    ];
    let mut all: Vec<Hostile> = boxes
        .iter()
        .map(|(what, numbers)| {
            let file = one(content, "", &format!("/MediaBox[{numbers}]/CropBox[{numbers}]"), &[]);
            // A reader may drop the page because the box does not consist of PDF numbers.
            let expect = if matches!(*what, "huge" | "nan") { Expect::Ends } else { Expect::Found };
            Hostile::new(format!("pdf/box-{what}.pdf"), file, expect)
        })
        .collect();
    let numbers =
        "1e999 99999999999999999999999999999999 -.-5 +-+ nan 4294967296 0.00000000000000000000000000001 ";
    let odd = format!(
        "{numbers} cm {numbers} Tm {numbers} Td {numbers} Tz {numbers} TL {numbers} Ts BT /F {numbers} Tf ET Q Q Q ET "
    );
    let mut broken = healthy.to_vec();
    let place = |word: &[u8]| healthy.windows(word.len()).position(|window| window == word).unwrap_or(0);
    for byte in &mut broken[place(b"xref\n")..place(b"trailer")] {
        if byte.is_ascii_digit() {
            *byte = b'9';
        }
    }
    let fonts = "/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>/G<</Type/Font/Subtype/TrueType/FirstChar -2147483648/LastChar 2147483647\
                 /Widths[1e38 -1e38 nan]/FontDescriptor<</MissingWidth 1e38>>/Encoding<</Differences[-9223372036854775808/A 9223372036854775807/B/C]>>>>\
                 /H<</Type/Font/Subtype/Type0/Encoding/Identity-H/ToUnicode 5 0 R/DescendantFonts[<</W[0 4294967295 1 4294967295[1 2 3]-5 -9 1e38]/DW 1e38>>]>>\
                 /I<</Type/Font/Subtype/Type3/FontMatrix[0 0 0 0 0 0]/FirstChar 0/Widths[1 1 1]/CharProcs<<>>>>>>";
    let map = b"1 begincodespacerange <00000000> <ffffffff> endcodespacerange 3 beginbfrange <00000000> <ffffffff> <0041> \
                <0000> <ffff> <d800> <0000> <ffff> [<0041>] endbfrange 99999999 beginbfchar <0000> <> endbfchar";
    let show = b"BT /G 9 Tf <00ff> Tj /H 9 Tf <0000ffff> Tj /I 9 Tf (abc) Tj ET ";
    all.extend([
        Hostile::ends("pdf/unit-huge.pdf", one(content, "", "/MediaBox[0 0 600 800]/UserUnit 1e30", &[])),
        Hostile::found("pdf/odd-numbers.pdf", one(&[odd.as_bytes(), b" 1 0 0 1 0 0 cm 100 Tz ", content].concat(), "", "", &[])),
        Hostile::found("pdf/broken-table.pdf", broken),
        Hostile::ends("pdf/absurd-fonts.pdf", one(&[&show[..], content].concat(), fonts, "", &[stream("", map)])),
        Hostile::ends("pdf/image-claims.pdf", one(&[content, b" /Im Do"].concat(), "/XObject<</Im 5 0 R>>", "",
            &[stream("/Subtype/Image/Width 100000/Height 100000/BitsPerComponent 8/ColorSpace/DeviceRGB", b"x")])),
        Hostile::ends("pdf/length-claims.pdf", {
            let long = [&b"<</Length 1000000000000>>\nstream\n"[..], content, b"\nendstream"].concat();
            pdf(&[CATALOG.as_bytes(), TREE.as_bytes(), &page("", "/MediaBox[0 0 9 9]"), &long])
        }),
        Hostile::ends("pdf/size-claims.pdf", numbered(&[(1, CATALOG.as_bytes()), (2, TREE.as_bytes()), (3, &page("", "")), (4, &stream("", content))],
            "/Root 1 0 R/Size 2147483647/Prev 99999999999999999999")),
        Hostile::ends("pdf/predictor-claims.pdf", one(content, "", "/Annots[<</AP<</N 5 0 R>>>>]",
            &[stream("/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 2147483647/Colors 2147483647/BitsPerComponent 16>>", &bomb::zlib(b"x", 0, 0, b""))])),
        Hostile::ends("pdf/encryption-claims.pdf", numbered(&[(1, CATALOG.as_bytes()), (2, TREE.as_bytes())],
            "/Root 1 0 R/Encrypt<</Filter/Standard/V 4/R 4/Length 2147483647/O()/U()/P 0>>/ID[()()]")),
    ]);
    all
}

fn bombs(content: &[u8]) -> Vec<Hostile> {
    let gigabyte = bomb::zlib(content, b' ', 256, b"");
    let twice = miniz_oxide::deflate::compress_to_vec_zlib(&gigabyte, 6);
    let of = |filters: &str, packed: &[u8]| {
        let object = stream(filters, packed);
        pdf(&[CATALOG.as_bytes(), TREE.as_bytes(), &page("", "/MediaBox[0 0 9 9]"), &object])
    };
    vec![
        Hostile::ends("pdf/flate-bomb.pdf", of("/Filter/FlateDecode", &gigabyte)),
        Hostile::ends("pdf/flate-bomb-twice.pdf", of("/Filter[/FlateDecode/FlateDecode]", &twice)),
        Hostile::ends(
            "pdf/run-length-bomb.pdf",
            of("/Filter[/FlateDecode/RunLengthDecode]", &bomb::zlib(content, 0x81, 8, b"")),
        ),
        Hostile::ends(
            "pdf/object-stream-bomb.pdf",
            one(
                content,
                "",
                "/Annots[7 0 R]",
                &[stream(
                    "/Type/ObjStm/N 1/First 4/Filter/FlateDecode",
                    &bomb::zlib(b"7 0 ", b' ', 256, b"<<>>"),
                )],
            ),
        ),
    ]
}
