"""Starts MiniStack, the AWS emulator, as `scripts/emulator up` wants it. Runs in the emulator's own environment.

MiniStack gives its whole environment to the functions it runs, so whoever starts this passes an empty one: what is
set here is all that they see beside their own variables.
"""

import json
import os
import re
import sys
from datetime import datetime, timezone
from pathlib import Path

HOST = "127.0.0.1"


def environment(port: int) -> None:
    os.environ.update({
        "AUTH": "true",
        "USE_SSL": "1",
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        # Without it the functions would call AWS itself. An address instead of a name makes S3 put buckets into paths.
        "AWS_ENDPOINT_URL": f"https://{HOST}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "LOG_LEVEL": "WARNING",
    })
    from ministack.core import tls

    certificate, _ = tls.resolve_tls_material()
    for name in ("SSL_CERT_FILE", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
        os.environ[name] = certificate


def mend(port: int) -> None:
    """What MiniStack 1.5.33 does otherwise than we need."""
    from hypercorn.config import Config
    from ministack import app
    from ministack.services import apigateway, cloudfront, eventbridge

    # It would take port 443 of the machine, too.
    app._port_is_bindable = lambda host, wanted: False

    # After a thousand requests its server closes a connection of HTTP/2 without answering those that are under way:
    # whoever waits gives up after a while and asks again, so that much is done or sent twice.
    Config.keep_alive_max_requests = 1 << 30

    # It asks itself for the keys of its own user pools over http, which is not spoken here.
    resolve = apigateway._resolve_jwks_url

    async def over_tls(authorizer: dict) -> str | None:
        address = await resolve(authorizer)
        own = f"/{(address or '').split('/', 3)[-1]}"
        is_own = bool(address) and address.startswith(f"http://{apigateway._HOST}:{apigateway._PORT}/")
        return f"https://{HOST}:{port}{own}" if is_own else address

    apigateway._resolve_jwks_url = over_tls

    # A distribution does not reach an API of the emulator by its name at AWS.
    forward = cloudfront._forward_to_origin

    def to_own_apis(origin: dict, method: str, uri: str, query: str, headers: dict, *rest, **named) -> tuple:
        api = re.fullmatch(r"(\w+)\.execute-api\.[\w.-]+", origin["domain_name"])
        if api:
            origin = {**origin, "domain_name": HOST, "https_port": port}
            uri = f"/_aws/execute-api/{api[1]}{uri}"
            headers = {name: value for name, value in headers.items() if name.lower() != "host"}
        return forward(origin, method, uri, query, headers, *rest, **named)

    cloudfront._forward_to_origin = to_own_apis

    # A schedule's input is handed on without its time and its execution's id.
    invoke = eventbridge._invoke_target

    def filled_in(target: dict, event: dict, *rest) -> object:
        if event.get("Source") == "aws.scheduler" and "Input" in target:
            at = datetime.fromtimestamp(event["Time"], timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            said = target["Input"].replace("<aws.scheduler.scheduled-time>", at)
            target = {**target, "Input": said.replace("<aws.scheduler.execution-id>", event["EventId"])}
        return invoke(target, event, *rest)

    eventbridge._invoke_target = filled_in
    mend_nested_stacks()
    mend_rights()


def mend_nested_stacks() -> None:
    from ministack.services import cloudformation
    from ministack.services.cloudformation import provisioners

    # An update of a nested stack forgets the attributes of what does not change in it.
    update = provisioners._update_resource

    def remembering(kind: str, physical: str, old: dict, new: dict, stack: str, logical: str, before: dict | None = None):
        if before is None:
            resources = cloudformation._stacks.get(stack, {}).get("_resources", {})
            before = resources.get(logical, {}).get("Attributes")
        return update(kind, physical, old, new, stack, logical, before)

    provisioners._update_resource = remembering


def mend_rights() -> None:
    from ministack.core import iam_actions

    # AWS asks of a batch the right that a single message needs.
    action_of = iam_actions.extract_iam_action

    def without_batch(service: str, *rest) -> str | None:
        action = action_of(service, *rest)
        return action.removesuffix("Batch") if action and service == "sqs" else action

    iam_actions.extract_iam_action = without_batch

    # Conditions on what a key is asked to encrypt for.
    context_of = iam_actions.request_tag_context

    def with_encryption_context(service: str, action: str, body: bytes, parameters: dict) -> dict:
        context = context_of(service, action, body, parameters)
        if service == "kms" and body[:1] == b"{":
            for name, value in (json.loads(body).get("EncryptionContext") or {}).items():
                context[f"kms:EncryptionContext:{name}"] = [value]
        return context

    iam_actions.request_tag_context = with_encryption_context


if __name__ == "__main__":
    chosen = int(sys.argv[1])
    sys.argv = sys.argv[:1]
    environment(chosen)
    mend(chosen)
    import faults

    # The folder of this run, as scripts/emulator makes it: our own is below it.
    faults.install(Path.cwd().parent)
    from ministack.app import main

    main()
