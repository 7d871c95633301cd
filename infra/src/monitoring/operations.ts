// What is watched of the whole: sessions that do not end, storage, cost; dashboards, and queries for a bad day.

import { Duration, Stack } from "aws-cdk-lib";
import { CfnBudget } from "aws-cdk-lib/aws-budgets";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import * as logs from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";

import type { Http } from "../clients/http.ts";
import type { Sockets } from "../clients/sockets.ts";
import type { Buckets } from "../data/buckets.ts";
import type { RustFunction } from "../constructs/rust-function.ts";
import type { IngestFlow } from "../ingest/flow.ts";
import type { ScanFlow } from "../scan/flow.ts";
import type { Settings } from "../settings.ts";
import { type Alarms, ofThisAccount } from "./alarms.ts";

export interface OperationsProps {
  settings: Settings;
  alarms: Alarms;
  flow: ScanFlow;
  ingest: IngestFlow;
  functions: RustFunction[];
  buckets: Buckets;
  http: Http;
  sockets: Sockets;
}

const GIGABYTE = 1_000_000_000;

export class Operations extends Construct {
  constructor(scope: Construct, id: string, props: OperationsProps) {
    super(scope, id);
    const { settings, alarms, buckets } = props;
    alarms.add("sessions-past-deadline", {
      metric: pastDeadline(),
      threshold: 0,
      periods: 2,
      says: "A session is open past its deadline",
      runbook: "session-past-deadline",
    });
    for (const bucket of [buckets.objects, buckets.uploads]) {
      alarms.add(`${bucket.node.id}-size`, {
        metric: size(bucket.bucket.bucketName),
        threshold: settings.bucketGigabytes * GIGABYTE,
        periods: 1,
        says: `The ${bucket.node.id} bucket holds more than ${settings.bucketGigabytes} GB`,
        runbook: "bucket-size",
      });
    }
    alarms.add("files-failed", {
      metric: ours("FailuresForGood", "Sum"),
      threshold: 0,
      periods: 1,
      says: "Something about a statement failed for good",
      runbook: "failed-files",
    });
    this.scanDashboard(props);
    this.ingestDashboard(props);
    this.operationsDashboard(props);
    if (settings.fullMonitoring) {
      this.budget(props);
      this.queries(props);
    }
  }

  private scanDashboard({ flow }: OperationsProps): void {
    const queues = [flow.dispatch, flow.work, flow.quarantine, flow.finish].map(({ queue }) => queue);
    const readers = [flow.dispatcher, flow.worker, flow.quarantined, flow.finisher, flow.sweeper];
    const of = (names: string[], statistic: string) => names.map((name) => ours(name, statistic));
    new cloudwatch.Dashboard(this, "scan", {
      widgets: [
        [
          graph("Messages that wait", [
            ...queues.map((queue) => queue.metricApproximateNumberOfMessagesVisible()),
            flow.deadLetters.queue.metricApproximateNumberOfMessagesVisible(),
          ]),
          graph(
            "Age of the oldest message, s",
            queues.map((queue) => queue.metricApproximateAgeOfOldestMessage()),
          ),
        ],
        [
          graph(
            "Duration, p95, ms",
            readers.map((reader) => reader.lambda.metricDuration({ statistic: "p95" })),
          ),
          graph(
            "Running at once",
            readers.map((reader) => reader.lambda.metric("ConcurrentExecutions", { statistic: "Maximum" })),
          ),
        ],
        [graph("Sessions past their deadline", of(["SessionsPastDeadline"], "Maximum"))],
      ],
    });
  }

