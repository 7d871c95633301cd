"""Malformed and smuggled requests."""

import re

from doors import ID
from world import Server, World, attack


@attack()
def odd_requests(world: World) -> None:
    """Path traversal, NUL, very long addresses and headers, two lengths and bodies without an end are answered with 4xx
    or a closed connection. Nothing outside the folder is read or written, no request can be smuggled in another, and
    the server keeps running."""
    server = world.serve()
    paths = [
        "/../../etc/passwd", "/assets/../../../etc/passwd", "/assets/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd",
        "/assets/..%2f..%2fetc%2fpasswd", "/assets/%00", "/assets/..\\..\\x", "/api/uploads/..%2f..%2ftoken",
        "/api/uploads/%00", "/api/scans/%ff", f"/scans/{ID}/files/..%2f0", "/scans/..%2f..%2ftoken/report.xlsx",
        "/api/scans/%2e%2e",
        "/storage/parts/..%2f..%2fx/1?size=1&expires=9999999999&signature=00", "/api/folders?path=..%2f..",
        "/api/folders?path=%00", "/api/folders?path=/%00etc", f"/api/folders?path=/{'x' * 5_000}",
        "/api/statements/files?cursor=%00", f"/api/statements/files/{'x' * 9_000}", "/" + "x" * 60_000,
    ]
    for path in paths:
        for method in ("GET", "PUT", "DELETE"):
            answer = server.ask(method, path)
            world.check(400 <= answer.status < 500, f"{method} {path[:50]}: {answer.status}")
            world.check(b"root:" not in answer.body, f"{method} {path[:50]} reads a file of the system")
    token = f"Authorization: Bearer {server.token}\r\n".encode()
    host = f"Host: {server.address}\r\n".encode() + token
    get, post = b"GET /api/scans HTTP/1.1\r\n" + host, b"POST /api/codes HTTP/1.1\r\n" + host
    hidden, empty = b"GET /api/config HTTP/1.1\r\n" + host + b"\r\n", b"\r\n0\r\n\r\n"
    refused = {
        "two lengths": post + b"Content-Length: 4\r\nContent-Length: 44\r\n\r\n" + hidden,
        "a list of lengths": post + b"Content-Length: 4, 44\r\n\r\n" + hidden,
        "another coding": post + b"Transfer-Encoding: xchunked\r\n" + empty + hidden,
        "a coding after chunks": post + b"Transfer-Encoding: chunked, identity\r\n" + empty + hidden,
        "a coding with a tab": post + b"Transfer-Encoding:\x0bchunked\r\n" + empty + hidden,
        "chunks in HTTP/1.0": post.replace(b"/1.1", b"/1.0") + b"Transfer-Encoding: chunked\r\n" + empty + hidden,
        "a name with a space": post + b"Content-Length : 4\r\n\r\n" + hidden,
        "a folded line": post + b"X: a\r\n Content-Length: 4\r\n\r\n" + hidden,
        "a negative length": post + b"Content-Length: -1\r\n\r\n",
        "a signed length": post + b"Content-Length: +4\r\n\r\nabcd",
        "a huge length": post + b"Content-Length: 99999999999999999999999\r\n\r\n",
        "a length beyond the limit": post + b"Content-Length: 9999999999\r\n\r\n" + b"x" * (9 << 20),
        "a huge chunk": post + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n",
        "a chunk of no number": post + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        "a chunk with a long note": post + b"Transfer-Encoding: chunked\r\n\r\n4;" + b"x" * 100_000 + b"\r\nabcd" + empty,
        "NUL in the address": get.replace(b"scans", b"\0") + b"\r\n",
        "NUL in a header": get + b"X: a\0b\r\n\r\n",
        "a bare return in a header": get + b"X: a\rb\r\n\r\n",
        "a very long address": get.replace(b"scans", b"x" * 1_000_000) + b"\r\n",
        "a very long header": get + b"X: " + b"x" * 1_000_000 + b"\r\n\r\n",
        "100,000 headers": get + b"X: y\r\n" * 100_000 + b"\r\n",
        "no host": b"GET /api/scans HTTP/1.1\r\n" + token + b"\r\n",
        "two hosts": get + b"Host: evil.example\r\n\r\n",
        "HTTP/0.9": b"GET /api/scans\r\n\r\n",
        "HTTP/9.9": get.replace(b"/1.1", b"/9.9") + b"\r\n",
        "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
        "bytes": bytes(range(256)) * 40,
        "CONNECT": b"CONNECT evil.example:80 HTTP/1.1\r\n" + host + b"\r\n",
    }
    for name, request in refused.items():
        statuses, _ = exchanged(server, request)
        world.check(all(400 <= status < 500 for status in statuses), f"{name}: {statuses}")
    # RFC 9112, 6.3: rejected, or read by its chunks only, with nothing more read from the connection.
    both = {"length and chunks": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
            "chunks and length": b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"}
    for name, lengths in both.items():
        statuses, closed = exchanged(server, get.replace(b"GET", b"POST") + lengths + empty + hidden)
        world.check(len(statuses) < 2 and closed, f"{name}: {statuses}, closed: {closed}")
    world.check(server.is_alive(), "the server does not run any more")
    strange = [path for path in world.folder.rglob("*") if path.name in ("x", "passwd", "0")]
    world.check(not strange, f"files were created: {strange}")
    world.saw(f"{len(paths) * 3} addresses and {len(refused)} malformed requests; none of {len(both)} requests with "
              "two lengths smuggles another")


def exchanged(server: Server, request: bytes) -> tuple[list[int], bool]:
    """Returns the status codes received within a second, and whether the server then closes the connection."""
    got, closed = b"", True
    with server.connect(1) as connection:
        try:
            connection.sendall(request)
            while piece := connection.recv(65_536):
                got += piece
        except TimeoutError:
            closed = False
        except OSError:
            pass
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3})", got)], closed
