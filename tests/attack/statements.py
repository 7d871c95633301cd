"""Statements: deletion without remains, formulas in exports, and excessive sizes."""

import csv
import io
import json
import os
import time
import unicodedata
from pathlib import Path

import made
from world import Server, World, attack, until

# Seconds. The database is rewritten after 1 s without requests; see shared/adapters/local/src/database.rs.
GONE_WITHIN = 15
DELETED = 8
FIGURES_WITHIN = 10
# Largest text of a transaction, and largest page of an answer, in bytes.
TEXT, PAGE = 2_000, 4_000_000
SIGNS = "=+-@\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20"


def canaries(number: int) -> list[str]:
    """A unique word and a unique prefix of an amount."""
    return [f"zugvogel{number}x", f"9182{number:02}36"]


def rows_of(number: int, count: int) -> bytes:
    """Returns rows with canaries in every field."""
    word, amount = canaries(number)
    lines = [f"2031-{at % 12 + 1:02}-{at % 28 + 1:02},{word}-payee {at},{word}-purpose \u00e9 {at},-{amount}.{at:02},"
             f"{word}-kind,{word}-account{at % 3},{word}-id-{at}\n" for at in range(count)]
    return ("Date,Payee,Description,Amount,Type,Account,Transaction ID\n" + "".join(lines)).encode()


def telling(state: Path, words: list[str]) -> set[str]:
    """Returns the words found in names and contents of files, in any case, as UTF-8 or UTF-16, with the places."""
    found = set()
    for path in state.rglob("*"):
        content = str(path.relative_to(state)).lower().encode()
        try:
            content += path.read_bytes().lower() if path.is_file() else b""
        except FileNotFoundError:
            continue  # The file was removed meanwhile.
        for word in words:
            if any(word.lower().encode(how) in content for how in ("utf-8", "utf-16-le", "utf-16-be")):
                found.add(f"{word} in {path.relative_to(state)}")
    return found


@attack()
def deletion(world: World) -> None:
    """Within 15 s no byte of the state contains a row, amount, account, description or name of a deleted statement,
    while the server runs and also if it is killed during a deletion. Data of other statements is kept."""
    # The first is a local file whose folder name also contains the word.
    local = world.folder / canaries(0)[0] / f"{canaries(0)[0]}.csv"
    local.parent.mkdir()
    local.write_bytes(rows_of(0, 100))
    world.riffle("import", str(local), "--state", str(world.folder / "state"))
    server = world.serve()
    server.upload("before.csv", made.statement(100, 0, "Bystander"), "Bystander")
    for number in range(1, DELETED):
        server.upload(f"{canaries(number)[0]}.csv", rows_of(number, 100), f"of {canaries(number)[0]}")
    server.upload("after.csv", made.statement(100, 100, "Bystander"), "Bystander")
    until("all is done", server.idle)
    words, files = {number: canaries(number) for number in range(DELETED)}, server.files()
    paths = {number: f"/api/statements/files/{files[f'{word}.csv']['id']}" for number, (word, _) in words.items()}
    world.check(all(telling(server.state, of) for of in words.values()), "the words are not in the state before")
    uploads = next(path.parent for path in (server.state / "uploads" / "files").rglob("*") if path.is_file())

    def delete(number: int) -> None:
        status = server.ask("DELETE", paths[number]).status
        world.check(status == 202, f"the deletion is answered with {status}")

    def gone(numbers: list[int], when: str) -> None:
        sought = [word for number in numbers for word in words[number]]
        for number in numbers:
            until("the file is deleted", lambda number=number: server.get(paths[number]).json()["detail"] == "deleted")
        began, left = time.monotonic(), telling(server.state, sought)
        while left and time.monotonic() - began < world.within(GONE_WITHIN):
            time.sleep(0.3)
            left = telling(server.state, sought)
        world.check(not left, f"{when}, left: {sorted(left)[:4]}")
        world.saw(f"{when}, {len(left)} words left after {time.monotonic() - began:.1f} s")

    delete(0)
    gone([0], "while the server runs")
    # For each of the others, the server is killed as soon as the uploaded file has been deleted.
    for number in range(1, DELETED):
        there, end = len(os.listdir(uploads)), time.monotonic() + 5
        delete(number)
        while len(os.listdir(uploads)) >= there and time.monotonic() < end:
            pass
        server.kill()
        server = world.serve()
    gone(list(range(1, DELETED)), "after kills during a deletion")
    known = json.dumps([server.get("/api/statements/" + what).json() for what in ("facets", "figures", "files")]).lower()
    world.check("zugvogel" not in known, "the API returns a deleted word")
    world.check("bystander" in known and telling(server.state, ["bystander 77"]), "other statements were removed too")
    world.check(not any("zugvogel" in other.said().lower() for other in world.servers), "the log has a deleted word")
    server.stop()
    left = telling(server.state, [word for of in words.values() for word in of])
    world.check(not left, f"left after the shutdown: {sorted(left)[:4]}")