  private ingestDashboard({ ingest }: OperationsProps): void {
    const { stages, bus, sweeper } = ingest;
    const each = <T>(metric: (stage: (typeof stages)[number]) => T) => stages.map(metric);
    const functions = [...stages.map(({ consumer }) => consumer), sweeper];
    new cloudwatch.Dashboard(this, "ingest", {
      widgets: [
        [
          graph(
            "Messages that wait",
            each(({ queue }) => queue.queue.metricApproximateNumberOfMessagesVisible()),
          ),
          graph(
            "Age of the oldest message, s",
            each(({ queue }) => queue.queue.metricApproximateAgeOfOldestMessage()),
          ),
        ],
        [
          graph("Events by rule", bus.counted("MatchedEvents")),
          graph("Events that could not be delivered", bus.counted("FailedInvocations")),
        ],
        [
          graph(
            "Duration, p95, ms",
            functions.map(({ lambda }) => lambda.metricDuration({ statistic: "p95" })),
          ),
          graph(
            "Running at once",
            functions.map(({ lambda }) => lambda.metric("ConcurrentExecutions", { statistic: "Maximum" })),
          ),
        ],
        [
          graph(
            "Dead letters",
            each(({ deadLetters }) => deadLetters.queue.metricApproximateNumberOfMessagesVisible()),
          ),
          graph(
            "Files",
            ["UploadsReceived", "StatementsProcessed", "StatementsRejected", "FilesRevived", "FilesGivenUp"].map(
              (name) => ours(name, "Sum"),
            ),
          ),
        ],
        [
          graph("From the start of a statement to its end, ms", [
            ours("ProcessingMilliseconds", "p50"),
            ours("ProcessingMilliseconds", "p99"),
          ]),
          graph("Publishing, p99, ms", [ours("PublishMilliseconds", "p99")]),
        ],
        [
          graph("Failed for good", [ours("FailuresForGood", "Sum")]),
          graph("Announced late", [ours("OutboxSwept", "Sum")]),
        ],
      ],
    });
  }

  private operationsDashboard({ alarms, functions, http, sockets, buckets }: OperationsProps): void {
    const each = (metric: (one: RustFunction) => cloudwatch.IMetric) => functions.map(metric);
    new cloudwatch.Dashboard(this, "operations", {
      widgets: [
        [new cloudwatch.AlarmStatusWidget({ title: "Alarms", alarms: alarms.all, width: 24, height: 8 })],
        [
          graph(
            "Errors",
            each((one) => one.lambda.metricErrors()),
          ),
          graph(
            "Throttles",
            each((one) => one.lambda.metricThrottles()),
          ),
        ],
        [
          graph("HTTP API", [http.api.metricCount(), http.api.metricClientError(), http.api.metricServerError()]),
          graph("HTTP API, p95, ms", [http.api.metricLatency({ statistic: "p95" })]),
        ],
        [
          graph(
            "WebSocket API",
            ["ConnectCount", "MessageCount", "ClientError", "ExecutionError", "IntegrationError"].map((name) =>
              sockets.api.metric(name, { statistic: "Sum" }),
            ),
          ),
          graph(
            "Stored bytes",
            [buckets.objects, buckets.uploads].map(({ bucket }) => size(bucket.bucketName)),
          ),
        ],
      ],
    });
  }

  /** The account's cost of a day: AWS counts it some hours later. */
  private budget({ settings, alarms }: OperationsProps): void {
    alarms.topic.grantPublish(ofThisAccount(this, "budgets.amazonaws.com"));
    new CfnBudget(this, "daily-cost", {
      budget: {
        budgetType: "COST",
        timeUnit: "DAILY",
        budgetLimit: { amount: settings.dailyCost, unit: "USD" },
      },
      notificationsWithSubscribers: [
        {
          notification: { notificationType: "ACTUAL", comparisonOperator: "GREATER_THAN", threshold: 100 },
          subscribers: [{ subscriptionType: "SNS", address: alarms.topic.topicArn }],
        },
      ],
    });
  }

  private queries({ functions }: OperationsProps): void {
    const stack = Stack.of(this).stackName;
    for (const [id, title, word] of [
      ["session", "One session", "SESSION"],
      ["processing", "One processing id", "PROCESSING-ID"],
      ["dead-letter", "One dead letter", "MESSAGE-ID"],
    ] as const) {
      new logs.QueryDefinition(this, `query-${id}`, {
        queryDefinitionName: `${stack}/${title}`,
        logGroups: functions.map((one) => one.log),
        queryString: new logs.QueryString({
          fields: ["@timestamp", "@log", "@message"],
          filterStatements: [`@message like "${word}"`],
          sort: "@timestamp asc",
          limit: 1_000,
        }),
      });
    }
  }
}

const graph = (title: string, left: cloudwatch.IMetric[]) => new cloudwatch.GraphWidget({ title, left, width: 12 });

/** What the functions count themselves. */
const ours = (metricName: string, statistic: string) =>
  new cloudwatch.Metric({ namespace: "Riffle", metricName, statistic, period: Duration.minutes(1) });

const pastDeadline = () => ours("SessionsPastDeadline", "Maximum");

/** S3 counts once a day. */
const size = (bucket: string) =>
  new cloudwatch.Metric({
    namespace: "AWS/S3",
    metricName: "BucketSizeBytes",
    dimensionsMap: { BucketName: bucket, StorageType: "StandardStorage" },
    statistic: "Average",
    period: Duration.days(1),
  });
