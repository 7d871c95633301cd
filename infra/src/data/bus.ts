// The event bus: who may publish, and one rule for each queue that receives events.

import { Duration, Names } from "aws-cdk-lib";
import * as events from "aws-cdk-lib/aws-events";
import { SqsQueue } from "aws-cdk-lib/aws-events-targets";
import { Construct } from "constructs";

import type { MessageQueue } from "../constructs/message-queue.ts";
import type { RustFunction } from "../constructs/rust-function.ts";
import type { Settings } from "../settings.ts";

/** The events that go to a queue. */
export interface Heard {
  /** The flow that publishes the events. */
  flow: string;
  types: string[];
  /** The function that consumes the queue. */
  listener: string;
}

export class Bus extends Construct {
  readonly bus: events.EventBus;
  /** The archive of events for replays. Undefined on an emulator without archives. */
  readonly archive: events.Archive | undefined;

  constructor(
    scope: Construct,
    id: string,
    settings: Settings,
    /** The source of all events of Riffle. */
    private readonly source: string,
  ) {
    super(scope, id);
    this.bus = new events.EventBus(this, "bus", {
      // An event bus needs a name, which must differ between stacks.
      eventBusName: Names.uniqueResourceName(this, { maxLength: 64, separator: "-" }),
      description: "Riffle: events of its flows",
    });
    if (settings.endpoint !== undefined) return;
    this.archive = new events.Archive(this, "archive", {
      sourceEventBus: this.bus,
      description: "Riffle: events that can be replayed",
      eventPattern: { source: [source] },
      // 0 keeps them forever, in the setting as in the archive.
      retention: Duration.days(settings.days.archive),
    });
  }

  /** Lets a function publish, and sets the variable with the name of the bus. */
  from(publisher: RustFunction): void {
    publisher.allow(["events:PutEvents"], [this.bus.eventBusArn]);
    publisher.set({ EVENT_BUS: this.bus.eventBusName });
  }

  /**
   * Sends events to a queue, by a rule with the queue's name. An event that cannot be delivered goes to the queue's
   * dead letters in the form in which the queue would have received it. A replay only reaches the function with whose
   * name the replay's name starts. A replay should also name the rule; even if it does not, no other function processes
   * the events again.
   */
  lead({ flow, types, listener }: Heard, queue: MessageQueue, deadLetters: MessageQueue): events.Rule {
    const rule = new events.Rule(this, queue.name, {
      ruleName: queue.name,
      description: `Riffle: events for ${listener}`,
      eventBus: this.bus,
      eventPattern: { source: [this.source], detailType: types, detail: { flow: [flow] } },
      targets: [new SqsQueue(queue.queue, { deadLetterQueue: deadLetters.queue })],
    });
    const made = rule.node.defaultChild as events.CfnRule;
    // The construct does not support this field.
    made.addPropertyOverride("EventPattern.replay-name", [{ exists: false }, { prefix: `${listener}-` }]);
    return rule;
  }
}
