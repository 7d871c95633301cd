// Alarms. All notify one topic, and each links to its section of the runbook.

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
  /** The alarm fires above this threshold, after `periods` periods. */
  threshold: number;
  periods: number;
  /** Description of the problem. */
  says: string;
  /** The anchor of a heading of docs/runbook.md. */
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
    // Messages contain queue names and counts, no personal data, so that the topic needs no KMS key, which CloudWatch
    // could not use.
    this.topic = new sns.Topic(this, "topic", { displayName: "Riffle alarms", enforceSSL: true });
    // enforceSSL gives the topic a policy, which must therefore name the permitted publishers.
    this.topic.grantPublish(ofThisAccount(this, "cloudwatch.amazonaws.com"));
    if (settings.alarmEmail !== undefined) this.topic.addSubscription(new EmailSubscription(settings.alarmEmail));
  }

  /** Creates an alarm in the stack of its resource. Its name consists of the stack's name and the id. */
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

  /** Creates an alarm that fires when the part is more than a percentage of the whole. */
  share(scope: Construct, id: string, { part, whole, percent, ...rest }: ShareProps): void {
    if (!this.settings.fullMonitoring) return;
    const metric = new cloudwatch.MathExpression({
      expression: "100 * part / whole",
      usingMetrics: { part, whole },
      label: `${id}, percent`,
      // The same period as the parts, because the ratio is wrong otherwise.
      ...("period" in part && { period: (part as cloudwatch.Metric).period }),
    });
    this.add(scope, id, { ...rest, metric, threshold: percent });
  }
}

/** A service principal restricted to this account. */
export const ofThisAccount = (scope: Construct, service: string) =>
  new iam.ServicePrincipal(service, { conditions: { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } } });
