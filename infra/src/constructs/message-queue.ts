// A queue of messages that are never lost: what fails comes again, and in the end goes to another queue.

import { Duration } from "aws-cdk-lib";
import * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

import type { QueueName } from "../topology.ts";
import { acknowledge } from "./nag-suppressions.ts";
import type { RustFunction } from "./rust-function.ts";

/** How many of its consumer's timeouts a message stays invisible, as AWS advises: a slow batch is not read twice. */
const TIMEOUTS_INVISIBLE = 6;

export interface ConsumedProps {
  /** Of the function that consumes it. */
  timeout: Duration;
  /** Where a message goes that was received this often. */
  after: { receives: number; to: MessageQueue };
}

export class MessageQueue extends Construct {
  readonly queue: sqs.Queue;
  /** As in topology: the id of the construct, too. */
  readonly name: string;
  private readonly variable: string;

  /** Without `consumed`, nothing takes messages from it but a person: dead letters. */
  constructor(scope: Construct, of: QueueName, consumed?: ConsumedProps) {
    super(scope, of.name);
    this.name = of.name;
    this.variable = of.url_variable;
    this.queue = new sqs.Queue(this, "queue", {
      // The most that SQS keeps.
      retentionPeriod: Duration.days(14),
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      ...(consumed && {
        visibilityTimeout: Duration.seconds(consumed.timeout.toSeconds() * TIMEOUTS_INVISIBLE),
        deadLetterQueue: { queue: consumed.after.to.queue, maxReceiveCount: consumed.after.receives },
      }),
    });
    if (consumed === undefined) {
      acknowledge(this.queue, { "AwsSolutions-SQS3": "Dead letters themselves: a person is told of each." });
    }
  }

  /** Lets a function send to it, and tells it where it is. */
  allowSend(sender: RustFunction): void {
    sender.allow(["sqs:SendMessage"], [this.queue.queueArn]);
    this.tell(sender);
  }

  /** Lets a function look at what lies in it: it receives messages, and shows them again. */
  allowLook(who: RustFunction): void {
    who.allow(["sqs:ReceiveMessage", "sqs:ChangeMessageVisibility"], [this.queue.queueArn]);
    this.tell(who);
  }

  /** Lets a function take messages away, too. */
  allowTake(who: RustFunction): void {
    this.allowLook(who);
    who.allow(["sqs:DeleteMessage"], [this.queue.queueArn]);
  }

  private tell(who: RustFunction): void {
    who.set({ [this.variable]: this.queue.queueUrl });
  }
}
