// Scans that start on a schedule, as listed by the setting `scheduledScans`.

import * as iam from "aws-cdk-lib/aws-iam";
import { CfnSchedule } from "aws-cdk-lib/aws-scheduler";
import { Construct } from "constructs";

import type { MessageQueue } from "../constructs/message-queue.ts";
import type { RustFunction } from "../constructs/rust-function.ts";
import type { Bucket } from "../data/buckets.ts";
import type { ScheduledScan } from "../settings.ts";

export interface ScheduledScansProps {
  scans: ScheduledScan[];
  scheduler: RustFunction;
  /** The queue for scans that could not be started. */
  deadLetters: MessageQueue;
  /** The bucket of lists of codes. */
  codes: Bucket;
}

/** Context attributes that EventBridge Scheduler fills in. Retries of an execution have the same values. */
const TIME = "<aws.scheduler.scheduled-time>";
const EXECUTION = "<aws.scheduler.execution-id>";

export class ScheduledScans extends Construct {
  constructor(scope: Construct, id: string, { scans, scheduler, deadLetters, codes }: ScheduledScansProps) {
    super(scope, id);
    if (scans.length === 0) return;
    const role = new iam.Role(this, "role", { assumedBy: new iam.ServicePrincipal("scheduler.amazonaws.com") });
    role.addToPolicy(
      new iam.PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: [scheduler.lambda.functionArn] }),
    );
    role.addToPolicy(
      new iam.PolicyStatement({ actions: ["sqs:SendMessage"], resources: [deadLetters.queue.queueArn] }),
    );
    for (const scan of scans) {
      if (scan.codesKey !== undefined) {
        scheduler.allow(["s3:GetObject"], [codes.bucket.arnForObjects(scan.codesKey)]);
      }
      const schedule = new CfnSchedule(this, scan.name, {
        description: `Scans ${scan.prefix} of ${scan.tenant}`,
        scheduleExpression: scan.schedule,
        flexibleTimeWindow: { mode: "OFF" },
        target: {
          arn: scheduler.lambda.functionArn,
          roleArn: role.roleArn,
          input: JSON.stringify(due(scan)),
          retryPolicy: { maximumRetryAttempts: 10, maximumEventAgeInSeconds: 3_600 },
          deadLetterConfig: { arn: deadLetters.queue.queueArn },
        },
      });
      schedule.node.addDependency(role);
    }
  }
}

/** The envelope of an EventBridge event, so that one decoder handles this and a rule's event. */
function due({ name, tenant, prefix, codes, codesKey, options }: ScheduledScan): object {
  return {
    version: "0",
    id: EXECUTION,
    "detail-type": "scan.scheduled",
    source: "riffle",
    time: TIME,
    resources: [],
    detail: {
      name,
      tenant,
      prefix,
      ...(codes === undefined ? { codes_key: codesKey } : { codes }),
      options: options ?? {},
      scheduled_time: TIME,
      execution_id: EXECUTION,
    },
  };
}
