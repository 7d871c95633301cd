// The topic that announces the end of scans to subscribers.

import * as sns from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";

import type { RustFunction } from "../constructs/rust-function.ts";
import type { Settings } from "../settings.ts";

export class Notices extends Construct {
  readonly topic: sns.Topic;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    this.topic = new sns.Topic(this, "topic", { displayName: "Riffle notices", enforceSSL: true });
    if (settings.noticeEmail !== undefined) this.topic.addSubscription(new EmailSubscription(settings.noticeEmail));
  }

  from(sender: RustFunction): void {
    sender.allow(["sns:Publish"], [this.topic.topicArn]);
    sender.set({ NOTICE_TOPIC_ARN: this.topic.topicArn });
  }
}
