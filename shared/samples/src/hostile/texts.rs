//! Text, tables, markup.

use super::{CODE, Hostile};

pub(super) fn all() -> Vec<Hostile> {
    let laughs: String = (1..10).fold("<!ENTITY l0 \"ha\">".to_owned(), |out, level| {
        format!("{out}<!ENTITY l{level} \"{}\">", format!("&l{};", level - 1).repeat(10))
    });
    let doubled = "\"\"".repeat(2 << 20);
    vec![
        Hostile::found("healthy/a.txt", format!("plan\n{CODE} deep\n")),
        Hostile::found("healthy/a.csv", format!("no,hole\n1,{CODE}\n2,x\n")),
        Hostile::found("healthy/a.html", format!("<!DOCTYPE html><html><p>see <b>{CODE}</b></p></html>")),
        Hostile::found("healthy/a.xml", format!("<?xml version=\"1.0\"?><a><b c=\"1\">{CODE}</b></a>")),
        Hostile::found("healthy/a.json", format!("{{\"hole\": [\"{CODE}\", 12]}}")),
        Hostile::found("csv/long-line.csv", format!("{}{CODE}", "x".repeat(10 << 20) + ",")),
        Hostile::found("csv/columns.csv", "1,".repeat(1_000_000) + CODE),
        Hostile::found("csv/quotes.csv", "a,\"b\n".repeat(200_000) + CODE),
        Hostile::found("csv/doubled-quotes.csv", format!("a,b\n1,\"{doubled}\n2,{CODE}\n")),
        Hostile::found("text/blank-lines.txt", format!("-{}{CODE}", "\n".repeat(4 << 20))),
        Hostile::found("text/hyphens.txt", "-\n".repeat(2 << 20) + CODE),
        Hostile::found("text/long-word.txt", format!("{} {CODE}", "a".repeat(8 << 20))),
        Hostile::found("json/deep.json", format!("{}\"{CODE}\"{}", "[".repeat(100_000), "]".repeat(100_000))),
        Hostile::found(
            "json/deep-objects.json",
            format!("{}\"{CODE}\"{}", "{\"a\":".repeat(100_000), "}".repeat(100_000)),
        ),
        Hostile::found(
            "xml/deep.xml",
            format!("<?xml version=\"1.0\"?>{}{CODE}{}", "<a>".repeat(100_000), "</a>".repeat(100_000)),
        ),
        Hostile::found(
            "xml/billion-laughs.xml",
            format!("<?xml version=\"1.0\"?><!DOCTYPE a [{laughs}]><a>{CODE} &l9;</a>"),
        ),
        Hostile::found(
            "xml/external-entity.xml",
            format!(
                "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>{CODE} &x;</a>"
            ),
        ),
        Hostile::found(
            "xml/attributes.xml",
            format!("<?xml version=\"1.0\"?><a {}b=\"{CODE}\"/>", "a=\"1\" ".repeat(300_000)),
        ),
        Hostile::found("html/deep.html", format!("<!DOCTYPE html><html>{}{CODE}", "<div>".repeat(200_000))),
        Hostile::found(
            "html/hidden-ends.html",
            format!("<!DOCTYPE html><html>{} {CODE}", "<a =\">\"".repeat(300_000)),
        ),
        Hostile::ends(
            "html/open-comments.html",
            format!("<!DOCTYPE html><html>{CODE}{}", "<!--".repeat(300_000)),
        ),
        Hostile::fails("bytes/empty.txt", ""),
        Hostile::ends("bytes/one.bin", [7]),
        Hostile::fails("bytes/nul.bin", vec![0; 1 << 20]),
        Hostile::ends("bytes/ff.bin", vec![0xFF; 1 << 20]),
        Hostile::ends("bytes/feff.txt", vec![0xFE, 0xFF]),
        Hostile::ends("bytes/half-a-character.txt", [b"HOLE-1 \xF0\x9F".as_slice(), &[0x80; 5000]].concat()),
    ]
}
