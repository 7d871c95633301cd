// The event bus of the ingest flow: who may publish, and one rule for each consumer.

import { Duration, Names } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import * as events from "aws-cdk-lib/aws-events";
import { SqsQueue } from "aws-cdk-lib/aws-events-targets";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

import type { RustFunction } from "../constructs/rust-function.ts";
import type { Settings } from "../settings.ts";
import type { Consumer } from "./routes.ts";

/** Of every event of ours, as `riffle_contracts::EVENT_SOURCE` says. */
const SOURCE = "riffle";

export class Bus extends Construct {
  readonly bus: events.EventBus;
  private readonly rules: events.Rule[] = [];
  /** What has happened, to be replayed. Undefined where an emulator has none. */
  readonly archive: events.Archive | undefined;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    this.bus = new events.EventBus(this, "bus", {
      // It must have one, and those of several stacks may not be the same.
      eventBusName: Names.uniqueResourceName(this, { maxLength: 64, separator: "-" }),
      description: "Riffle: what happens to statements",
    });
    if (settings.endpoint !== undefined) return;
    this.archive = new events.Archive(this, "archive", {
      sourceEventBus: this.bus,
      description: "Riffle: events to replay",
      eventPattern: { source: [SOURCE] },
      // 0 keeps them for ever, here as there.
      retention: Duration.days(settings.days.archive),
    });
  }

  /** Lets a function publish, and tells it where. */
  from(publisher: RustFunction): void {
    publisher.allow(["events:PutEvents"], [this.bus.eventBusArn]);
    publisher.set({ EVENT_BUS: this.bus.eventBusName });
  }

  /**
   * Leads events to a consumer's queue. What cannot be delivered lies with its dead letters, as the queue would have had
   * it. A replay reaches the consumer that its name begins with: whoever starts one names the rule too, but forgets it
   * once, and everybody would work again.
   */
  lead(consumer: Consumer, types: string[], queue: IQueue, deadLetters: IQueue): void {
    const rule = new events.Rule(this, ruleName(consumer), {
      ruleName: ruleName(consumer),
      description: `Riffle: what ${consumer} listens to`,
      eventBus: this.bus,
      eventPattern: { source: [SOURCE], detailType: types },
      targets: [new SqsQueue(queue, { deadLetterQueue: deadLetters })],
    });
    const made = rule.node.defaultChild as events.CfnRule;
    // The construct knows no such field.
    made.addPropertyOverride("EventPattern.replay-name", [{ exists: false }, { prefix: `${consumer}-` }]);
    this.rules.push(rule);
  }

  /** What EventBridge counts, for each rule. */
  counted(metricName: string): cloudwatch.IMetric[] {
    return this.rules.map(
      ({ ruleName }) =>
        new cloudwatch.Metric({
          namespace: "AWS/Events",
          metricName,
          dimensionsMap: { EventBusName: this.bus.eventBusName, RuleName: ruleName },
          statistic: "Sum",
        }),
    );
  }
}

/** `audit-events` for `audit-consumer`. */
export const ruleName = (consumer: Consumer) => consumer.replace(/-consumer$/, "-events");