@attack()
def exports(world: World) -> None:
    """No cell of an export is a formula: neither with =, +, -, @ nor with their full-width and small forms, nor with
    tabs, line breaks or invisible characters before these."""
    undrawn = "\u00ad\u180e\u200b\u202e\u2029\u2060\u2800\u3000\ufeff\U000e0020"
    before = ["", *' \t\n\r"', *undrawn, "\r\n", "a;", "a|", "a\t", "a\n", "a\r"]
    formulas = [f"{lead}{sign}cmd|' /C calc'!A{at}" for at, lead in enumerate(before) for sign in SIGNS]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["Date", "Payee", "Description", "Amount", "Account", "Transaction ID", "Type"])
    for at, text in enumerate(formulas):
        writer.writerow([f"2024-03-{at % 28 + 1:02}", text, text, f"-{at}.00", text.strip() or "x", text, text])
    server = world.serve()
    rules = "rules:\n  - category: \"=cmd|' /C calc'!A0\"\n    contains: calc\n"
    world.check(server.post("/api/statements/rules", {"yaml": rules}, "PUT").status == 200, "the rules are refused")
    server.upload("=cmd|' /C calc'!A0.csv", out.getvalue().encode(), "=cmd|' /C calc'!A0")
    file = server.processed("=cmd|' /C calc'!A0.csv")
    world.check(file["rows"] == len(formulas), f"{file['rows']} of {len(formulas)} rows were read: {file['reason']}")
    until("the rows have categories", server.idle)
    answer = server.get("/api/statements/transactions.csv")
    kind, how = answer.headers["content-type"], answer.headers["content-disposition"]
    world.check(kind == "text/csv; charset=utf-8" and how.startswith("attachment"), f"the export is {kind}, {how}")
    table = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"), newline="")))
    numbers, cells = {"amount", "balance"}, 0
    for row in table:
        for column, text in row.items():
            cells += 1
            if column in numbers:
                world.check(not text or text.lstrip("-").replace(".", "").isdigit(), f"{column} is {text!r}")
            else:
                world.check(not runs(text), f"{column} is a formula: {text!r}")
    categories = sum("calc" in row["category"] for row in table)
    world.check(len(table) == file["new"] and categories, f"{len(table)} rows exported, {categories} with the category")
    world.saw(f"{len(table)} rows, {cells:,} cells, none is a formula")


def runs(text: str) -> bool:
    """Returns whether a program finds a formula if it splits cells at other characters and skips invisible ones."""
    for cell in "".join("\n" if char in ";|\t\r\v\f\x85\u2028\u2029" else char for char in text).split("\n"):
        drawn = [char for char in cell if unicodedata.category(char)[0] not in "CZ" and char not in '"\u2800\u3164\uffa0']
        if drawn and drawn[0] in SIGNS:
            return True
    return False


