// Alarms, all to one topic, each with a link to what to do about it.

import { Stack } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import * as iam from "aws-cdk-lib/aws-iam";
import * as sns from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";

import { regionalName } from "../constructs/names.ts";
import type { Settings } from "../settings.ts";

export interface AlarmProps {
  metric: cloudwatch.IMetric;
  /** It rings above this, after so many periods. */
  threshold: number;
  periods: number;
  /** What is wrong, in words. */
  says: string;
  /** The heading of docs/runbook.md. */
  runbook: string;
}

export interface ShareProps extends Omit<AlarmProps, "metric" | "threshold"> {
  part: cloudwatch.IMetric;
  whole: cloudwatch.IMetric;
  percent: number;
}

export class Alarms extends Construct {
  readonly topic: sns.Topic;
  readonly all: cloudwatch.Alarm[] = [];
  private readonly settings: Settings;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    this.settings = settings;
    // Names of queues and counts, nothing of a person: without a key of its own, which CloudWatch could not use.
    this.topic = new sns.Topic(this, "topic", { displayName: "Riffle alarms", enforceSSL: true });
    // The topic has a policy of its own by enforceSSL, so what may publish must stand in it.
    this.topic.grantPublish(ofThisAccount(this, "cloudwatch.amazonaws.com"));
    if (settings.alarmEmail !== undefined) this.topic.addSubscription(new EmailSubscription(settings.alarmEmail));
  }

  /** In the stack of what it is about. Its name is what a person reads first: the stack's and the id. */
  add(scope: Construct, id: string, props: AlarmProps): void {
    const alarm = new cloudwatch.Alarm(scope, `alarm-${id}`, {
      alarmName: regionalName(this, id),
      metric: props.metric,
      threshold: props.threshold,
      evaluationPeriods: props.periods,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      alarmDescription: `${props.says}. What to do: ${this.settings.runbook}#${props.runbook}`,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    this.all.push(alarm);
  }

  /** Rings when the part is more than so many percent of the whole. */
  share(scope: Construct, id: string, { part, whole, percent, ...rest }: ShareProps): void {
    if (!this.settings.fullMonitoring) return;
    const metric = new cloudwatch.MathExpression({
      expression: "100 * part / whole",
      usingMetrics: { part, whole },
      label: `${id}, percent`,
      // As the parts: a share of another stretch of time would be none.
      ...("period" in part && { period: (part as cloudwatch.Metric).period }),
    });
    this.add(scope, id, { ...rest, metric, threshold: percent });
  }
}

/** A service that speaks for this account alone. */
export const ofThisAccount = (scope: Construct, service: string) =>
  new iam.ServicePrincipal(service, { conditions: { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } } });
