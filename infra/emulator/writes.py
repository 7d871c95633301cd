"""Which items of tables functions write, for as long as a test has a file `writes` in the emulator's folder: a line of
JSON for each write, with table, key and what is changed. What the test itself writes is left out, and so is a request
that the SDK sends again because no answer came in time: it is the same write.
"""

import json
from pathlib import Path

WRITES = ("PutItem", "UpdateItem", "DeleteItem")


def around(place: Path, handler):
    async def noted(method: str, path: str, headers: dict, body: bytes, query: dict) -> tuple:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        again = not headers.get("amz-sdk-request", "attempt=1").startswith("attempt=1")
        if operation in WRITES and not again and "Credential=test/" not in headers.get("authorization", "") and place.exists():
            asked = json.loads(body)
            key = asked.get("Key") or asked["Item"]
            line = {
                "table": asked["TableName"], "pk": key["pk"]["S"], "sk": key["sk"]["S"], "operation": operation,
                "names": sorted(asked.get("ExpressionAttributeNames", {}).values()),
            }
            with place.open("a") as writes:
                writes.write(json.dumps(line) + "\n")
        return await handler(method, path, headers, body, query)

    return noted
