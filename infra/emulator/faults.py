"""Faults that a test requests of the emulator: calls of functions that are refused, or performed without a response.
Also logs calls that were denied because a permission is missing, in `denied`: one line with principal, action and
resource for each.

A test writes `faults.json` into the emulator's folder, with shares of all calls by service, and deletes it afterwards:

  {"dynamodb": {"refused": 0.05, "lost": 0.05}, "s3": {"lost": 0.1}}
  {"s3": {"refused": 1, "only": "GET /bucket/key"}}

`only` is a regular expression that limits the faults to calls whose method, path and names of parameters match at their
beginning.

`refused` is a throttle: the call was not performed. `lost`: the call was performed, but the caller gets an error. Each
fault is logged as a line in `faults.seen`. Calls of the test itself, which has an owner's credentials, are unaffected.
"""

import json
import random
import re
from pathlib import Path

import writes

JSON = {"Content-Type": "application/x-amz-json-1.0"}
XML = {"Content-Type": "application/xml"}


def _json(status: int, kind: str) -> tuple:
    return status, JSON, json.dumps({"__type": kind, "message": "a fault requested by a test"}).encode()


def _xml(status: int, code: str) -> tuple:
    return status, XML, f"<Error><Code>{code}</Code><Message>a fault requested by a test</Message></Error>".encode()


REFUSED = {
    "dynamodb": lambda: _json(400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"),
    "sqs": lambda: _json(503, "ServiceUnavailable"),
    "s3": lambda: _xml(503, "SlowDown"),
}
LOST = {
    "dynamodb": lambda: _json(500, "com.amazonaws.dynamodb.v20120810#InternalServerError"),
    "sqs": lambda: _json(500, "InternalError"),
    "s3": lambda: _xml(500, "InternalError"),
}


class Faults:
    def __init__(self, folder: Path) -> None:
        self.asked = folder / "faults.json"
        self.seen = folder / "faults.seen"
        self.chance = random.Random(1)

    def wanted(self, service: str, headers: dict, call: str) -> dict:
        if "Credential=test/" in headers.get("authorization", ""):
            return {}
        try:
            asked = json.loads(self.asked.read_text()).get(service, {})
        except (FileNotFoundError, ValueError):
            # No faults are requested, or the file is being written.
            return {}
        return asked if re.match(asked.get("only", ""), call) else {}

    def note(self, service: str, kind: str, headers: dict, method: str) -> None:
        target = headers.get("x-amz-target", "").rpartition(".")[2]
        with self.seen.open("a") as seen:
            seen.write(f"{service} {kind} {target or method}\n")

    def around(self, service: str, handler):
        async def disturbed(method: str, path: str, headers: dict, body: bytes, query: dict) -> tuple:
            wanted = self.wanted(service, headers, f"{method} {path}?{'&'.join(query)}")
            drawn = self.chance.random()
            if drawn < wanted.get("refused", 0):
                self.note(service, "refused", headers, method)
                return REFUSED[service]()
            answer = await handler(method, path, headers, body, query)
            if 0 <= drawn - wanted.get("refused", 0) < wanted.get("lost", 0):
                self.note(service, "lost", headers, method)
                return LOST[service]()
            return answer

        return disturbed


def note_denials(place: Path) -> None:
    from ministack.core import iam_actions

    answer = iam_actions.access_denied_response

    def noted(service: str, action: str, principal: str, *rest, **named) -> tuple:
        with place.open("a") as denied:
            denied.write(f"{principal} {action} {named.get('resource_arn', '*')}\n")
        return answer(service, action, principal, *rest, **named)

    iam_actions.access_denied_response = noted


def install(folder: Path) -> None:
    from ministack import app

    note_denials(folder / "denied")
    app.SERVICE_HANDLERS["dynamodb"] = writes.around(folder / "writes", app.SERVICE_HANDLERS["dynamodb"])

    faults = Faults(folder)
    for service in REFUSED:
        app.SERVICE_HANDLERS[service] = faults.around(service, app.SERVICE_HANDLERS[service])
