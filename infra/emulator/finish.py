"""What a deploy to the emulator leaves undone. Runs in the emulator's own environment, with a client's variables.

  finish.py TEMPLATE OUTPUTS [PAGE]
"""

import json
import mimetypes
import sys
from pathlib import Path

import boto3


def cors(template: dict, outputs: dict) -> None:
    """MiniStack stores an HTTP API's CORS from CloudFormation under names that it does not read."""
    for resource in template["Resources"].values():
        wanted = resource.get("Properties", {}).get("CorsConfiguration")
        if resource["Type"] == "AWS::ApiGatewayV2::Api" and wanted is not None:
            boto3.client("apigatewayv2").update_api(ApiId=outputs["HttpApiId"], CorsConfiguration=wanted)


def page(folder: Path, bucket: str) -> None:
    """The CDK's own copier of files does not run there."""
    s3 = boto3.client("s3")
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.suffix != ".gz":
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            s3.upload_file(str(file), bucket, file.relative_to(folder).as_posix(), ExtraArgs={"ContentType": kind})


if __name__ == "__main__":
    outputs = json.loads(Path(sys.argv[2]).read_text())
    cors(json.loads(Path(sys.argv[1]).read_text()), outputs)
    if len(sys.argv) > 3:
        page(Path(sys.argv[3]), outputs["PageBucket"])
