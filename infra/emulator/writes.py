"""Logs the table items that functions write, while a file `writes` exists in the emulator's folder: one line of JSON
for each write, with table, key and names of the changed attributes. Writes of the test itself are omitted. A request
that the SDK repeats after a timeout counts as the same write, because it has the id of the same call.
"""

import json
from pathlib import Path

WRITES = ("PutItem", "UpdateItem", "DeleteItem")


def around(place: Path, handler):
    calls = set()

    async def noted(method: str, path: str, headers: dict, body: bytes, query: dict) -> tuple:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        if operation in WRITES and "Credential=test/" not in headers.get("authorization", "") and place.exists():
            call = headers.get("amz-sdk-invocation-id")
            if call is None or call not in calls:
                calls.add(call)
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
