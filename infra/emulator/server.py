"""Starts MiniStack, the AWS emulator, for `scripts/emulator up`. Runs in the emulator's own Python environment.

MiniStack passes its whole environment to the functions it runs. Therefore this program must be started with an empty
environment: the functions then have only the variables set here, in addition to their own.
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
        # Without it the functions would call AWS itself. With an IP address instead of a host name, S3 clients put the
        # bucket into the path.
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
    """Patches MiniStack 1.5.33 where its behaviour differs from AWS or from what the tests need."""
    from hypercorn.config import Config
    from ministack import app
    from ministack.services import apigateway, cloudfront, eventbridge

    # It would also listen on port 443 of the machine.
    app._port_is_bindable = lambda host, wanted: False

    # After a thousand requests its server closes an HTTP/2 connection without answering pending requests. Their clients
    # time out and retry, so that calls are performed and messages are sent twice.
    Config.keep_alive_max_requests = 1 << 30

    # It requests the keys of its own user pools over http, but only serves https here.
    resolve = apigateway._resolve_jwks_url

    async def over_tls(authorizer: dict) -> str | None:
        address = await resolve(authorizer)
        own = f"/{(address or '').split('/', 3)[-1]}"
        is_own = bool(address) and address.startswith(f"http://{apigateway._HOST}:{apigateway._PORT}/")
        return f"https://{HOST}:{port}{own}" if is_own else address

    apigateway._resolve_jwks_url = over_tls

    # A distribution cannot reach an API of the emulator under its AWS host name.
    forward = cloudfront._forward_to_origin

    def to_own_apis(origin: dict, method: str, uri: str, query: str, headers: dict, *rest, **named) -> tuple:
        api = re.fullmatch(r"(\w+)\.execute-api\.[\w.-]+", origin["domain_name"])
        if api:
            origin = {**origin, "domain_name": HOST, "https_port": port}
            uri = f"/_aws/execute-api/{api[1]}{uri}"
            headers = {name: value for name, value in headers.items() if name.lower() != "host"}
        return forward(origin, method, uri, query, headers, *rest, **named)

    cloudfront._forward_to_origin = to_own_apis

    # It does not replace the placeholders for time and execution id in a schedule's input.
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

    # When it updates a nested stack, it loses the attributes of unchanged resources.
    update = provisioners._update_resource

    def remembering(kind: str, physical: str, old: dict, new: dict, stack: str, logical: str, before: dict | None = None):
        if before is None:
            resources = cloudformation._stacks.get(stack, {}).get("_resources", {})
            before = resources.get(logical, {}).get("Attributes")
        return update(kind, physical, old, new, stack, logical, before)

    provisioners._update_resource = remembering


def mend_rights() -> None:
    from ministack.core import iam_actions

    # On AWS a batch requires the same permission as a single message.
    action_of = iam_actions.extract_iam_action

    def without_batch(service: str, *rest) -> str | None:
        action = action_of(service, *rest)
        return action.removesuffix("Batch") if action and service == "sqs" else action

    iam_actions.extract_iam_action = without_batch

    # Conditions of key policies on the encryption context.
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

    # The folder of this run, which scripts/emulator creates; the current folder is below it.
    faults.install(Path.cwd().parent)
    from ministack.app import main

    main()