@attack()
def large_values(world: World) -> None:
    """A row with a description of 10 MB is rejected with a warning, and the other rows are read. Texts of more than
    2,000 bytes are truncated with a warning. A page of an answer has at most 4 MB, whatever limit is requested. Names,
    rules and bodies that are too long are refused."""
    head = b"Date,Payee,Description,Amount,Type,Account,Transaction ID\n"
    server = world.serve()
    sizes = [5, 10_000_000, 5, 1_000_000]
    rows = b"".join(b"2024-01-%02d,A,%s,-1.00,,Huge,%d\n" % (day, b"x" * size, day) for day, size in enumerate(sizes, 1))
    server.upload("huge.csv", head + rows)
    huge = server.processed("huge.csv")
    told = f"{huge['rows']} rows of 4 were read: {huge['warnings']}"
    world.check(huge["rows"] == 3 and len(huge["warnings"]) == 2, told)
    # The characters with the longest JSON form.
    text = "\"\\\U0001f600" * 500
    out = io.StringIO()
    writer = csv.writer(out)
    for at in range(1_000):
        writer.writerow(["2024-01-01", f"{text}{at}", f"{text}{at}", f"-{at}.00", f"{text}{at}", "Long", f"{at}{text}"])
    server.upload("long.csv", head + out.getvalue().encode())
    long = server.processed("long.csv")
    world.check(long["rows"] == 1_000, f"{long['rows']} long rows were read: {long['reason']}")
    world.check(len(long["warnings"]) + long["more_warnings"] >= 1_000, f"{len(long['warnings'])} truncations reported")
    found = server.all("/api/statements/transactions?limit=1000", "transactions")
    largest = server.largest
    world.check(len(found) == 1_003, f"{len(found)} rows are listed")
    longest = max(len(str(value).encode()) for row in found for value in row.values())
    # The truncation mark is not counted.
    world.check(longest <= TEXT + 4, f"a text has {longest} bytes")
    world.check(largest <= PAGE, f"a page of answers has {largest:,} bytes")
    names = [server.post("/api/statements/files", {"name": name, "size": 1, "account": account}).status for name, account in
             (("x" * 256, None), ("x" * 10_000_000, None), ("x", "x" * 129), ("", None), ("a\0b", None), ("\n", None))]
    world.check(all(status in (413, 422) for status in names), f"names that are too long or invalid: {names}")
    status = server.post("/api/statements/rules", {"yaml": "x" * 300_000}, "PUT").status
    world.check(status in (413, 422), f"rules of 300 KB: {status}")
    what = "; ".join(f"{warning['place']}: {warning['what']}" for warning in huge["warnings"])
    world.saw(f"{what}; the longest text has {longest:,} bytes, the largest page {largest / 1e6:.1f} MB, the server "
              f"{server.memory('VmHWM'):.0f} MiB at most")


@attack(long=True)
def figures(world: World) -> None:
    """The figures of 200,000 rows of one month are right within 10 s of the last row, whether the rows come from one
    file or from 200."""
    rows = 200_000
    for files in (1, 200):
        server, each = world.serve(state=f"state-{files}"), rows // files
        for number in range(files):
            server.upload(f"{number}.csv", made.statement(each, number * each), "One")

        until("the last row", lambda to=server: sum(file["rows"] for file in to.files().values()) == rows, 600, 0.2)
        last = time.monotonic()
        spent = sum(100 * (at % 900 + 1) + at % 100 for at in range(rows))
        until("figures", lambda to=server, right=(rows, spent): told(to) == right, 600, 0.1)
        took = time.monotonic() - last
        world.check(took <= FIGURES_WITHIN, f"{took:.1f} s after the last row of {files} files")
        world.saw(f"{files} files: {took:.1f} s after the last row")
        server.stop()


def told(server: Server) -> tuple[int, int]:
    """Returns the number of rows in the figures, and the cents of money out."""
    months = server.get("/api/statements/figures").json()["months"]
    return sum(month["count"] for month in months), sum(abs(round(100 * float(month["money_out"]))) for month in months)
