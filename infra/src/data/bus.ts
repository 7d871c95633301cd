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
  /** The flow whose events they are. */
  flow: string;
  types: string[];
  /** The function that consumes the queue. */
  listener: string;
}

export class Bus extends Construct {
  readonly bus: events.EventBus;
  /** What has happened, to be replayed. Undefined where an emulator has none. */
  readonly archive: events.Archive | undefined;

  constructor(
    scope: Construct,
    id: string,
    settings: Settings,
    /** The source of every event of ours. */
    private readonly source: string,
  ) {
    super(scope, id);
    this.bus = new events.EventBus(this, "bus", {
      // It must have one, and those of several stacks may not be the same.
      eventBusName: Names.uniqueResourceName(this, { maxLength: 64, separator: "-" }),
      description: "Riffle: what happens in its flows",
    });
    if (settings.endpoint !== undefined) return;
    this.archive = new events.Archive(this, "archive", {
      sourceEventBus: this.bus,
      description: "Riffle: events to replay",
      eventPattern: { source: [source] },
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
   * Sends events to a queue, by a rule with the queue's name. An event that cannot be delivered goes to the queue's dead
   * letters in the form in which the queue would have got it. A replay only reaches the function that the replay's name
   * begins with. Whoever starts a replay should also name the rule; if they forget, no other function processes the events
   * again.
   */
  lead({ flow, types, listener }: Heard, queue: MessageQueue, deadLetters: MessageQueue): events.Rule {
    const rule = new events.Rule(this, queue.name, {
      ruleName: queue.name,
      description: `Riffle: what ${listener} listens to`,
      eventBus: this.bus,
      eventPattern: { source: [this.source], detailType: types, detail: { flow: [flow] } },
      targets: [new SqsQueue(queue.queue, { deadLetterQueue: deadLetters.queue })],
    });
    const made = rule.node.defaultChild as events.CfnRule;
    // The construct knows no such field.
    made.addPropertyOverride("EventPattern.replay-name", [{ exists: false }, { prefix: `${listener}-` }]);
    return rule;
  }
}
