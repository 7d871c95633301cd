"""Access control: other users of the machine, pages of other origins, and guessed tokens."""

import os
import pty
import re
import stat
import subprocess
from contextlib import suppress
from pathlib import Path

from world import Headers, Server, Socket, World, attack, until

ID = "0" * 32
# Routes in addition to those in the description of the API.
OTHERS = [("GET", "/"), ("GET", "/icon.svg"), ("GET", "/assets/index.js"), ("POST", "/storage/files"),
          ("PUT", f"/storage/parts/{ID}/1?size=1&expires=9999999999&signature=00"), ("GET", "/ws"), ("GET", "/nothing"),
          ("GET", f"/scans/{ID}/report.xlsx"), ("GET", f"/scans/{ID}/files/0")]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def routes(server: Server) -> list[tuple[str, str]]:
    paths = server.get("/api/openapi.json").json()["paths"]
    methods = {"get", "put", "post", "delete", "patch"}
    filled = {re.sub(r"\{\w+\}", ID, path): of for path, of in paths.items()}
    return [(method.upper(), path) for path, of in filled.items() for method in of if method in methods] + OTHERS


@attack()
def strangers(world: World) -> None:
    """Without the token every route, the page and the WebSocket answer 401. The token is in no process's arguments and
    in no file that other users can read, whatever the umask. A token that other users could read is replaced. The
    cookie does not contain the token."""
    os.mkdir(world.folder / "state", 0o777)
    server = world.serve(umask=0)
    every = routes(server)
    bearers = ["Bearer ", f"Bearer {'0' * 32}", server.token, b"Bearer \xff"]
    cookies = [server.token, f"99999999999.{'0' * 64}"]
    wrong: list[Headers] = [{}, *({"Authorization": bearer} for bearer in bearers),
                            *({"Cookie": f"riffle_{server.port}={cookie}"} for cookie in cookies)]
    for method, path in every:
        answer = server.ask(method, path, known=False)
        world.check(answer.status == 401, f"{method} {path}: {answer.status}")
        for mark in ("&" if "?" in path else "?", "#"):
            status = server.ask(method, f"{path}{mark}token={server.token}", known=False).status
            world.check(status in (400, 401), f"{method} {path} with the token behind {mark} in its address: {status}")
    for headers in wrong:
        for path in ("/api/folders", "/", "/api/config"):
            status = server.get(path, headers, known=False).status
            world.check(status == 401, f"GET {path} with {sorted(headers)}: {status}")
        status = Socket(server, headers, known=False).status
        world.check(status == 401, f"a WebSocket with {sorted(headers)}: {status}")
    for ticket in ("", ID, server.token):
        status = Socket(server, known=False, path=f"/ws?ticket={ticket}").status
        world.check(status == 401, f"a WebSocket with a made-up ticket: {status}")

    cookie = server.log_in(server.token).headers["set-cookie"]
    world.check(server.token not in cookie, "the cookie is the token")
    world.check("HttpOnly" in cookie and "SameSite=Strict" in cookie, f"the cookie is {cookie}")
    pair = cookie.split(";")[0]
    name, value = pair.split("=", 1)
    until_, signature = value.split(".")
    world.check(server.get("/api/folders", {"Cookie": pair}, known=False).status == 200, "the cookie is not accepted")
    for forged in (f"{name}={int(until_) + 1}.{signature}", f"{name}={until_}.", f"riffle={value}"):
        status = server.get("/api/folders", {"Cookie": forged}, known=False).status
        world.check(status == 401, "a forged cookie is accepted")

    planted = "f" * 32
    plant(world.folder / "planted", f"{planted}\n", 0o644)
    other = world.serve(state="planted")
    world.check(other.token != planted, "a token is used that other users could read, and may have put there")
    for state in (server.state, other.state):
        mode = stat.S_IMODE((state / "token").stat().st_mode)
        world.check(mode == 0o600, f"the token's file in {state.name} has the mode {mode:o}")
    open_files = [path for path in server.state.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    world.check(not open_files, f"others can read {[str(path.relative_to(server.state)) for path in open_files[:3]]}")
    arguments = opened(world)
    world.check(arguments and server.token not in arguments, f"the browser is opened with {arguments}")
    for process in os.listdir("/proc"):
        if process.isdigit() and int(process) != os.getpid():
            with suppress(OSError):  # The process has exited.
                command = Path(f"/proc/{process}/cmdline").read_text(errors="replace")
                world.check(server.token not in command, f"the token is an argument of {command[:60]!r}")
    world.saw(f"{len(every)} routes, {len(wrong)} wrong tokens and cookies: 401")
    world.saw(f"{len(open_files)} of {len(list(server.state.rglob('*')))} files can be read by other users")


def plant(state: Path, token: str, mode: int) -> None:
    state.mkdir()
    (state / "token").write_text(token)
    (state / "token").chmod(mode)


def opened(world: World) -> str:
    """Returns the arguments of the browser opened by a server that is started in a desktop terminal."""
    programs, arguments = world.folder / "bin", world.folder / "arguments"
    programs.mkdir()
    (programs / "xdg-open").write_text(f'#!/bin/sh\necho "$@" > {arguments}.part\nmv {arguments}.part {arguments}\n')
    (programs / "xdg-open").chmod(0o755)
    ours, theirs = pty.openpty()
    environment = world.environment({"DISPLAY": ":0", "PATH": f"{programs}:{os.environ['PATH']}"})
    command = [world.binary, "serve", "--listen", "127.0.0.1:0", "--state", world.folder / "desktop"]
    # It has the token of the other server, so that one search of all processes finds either.
    plant(world.folder / "desktop", (world.folder / "state" / "token").read_text(), 0o600)
    child = subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    try:
        until("the browser is opened", arguments.exists, 10)
        page = world.folder / "desktop" / "open.html"
        world.check(page.stat().st_mode & 0o077 == 0, "other users can read the file that opens the page")
        return arguments.read_text()
    finally:
        child.kill()
        child.wait()
        os.close(ours)
        os.close(theirs)


@attack()
def foreign_pages(world: World) -> None:
    """Requests that a page of another origin makes a browser send with the cookie are refused with 403: because of
    Sec-Fetch-Site, of an Origin of another host or with bytes that are not text, or of another Host. Every answer has
    nosniff, a CSP and a CORP."""
    server = world.serve()
    cookie = {"Cookie": server.log_in(server.token).headers["set-cookie"].split(";")[0]}
    tried = 0

    def refused(headers: Headers, method: str = "GET", path: str = "/api/scans") -> None:
        nonlocal tried
        tried += 1
        answer = server.ask(method, path, {**cookie, **headers}, known=False)
        world.check(answer.status == 403, f"{method} {path} with {headers}: {answer.status}")
        world.check("access-control-allow-origin" not in answer.headers, f"{method} {path} is shared with {headers}")

    origins: list[str | bytes] = [
        "http://evil.example", "https://evil.example", "null", "", "http://127.0.0.1:1", "http://localhost", b"http://\xff",
        b"\xc3\xa9", f"http://{server.address}.evil.example", f"http://evil.example/{server.address}",
        f"http://{server.address} http://evil.example",
    ]
    for origin in origins:
        refused({"Origin": origin})
        refused({"Origin": origin}, "POST", "/api/uploads")
        refused({"Origin": origin}, "POST", "/storage/files")
        status = Socket(server, {**cookie, "Origin": origin}, known=False).status
        world.check(status == 403, f"a WebSocket with the origin {origin!r}: {status}")
    fetches = [(site, mode, dest) for site in ("cross-site", "same-site", "none of these", b"\xff")
               for mode, dest in (("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe"), ("no-cors", "script"))]
    for site, mode, dest in fetches:
        for path in ("/", "/api/folders", "/icon.svg", "/login.js", "/api/statements/transactions.csv"):
            refused({"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}, path=path)
    for path in ("/login", "/api/uploads", "/api/dead-letters/redrive"):
        refused({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, "POST", path)
    refused({"Sec-Fetch-Site": "cross-site"}, "DELETE", f"/api/statements/files/{ID}")
    # A preflight request allows nothing.
    refused({"Origin": "http://evil.example", "Access-Control-Request-Method": "PUT"}, "OPTIONS", "/api/statements/rules")

    # DNS rebinding: a page at a name that points to this machine has the same origin as its requests, but no cookie.
    # Without a token, only the name shows it.
    hosts = [b"evil.example", b"evil.example:80", b"127.0.0.1.evil.example", b"localhost.evil.example", b"\xff", b""]
    open_ = world.serve("--no-token", state="open")
    for host in hosts:
        status = server.get("/api/scans", {"Host": host, "Origin": b"http://" + host}, known=False).status
        world.check(status in (401, 403), f"GET /api/scans of the host {host!r}: {status}")
        for path in ("/", "/api/scans", "/icon.svg"):
            status = open_.get(path, {"Host": host}).status
            world.check(status == 403, f"GET {path} of the host {host!r}, without a token: {status}")
        status = Socket(open_, {"Host": host}).status
        world.check(status == 403, f"a WebSocket of the host {host!r}, without a token: {status}")
    own = {"Sec-Fetch-Site": "same-origin", "Origin": f"http://{server.address}"}
    world.check(server.get("/api/scans", {**cookie, **own}, known=False).status == 200, "Riffle's own page is refused")
    led = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    world.check(server.get("/", {**cookie, **led}, known=False).status == 200, "a link to the page is refused")
    for method, path in routes(server):
        server.ask(method, path)  # The headers of every answer are checked.
    world.saw(f"{tried} requests with the cookie: 403; every answer has the required headers")


@attack()
def tokens(world: World) -> None:
    """Only a POST can log in, and none can after 20 wrong tokens in a minute. Every refusal is problem+json. At no log
    level does the log contain the token, a cookie or the access token of a cloud."""
    server = world.serve(environment={"RUST_LOG": "trace", "DRIVE_ENDPOINT": "http://127.0.0.1:9"})
    cookie = server.log_in(server.token).headers["set-cookie"].split(";")[0]
    loan = "ya29.canary-of-a-loan"
    connected = Socket(server)
    connected.send({"action": "start_scan", "folder_id": "x", "token": loan, "target_hole_codes": ["HOLE-1"]})
    connected.next()
    server.get(f"/api/scans?token={loan}")
    form, json = f"token={server.token}".encode(), {"Content-Type": "application/json"}
    refusals = [
        (405, "GET", "/login", {}, b""), (405, "GET", f"/login?token={server.token}", {}, b""),
        (405, "PUT", "/login", FORM, form), (405, "DELETE", "/login", {}, b""), (415, "POST", "/login", {}, form),
        (415, "POST", "/login", {"Content-Type": "text/plain"}, form), (415, "POST", "/login", json, b"{}"),
        (422, "POST", "/login", FORM, b"nothing=1"),
        (413, "POST", "/login", FORM, b"token=" + b"x" * (9 << 20)), (422, "POST", "/login", FORM, b"%ff=\xff"),
    ]
    for status, method, path, headers, body in refusals:
        answer = server.ask(method, path, headers, body, known=False)
        world.check(answer.status == status, f"{method} {path[:20]} with {headers}: {answer.status}, not {status}")
        world.check("set-cookie" not in answer.headers, f"{method} {path[:20]} with {headers} logs in")
    refusals = [
        (404, "GET", "/api/nothing", {}, b""), (404, "GET", "/nothing", {}, b""), (404, "GET", f"/api/scans/{ID}", {}, b""),
        (405, "DELETE", "/api/config", {}, b""), (405, "PUT", "/icon.svg", {}, b""), (405, "BREW", "/api/health", {}, b""),
        (400, "GET", "/api/statements/files?limit=0", {}, b""), (400, "GET", "/api/statements/files?limit=x", {}, b""),
        (400, "GET", "/api/statements/transactions?cursor=..", {}, b""), (400, "POST", "/api/statements/files", json, b"{"),
        (415, "POST", "/api/statements/files", {}, b"{}"), (422, "POST", "/api/statements/files", json, b"{}"),
        (413, "POST", "/api/statements/files", json, b" " * (9 << 20)), (400, "POST", "/storage/files", {}, b""),
        (413, "POST", "/api/codes", {}, b"x" * 5_000_001), (400, "GET", "/ws", {}, b""),
    ]
    for status, method, path, headers, body in refusals:
        answer = server.ask(method, path, headers, body)
        world.check(answer.status == status, f"{method} {path[:40]} of {len(body)} bytes: {answer.status}, not {status}")
    guesses = 0
    while guesses < 100 and server.log_in(f"wrong{guesses}").status == 401:
        guesses += 1
    world.check(guesses == 20, f"{guesses} wrong tokens were checked")
    late = server.log_in(server.token)
    world.check(late.status == 429 and late.headers.get("retry-after") == "60", f"the next one: {late.status}")
    bearer = server.get("/api/scans").status
    world.check(bearer == 429, f"a bearer token after that: {bearer}")
    known = server.get("/api/scans", {"Cookie": cookie}, known=False).status
    world.check(known == 200, f"a request with the cookie after that: {known}")
    # It contains the printed address.
    log = server.said().replace(f"/#token={server.token}", "", 1)
    for what, secret in (("token", server.token), ("cookie", cookie.split("=")[1]), ("access token", loan)):
        world.check(secret not in log, f"the {what} is in the log: {told(log, secret)}")
    world.saw(f"429 after {guesses} wrong tokens, {len(log) >> 10} KiB of log at every level")


def told(log: str, secret: str) -> str:
    return next((line[:160].replace(secret, "***") for line in log.splitlines() if secret in line), "")
