// Monitoring of the whole deployment: storage, cost, the APIs and an overview dashboard.

import { Duration } from "aws-cdk-lib";
import { CfnBudget } from "aws-cdk-lib/aws-budgets";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";

import type { Http } from "../clients/http.ts";
import type { Sockets } from "../clients/sockets.ts";
import { globalName } from "../constructs/names.ts";
import type { RustFunction } from "../constructs/rust-function.ts";
import type { Buckets } from "../data/buckets.ts";
import type { Settings } from "../settings.ts";
import { type Alarms, ofThisAccount } from "./alarms.ts";
import { graph } from "./metrics.ts";

export interface OperationsProps {
  settings: Settings;
  alarms: Alarms;
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
    for (const bucket of [buckets.objects, buckets.uploads]) {
      alarms.add(this, `${bucket.node.id}-size`, {
        metric: size(bucket.bucket.bucketName),
        threshold: settings.bucketGigabytes * GIGABYTE,
        periods: 1,
        says: `The ${bucket.node.id} bucket holds more than ${settings.bucketGigabytes} GB`,
        runbook: "bucket-size",
      });
    }
    this.dashboard(props);
    if (settings.fullMonitoring) this.budget(props);
  }

  private dashboard({ alarms, functions, http, sockets, buckets }: OperationsProps): void {
    const each = (metric: (one: RustFunction) => cloudwatch.IMetric) => functions.map(metric);
    new cloudwatch.Dashboard(this, "dashboard", {
      dashboardName: globalName(this, "operations"),
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

  /** The daily cost of the account, which AWS reports some hours later. */
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
}

/** S3 publishes the metric once a day. */
const size = (bucket: string) =>
  new cloudwatch.Metric({
    namespace: "AWS/S3",
    metricName: "BucketSizeBytes",
    dimensionsMap: { BucketName: bucket, StorageType: "StandardStorage" },
    statistic: "Average",
    period: Duration.days(1),
  });
