// A flow on AWS, made of its description in shared/topology.
//
// Queues, dead letters, event rules and bucket notifications are in the stack itself, since they hold messages. Functions
// and what monitors them are in a nested stack, which can be recreated at any time (docs/adr/0012). References go from the
// nested stack to the stack; only dashboards refer back.

import { type CfnStack, Duration, NestedStack, type Size, Stack } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import * as events from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import * as logs from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";

import type { ClientFunctions } from "../clients/functions.ts";
import type { Sockets } from "../clients/sockets.ts";
import { MessageQueue } from "../constructs/message-queue.ts";
import { globalName } from "../constructs/names.ts";
import { RustFunction } from "../constructs/rust-function.ts";
import type { Buckets } from "../data/buckets.ts";
import type { Bus } from "../data/bus.ts";
import type { Tables } from "../data/tables.ts";
import type { Alarms } from "../monitoring/alarms.ts";
import { graph } from "../monitoring/metrics.ts";
import type { Notices } from "../monitoring/notices.ts";
import type { Settings } from "../settings.ts";
import {
  deadLettersOf,
  type FlowDescription,
  functionsOf,
  type QueueDescription,
  type QueueName,
  queuesOf,
  type StageDescription,
} from "../topology.ts";

/** The resources that every flow may use. */
export interface Platform {
  settings: Settings;
  alarms: Alarms;
  notices: Notices;
  tables: Tables;
  buckets: Buckets;
  bus: Bus;
  sockets: Sockets;
  clients: ClientFunctions;
  pageUrl: string;
  sweepSeconds: number;
}

/** The properties of a function that are not in the description. */
export interface FunctionNumbers {
  /** What it does, in one line. */
  does: string;
  /** MB. 1,769 MB come with one full vCPU. */
  memory: number;
  seconds: number;
  /** For temporary files; 512 MB if left out. */
  disk?: Size;
  /** Required if it consumes a queue. */
  queue?: QueueNumbers;
}

export interface QueueNumbers {
  /** Most concurrent invocations, unless the setting `concurrency` overrides it for the queue. */
  concurrency: number;
  /** The alarms fire above this many waiting messages, and when the oldest has waited longer than this. */
  alarm: { depth: number; age: Duration };
}

export class Flow extends Construct {
  /** The nested stack. */
  readonly stateless: NestedStack;
  readonly functions: RustFunction[];
  private readonly queues = new Map<string, MessageQueue>();
  private readonly deadLetters = new Map<string, MessageQueue>();
  private readonly rules: events.Rule[] = [];

  constructor(
    scope: Construct,
    readonly description: FlowDescription,
    private readonly platform: Platform,
    private readonly numbers: Record<string, FunctionNumbers>,
  ) {
    super(scope, description.name);
    const names = functionsOf(description);
    const unknown = Object.keys(numbers).filter((name) => !names.includes(name));
    if (unknown.length > 0) throw new Error(`${description.name} has no function ${unknown.join(", ")}`);

    this.stateless = new NestedStack(this, "functions", { description: `Riffle: functions of ${description.title}` });
    const made = this.stateless.nestedStackResource as CfnStack;
    // The names of functions begin with this id, and CloudFormation cuts them at 64 characters.
    made.overrideLogicalId(description.name.charAt(0).toUpperCase() + description.name.slice(1));
    this.functions = names.map((name) => this.make(name));
    for (const schedule of description.schedules) this.addDeadLetters(schedule.function, schedule.dead_letters);
    for (const stage of description.stages) this.connect(stage);
    this.sweep();
    this.redrive(platform.clients.api);
  }

  function(name: string): RustFunction {
    return found(
      this.functions.find(({ node }) => node.id === name),
      name,
    );
  }

  /** Lets a function send to these queues. */
  send(sender: RustFunction, ...queues: string[]): void {
    for (const name of queues) found(this.queues.get(name), name).allowSend(sender);
  }

  /** The dead letters of the queue that this function consumes, or of its schedules. */
  deadLettersOf(name: string): MessageQueue {
    return found(this.deadLetters.get(name), `dead letters of ${name}`);
  }

