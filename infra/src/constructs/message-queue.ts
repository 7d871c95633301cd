// A queue that feeds one function: what has failed comes again, and in the end goes to another queue, never away.

import { Duration } from "aws-cdk-lib";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

import type { Alarms } from "../monitoring/alarms.ts";
import type { RustFunction } from "./rust-function.ts";

/** How many of a function's timeouts a message stays invisible, as AWS advises: a slow batch is not read twice. */
const TIMEOUTS_INVISIBLE = 6;

export interface WorkQueueProps {
  alarms: Alarms;
  consumer: RustFunction;
  /** Messages of one batch. Each succeeds or fails for itself. */
  batch: number;
  /** How long a batch may wait to be filled. */
  window?: Duration;
  /** Functions that run at once: 2 to 1,000. Reserved concurrency would throttle, and throttles count as receives. */
  concurrency: number;
  /** Where a message goes that was received this often. */
  after: { receives: number; to: sqs.IQueue };
  /** Messages that wait, and seconds that the oldest has waited, before a person is told. */
  alarm: { depth: number; age: Duration };
}

export class WorkQueue extends Construct {
  readonly queue: sqs.Queue;
  private readonly consumer: RustFunction;
  private readonly props: WorkQueueProps;

  constructor(scope: Construct, id: string, props: WorkQueueProps) {
    super(scope, id);
    this.props = props;
    this.consumer = props.consumer;
    this.queue = new sqs.Queue(this, "queue", {
      visibilityTimeout: Duration.seconds(props.consumer.timeout.toSeconds() * TIMEOUTS_INVISIBLE),
      retentionPeriod: Duration.days(14),
      deadLetterQueue: { queue: props.after.to, maxReceiveCount: props.after.receives },
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
    this.consume();
    this.watch();
  }

  /** Lets a function send to it, and tells it where it is. */
  from(sender: RustFunction, variable: string): void {
    sender.allow(["sqs:SendMessage"], [this.queue.queueArn]);
    sender.set({ [variable]: this.queue.queueUrl });
  }

  private consume(): void {
    const { batch, window, concurrency } = this.props;
    this.consumer.lambda.addEventSource(
      new SqsEventSource(this.queue, {
        batchSize: batch,
        ...(window && { maxBatchingWindow: window }),
        maxConcurrency: concurrency,
        reportBatchItemFailures: true,
      }),
    );
  }

  private watch(): void {
    const { alarms, alarm } = this.props;
    const period = Duration.minutes(5);
    const name = this.node.id;
    alarms.add(`${name}-depth`, {
      metric: this.queue.metricApproximateNumberOfMessagesVisible({ period, statistic: "Maximum" }),
      threshold: alarm.depth,
      periods: 3,
      says: `More than ${alarm.depth} messages wait in ${name}`,
      runbook: "queue-depth",
    });
    alarms.add(`${name}-age`, {
      metric: this.queue.metricApproximateAgeOfOldestMessage({ period, statistic: "Maximum" }),
      threshold: alarm.age.toSeconds(),
      periods: 1,
      says: `The oldest message of ${name} waits for more than ${alarm.age.toHumanString()}`,
      runbook: "queue-age",
    });
  }
}

/** Where messages end that nobody could take. A person looks at each; two weeks are the most that SQS keeps. */
export class DeadLetters extends Construct {
  readonly queue: sqs.Queue;

  constructor(scope: Construct, id: string, alarms: Alarms) {
    super(scope, id);
    this.queue = new sqs.Queue(this, "queue", {
      retentionPeriod: Duration.days(14),
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
    alarms.add(`${id}-any`, {
      metric: this.queue.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(1),
        statistic: "Maximum",
      }),
      threshold: 0,
      periods: 1,
      says: `Something lies in ${id}`,
      runbook: "dead-letters",
    });
  }
}
