"""Completes a deployment to the emulator. Runs in the emulator's own Python environment, with a client's variables.

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


def tables(template: dict) -> None:
    """The emulator's CloudFormation creates tables without their expiry and their backups."""
    dynamodb = boto3.client("dynamodb")
    pages = boto3.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName="Riffle")
    made = {one["LogicalResourceId"]: one["PhysicalResourceId"] for page in pages for one in page["StackResourceSummaries"]}
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::DynamoDB::Table":
            continue
        table, wanted = {"TableName": made[name]}, resource["Properties"]
        is_set = dynamodb.describe_time_to_live(**table)["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"
        if not is_set and "TimeToLiveSpecification" in wanted:
            dynamodb.update_time_to_live(**table, TimeToLiveSpecification=wanted["TimeToLiveSpecification"])
        if "PointInTimeRecoverySpecification" in wanted:
            recovery = wanted["PointInTimeRecoverySpecification"]
            dynamodb.update_continuous_backups(**table, PointInTimeRecoverySpecification=recovery)


def page(folder: Path, bucket: str) -> None:
    """Uploads the page's files, because the CDK's own function that copies them does not run in the emulator."""
    s3 = boto3.client("s3")
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.suffix != ".gz":
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            s3.upload_file(str(file), bucket, file.relative_to(folder).as_posix(), ExtraArgs={"ContentType": kind})


if __name__ == "__main__":
    outputs = json.loads(Path(sys.argv[2]).read_text())
    template = json.loads(Path(sys.argv[1]).read_text())
    cors(template, outputs)
    tables(template)
    if len(sys.argv) > 3:
        page(Path(sys.argv[3]), outputs["PageBucket"])