  /** The stack's outputs with the addresses of its queues. */
  get outputs(): [string, string][] {
    const all = [...queuesOf(this.description), ...deadLettersOf(this.description)];
    const made = [...this.queues.values(), ...this.deadLetters.values()];
    return all.map(({ name, url_output }) => [
      url_output,
      found(
        made.find((queue) => queue.name === name),
        name,
      ).queue.queueUrl,
    ]);
  }

  /** The prefix of its files in the uploads bucket, without the slash. */
  get prefix(): string {
    const [trigger] = this.description.stages.flatMap((stage) =>
      stage.trigger.kind === "bucket" ? stage.trigger : [],
    );
    return found(trigger, "prefix").prefix.replace(/\/$/, "");
  }

  /** Adds its dashboard, with `more` graphs of the flow's own, and the saved queries of its logs. */
  watch(...more: cloudwatch.IWidget[][]): void {
    const { settings, clients } = this.platform;
    const stack = Stack.of(this).stackName;
    const queues = [...this.queues.values()].map(({ queue }) => queue);
    const deadLetters = [...this.deadLetters.values()].map(({ queue }) => queue);
    const each = (metric: (one: RustFunction) => cloudwatch.IMetric) => this.functions.map(metric);
    const visible = (of: typeof queues) => of.map((queue) => queue.metricApproximateNumberOfMessagesVisible());
    new cloudwatch.Dashboard(this.stateless, "dashboard", {
      dashboardName: globalName(this, this.description.name),
      widgets: [
        [
          graph("Waiting messages", visible(queues)),
          graph(
            "Age of the oldest message, s",
            queues.map((queue) => queue.metricApproximateAgeOfOldestMessage()),
          ),
        ],
        [
          graph(
            "Duration, p95, ms",
            each((one) => one.lambda.metricDuration({ statistic: "p95" })),
          ),
          graph(
            "Concurrent runs",
            each((one) => one.lambda.metric("ConcurrentExecutions", { statistic: "Maximum" })),
          ),
        ],
        ...(this.rules.length > 0
          ? [
              [
                graph("Events by rule", this.counted("MatchedEvents")),
                graph("Events that could not be delivered", this.counted("FailedInvocations")),
              ],
            ]
          : []),
        [graph("Dead letters", visible(deadLetters))],
        ...more,
      ],
    });
    if (!settings.fullMonitoring) return;
    for (const [id, title, word] of [
      ["id", "One id", "ID"],
      ["dead-letter", "One dead letter", "MESSAGE-ID"],
    ] as const) {
      new logs.QueryDefinition(this.stateless, `query-${id}`, {
        queryDefinitionName: `${stack}/${this.description.name}/${title}`,
        logGroups: [...this.functions, ...clients.all].map((one) => one.log),
        queryString: new logs.QueryString({
          fields: ["@timestamp", "@log", "@message"],
          filterStatements: [`@message like "${word}"`],
          sort: "@timestamp asc",
          limit: 1_000,
        }),
      });
    }
  }

  private make(name: string): RustFunction {
    const { settings, alarms } = this.platform;
    const { does, memory, seconds, disk } = this.numbersOf(name);
    const sizes = { description: does, memory, timeout: Duration.seconds(seconds), ...(disk && { disk }) };
    return new RustFunction(this.stateless, name, { settings, alarms, ...sizes });
  }

  private numbersOf(name: string): FunctionNumbers {
    return found(this.numbers[name], `${name} in infra/src/flows/${this.description.name}.ts`);
  }

  /** Adds a stage's queue with its trigger, its event source mapping and its alarms. */
  private connect(stage: StageDescription): void {
    if (stage.queue === undefined) throw new Error(`${stage.function} has no queue, which a stage needs here`);
    const queue = this.queueOf(stage.queue, stage.function);
    if (stage.trigger.kind === "bucket") this.platform.buckets.uploads.notify(queue.queue, stage.trigger.prefix);
    if (stage.trigger.kind === "bus") {
      const heard = { ...stage.trigger, listener: stage.function };
      this.rules.push(this.platform.bus.lead(heard, queue, this.deadLettersOf(stage.function)));
    }
    const { concurrency, alarm } = found(this.numbersOf(stage.function).queue, `numbers of ${queue.name}`);
    const { longestRetrySeconds } = this.platform.settings;
    const consumer = this.function(stage.function);
    if (longestRetrySeconds !== undefined) consumer.set({ LONGEST_RETRY_SECONDS: String(longestRetrySeconds) });
    consumer.lambda.addEventSource(
      new SqsEventSource(queue.queue, {
        batchSize: stage.queue.batch,
        // Reserved concurrency would throttle, and throttles count as receives.
        maxConcurrency: this.platform.settings.concurrency[queue.name] ?? concurrency,
        reportBatchItemFailures: true,
      }),
    );
    this.watchQueue(queue, alarm);
  }

