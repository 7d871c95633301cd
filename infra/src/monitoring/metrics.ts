// Metrics and their graphs.

import { Duration } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";

export const graph = (title: string, left: cloudwatch.IMetric[]) =>
  new cloudwatch.GraphWidget({ title, left, width: 12 });

/** The namespace of the metrics that functions publish themselves. */
export const ours = (metricName: string, statistic: string) =>
  new cloudwatch.Metric({ namespace: "Riffle", metricName, statistic, period: Duration.minutes(1) });
