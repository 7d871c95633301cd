"""The client of `load`: sends statements and reads at even rates; each is timed from when it was due.

  load.py PORT SECONDS UPLOADS READS

The token is RIFFLE_TOKEN. It is a separate process, so that its own delays do not affect the measurement. Prints JSON.
"""

import asyncio
import json
import os
import statistics
import sys
import time
from collections import deque

from made import statement
from world import multipart

LISTS = ["/api/statements/files", "/api/statements/transactions", "/api/statements/figures", "/api/statements/facets",
         "/api/scans", "/api/statements/files?limit=10", "/api/dead-letters"]


class Client:
    """Open connections, as many as are needed at once. The one that was idle longest is used next, before the server
    closes it."""

    def __init__(self, port: int, token: str):
        self.port, self.head = port, f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        self.free: deque[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = deque()

    async def ask(self, method: str, path: str, kind: str = "", body: bytes = b"") -> tuple[int, bytes]:
        reader, writer = self.free.popleft() if self.free else await asyncio.open_connection("127.0.0.1", self.port)
        length = f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n" if kind else ""
        writer.write(f"{method} {path} HTTP/1.1\r\n{self.head}{length}\r\n".encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        size = head.partition("content-length:")[2].split("\r\n")[0]
        answer = await reader.readexactly(int(size or 0))
        self.free.append((reader, writer))
        return int(head.split()[1]), answer


class Tally:
    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.errors: list[str] = []

    def told(self) -> dict:
        cuts = statistics.quantiles(self.seconds, n=100)
        took = {"p50": cuts[49], "p99": cuts[98], "most": max(self.seconds)}
        milliseconds = {name: seconds * 1000 for name, seconds in took.items()}
        return {"sent": len(self.seconds), "errors": self.errors, "milliseconds": milliseconds}


async def upload(client: Client, number: int) -> int:
    content = statement(10, number * 10)
    new = json.dumps({"name": f"{number}.csv", "size": len(content), "account": f"account {number % 50}"}).encode()
    status, form = await client.ask("POST", "/api/statements/files", "application/json", new)
    if status != 201:
        return status
    form = json.loads(form)
    return (await client.ask("POST", form["url"], *multipart(form["fields"], content)))[0]


async def read(client: Client, number: int) -> int:
    return (await client.ask("GET", LISTS[number % len(LISTS)]))[0]


async def pace(what, client: Client, seconds: int, rate: int, tally: Tally) -> None:
    async def one(number: int, due: float) -> None:
        try:
            status = await what(client, number)
            if status >= 300:
                tally.errors.append(f"{what.__name__} {number}: {status}")
        except (OSError, EOFError, ValueError) as problem:
            tally.errors.append(f"{what.__name__} {number}: {problem!r}")
        tally.seconds.append(time.monotonic() - due)

    began, tasks = time.monotonic(), []
    for number in range(seconds * rate):
        due = began + number / rate
        await asyncio.sleep(max(0, due - time.monotonic()))
        tasks.append(asyncio.create_task(one(number, due)))
    await asyncio.gather(*tasks)


async def main(port: int, seconds: int, uploads: int, reads: int) -> None:
    client, sent, asked = Client(port, os.environ["RIFFLE_TOKEN"]), Tally(), Tally()
    await asyncio.gather(pace(upload, client, seconds, uploads, sent), pace(read, client, seconds, reads, asked))
    print(json.dumps({"uploads": sent.told(), "reads": asked.told()}))


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
