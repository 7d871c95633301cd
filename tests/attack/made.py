"""Hostile files, and good ones to put next to them."""

import io
import random
import struct
import zipfile
import zlib

CODE = "HOLE-1"
GOOD = f"Drill {CODE} here.\n".encode()
# Seven rows of dots for each needed character.
GLYPHS = {
    "H": "10001 10001 10001 11111 10001 10001 10001", "O": "0111110 1100011 1100011 1100011 1100011 1100011 0111110",
    "L": "10000 10000 10000 10000 10000 10000 11111", "E": "11111 10000 10000 11110 10000 10000 11111",
    "-": "00000 00000 00000 11111 00000 00000 00000", "1": "00100 01100 00100 00100 00100 00100 01110",
}


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def picture(text: str = "", repeated: int = 0) -> bytes:
    """Returns a PNG that shows a text, after duplicate chunks of one kind, each of which makes libpng warn."""
    dot, edge = 6, 40
    columns = [glyph for letter in text for glyph in (*zip(*GLYPHS[letter].split()), "0000000")]
    width = 2 * edge + dot * max(len(columns), 10)
    blank = [b"\0" + b"\xff" * width] * edge
    rows = []
    for line in range(7):
        dots = b"".join((b"\0" if column[line] == "1" else b"\xff") * dot for column in columns)
        rows += [(b"\0" + b"\xff" * edge + dots).ljust(width + 1, b"\xff")] * dot
    pixels = b"".join([*blank, *rows, *blank])
    head = struct.pack(">IIBBBBB", width, 2 * edge + 7 * dot, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"gAMA", struct.pack(">I", 45_455)) * repeated
            + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b""))


def archive(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return out.getvalue()


def workbook(sheet: bytes) -> bytes:
    office = "http://schemas.openxmlformats.org"
    document, package = f"{office}/officeDocument/2006/relationships", f"{office}/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"

    def relation(what: str, target: str) -> bytes:
        return (f'<Relationships xmlns="{package}/relationships">'
                f'<Relationship Id="r" Type="{document}/{what}" Target="{target}"/></Relationships>').encode()

    return archive({
        "[Content_Types].xml": (
            f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
            f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>').encode(),
        "_rels/.rels": relation("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": (f'<workbook xmlns="{office}/spreadsheetml/2006/main" xmlns:r="{document}"><sheets>'
                            '<sheet name="S" sheetId="1" r:id="r"/></sheets></workbook>').encode(),
        "xl/_rels/workbook.xml.rels": relation("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": sheet,
    })


def rows(count: int) -> bytes:
    """Returns a sheet with a compression ratio of about a thousand."""
    main = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    return main + b'<row><c t="inlineStr"><is><t>nothing</t></is></c></row>' * count + b"</sheetData></worksheet>"


def nested(depth: int) -> bytes:
    """Returns nested archives."""
    content = archive({"inner.txt": GOOD})
    for _ in range(depth):
        content = archive({"inner.zip": content})
    return content


def laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 12))
    return f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY l0 "ha">{entities}]><l>&l11;</l>'.encode()


def pdf(objects: list[bytes]) -> bytes:
    out, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return out + (b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
                  % (size, table, size, len(out)))


def paged(pages: bytes, content: bytes) -> bytes:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F<</Type/Font>>>>>>>>"
    return pdf([b"<</Type/Catalog/Pages 2 0 R>>", pages, page, content])


def slow(times: int) -> bytes:
    """Returns a PDF that takes a parser a long time and contains nothing."""
    return b"%PDF-1.7\n" + b"1 0 obj <<" * times


def spaces(count: int) -> bytes:
    """Returns text that compresses well, but not so well that the ratio alone is suspicious."""
    noise = random.Random(1)
    return b"".join(b"%x" % noise.getrandbits(160) + b" " * 5_000 for _ in range(count))


def bad() -> dict[str, bytes]:
    """Returns files by name, each of which must be rejected with a reason."""
    return {
        "bomb.xlsx": workbook(rows(1_000_000)),
        "bomb.zip": archive({"zeros.txt": b"\0" * 100_000_000}),
        "spaces.zip": archive({"spaces.txt": spaces(20_000)}),
        "nested.zip": nested(100),
        "recursion.pdf": paged(b"<</Type/Pages/Kids[2 0 R]/Count 1>>", b"<</Length 0>>\nstream\n\nendstream"),
        "slow.pdf": slow(100_000),
    }


def odd() -> dict[str, bytes]:
    """Returns files by name that may be readable but contain no searched code."""
    tree = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
    return {
        "laughs.xml": laughs(),
        "length.pdf": paged(tree, b"<</Length 99999999999>>\nstream\nBT ET"),
        "deep.json": b"[" * 1_000_000,
    }


def statement(rows: int, first: int = 0, what: str = "Card payment") -> bytes:
    """Returns distinct rows of one month; `first` is the number of the first row."""
    numbers = range(first, first + rows)
    lines = [f"2024-01-{at % 28 + 1:02};{what} {at};-{at % 900 + 1}.{at % 100:02};EUR\n" for at in numbers]
    return ("Booking date;Purpose;Amount;Currency\n" + "".join(lines)).encode()