  /** Created on first use: the queue of an earlier stage may move failed messages to it. */
  private queueOf(described: QueueDescription, consumer: string): MessageQueue {
    const made = this.queues.get(described.name);
    if (made !== undefined) return made;
    const { dead_letters, move_to } = described;
    const to =
      dead_letters === undefined
        ? this.moveTarget(found(move_to, `dead_letters or move_to of ${described.name}`).function)
        : this.addDeadLetters(consumer, dead_letters);
    const { timeout } = this.function(consumer);
    const queue = new MessageQueue(this, described.name, {
      settings: this.platform.settings,
      consumed: { timeout, after: { receives: described.max_receives, to } },
    });
    this.queues.set(described.name, queue);
    return queue;
  }

  private moveTarget(consumer: string): MessageQueue {
    const stage = this.description.stages.find((stage) => stage.function === consumer);
    return this.queueOf(found(stage?.queue, `queue of ${consumer}`), consumer);
  }

  private addDeadLetters(of: string, { name }: QueueName): MessageQueue {
    const { settings, alarms } = this.platform;
    const letters = new MessageQueue(this, name, { settings });
    this.deadLetters.set(of, letters);
    alarms.add(this.stateless, `${name}-any`, {
      metric: letters.queue.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(1),
        statistic: "Maximum",
      }),
      threshold: 0,
      periods: 1,
      says: `${name} contains dead letters: work that failed permanently and is not retried automatically`,
      runbook: "dead-letters",
    });
    return letters;
  }

  private watchQueue({ name, queue }: MessageQueue, { depth, age }: QueueNumbers["alarm"]): void {
    const period = Duration.minutes(5);
    const { alarms } = this.platform;
    alarms.add(this.stateless, `${name}-depth`, {
      metric: queue.metricApproximateNumberOfMessagesVisible({ period, statistic: "Maximum" }),
      threshold: depth,
      periods: 3,
      says: `For 15 minutes more than ${depth} messages have been waiting in ${name}: more arrive than are processed`,
      runbook: "queue-depth",
    });
    alarms.add(this.stateless, `${name}-age`, {
      metric: queue.metricApproximateAgeOfOldestMessage({ period, statistic: "Maximum" }),
      threshold: age.toSeconds(),
      periods: 1,
      says: `A message in ${name} has waited for more than ${age.toHumanString()}: processing stopped or is too slow`,
      runbook: "queue-age",
    });
  }

  /** Adds a schedule without retries: the next run completes the work of a failed run. */
  private sweep(): void {
    const { lambda } = this.function(this.description.sweeper);
    const once = { retryAttempts: 0, maxEventAge: Duration.seconds(this.platform.sweepSeconds) };
    lambda.configureAsyncInvoke(once);
    new events.Rule(this.stateless, "sweep", {
      schedule: events.Schedule.rate(Duration.seconds(this.platform.sweepSeconds)),
      targets: [new LambdaFunction(lambda, once)],
    });
  }

  /** Lets the API list dead letters and return them to the queue where they failed. Schedules run again anyway. */
  private redrive(api: RustFunction): void {
    for (const { function: name, queue } of this.description.stages) {
      if (queue?.dead_letters === undefined) continue;
      this.deadLettersOf(name).allowTake(api);
      this.queueOf(queue, name).allowSend(api);
    }
    for (const schedule of this.description.schedules) this.deadLettersOf(schedule.function).allowLook(api);
  }

  /** A metric of EventBridge for each rule. */
  private counted(metricName: string): cloudwatch.IMetric[] {
    const EventBusName = this.platform.bus.bus.eventBusName;
    return this.rules.map(
      ({ ruleName }) =>
        new cloudwatch.Metric({
          namespace: "AWS/Events",
          metricName,
          dimensionsMap: { EventBusName, RuleName: ruleName },
          statistic: "Sum",
        }),
    );
  }
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`there is no ${what}`);
  return value;
}
