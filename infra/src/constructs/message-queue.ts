// An SQS queue. A message that keeps failing moves to another queue and is not dropped.

import { Aws, Duration, Stack } from "aws-cdk-lib";
import * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

import type { Settings } from "../settings.ts";
import { acknowledge } from "./nag-suppressions.ts";
import { regionalName } from "./names.ts";
import type { RustFunction } from "./rust-function.ts";

/** The visibility timeout in multiples of the consumer's timeout, as AWS recommends: a slow batch is not read twice. */
const TIMEOUTS_INVISIBLE = 6;

export interface MessageQueueProps {
  settings: Settings;
  /** Left out for a queue of dead letters: no function consumes it. */
  consumed?: Consumed;
}

export interface Consumed {
  /** The timeout of the function that consumes it. */
  timeout: Duration;
  /** The queue to which a message moves after it was received this often. */
  after: { receives: number; to: MessageQueue };
}

export class MessageQueue extends Construct {
  readonly queue: sqs.Queue;
  /** Its name in topology, which is also the construct's id. */
  readonly name: string;
  private readonly settings: Settings;

  constructor(scope: Construct, name: string, { settings, consumed }: MessageQueueProps) {
    super(scope, name);
    this.name = name;
    this.settings = settings;
    this.queue = new sqs.Queue(this, "queue", {
      queueName: regionalName(this, name),
      // The longest retention that SQS allows.
      retentionPeriod: Duration.days(14),
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      ...(consumed && {
        visibilityTimeout: Duration.seconds(consumed.timeout.toSeconds() * TIMEOUTS_INVISIBLE),
        deadLetterQueue: { queue: consumed.after.to.queue, maxReceiveCount: consumed.after.receives },
      }),
    });
    if (consumed === undefined) {
      acknowledge(this.queue, {
        "AwsSolutions-SQS3": "It is a dead-letter queue itself; each has an alarm.",
      });
    }
  }

  /** Lets a function send to it. */
  allowSend(sender: RustFunction): void {
    sender.allow(["sqs:SendMessage"], [this.queue.queueArn]);
    this.tell(sender);
  }

  /** Lets a function list its messages. */
  allowLook(who: RustFunction): void {
    who.allow(["sqs:ReceiveMessage", "sqs:GetQueueAttributes"], [this.queue.queueArn]);
    this.tell(who);
  }

  /** Lets a function receive and delete messages, and return others to the queue. */
  allowTake(who: RustFunction): void {
    this.allowLook(who);
    who.allow(["sqs:DeleteMessage", "sqs:ChangeMessageVisibility"], [this.queue.queueArn]);
  }

  /**
   * Functions get one base address for all queues and append the queue's name to it. One address per queue would exceed
   * the 4 KB that Lambda allows for the environment variables of `api`.
   */
  private tell(who: RustFunction): void {
    const stack = Stack.of(this);
    const service = this.settings.endpoint ?? `https://sqs.${stack.region}.${Aws.URL_SUFFIX}`;
    who.set({ QUEUES_URL: `${service}/${stack.account}/${regionalName(this, "")}` });
  }
}
