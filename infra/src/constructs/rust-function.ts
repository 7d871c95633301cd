// A Lambda function in Rust with its own role, its own log group and the alarms that every function has.

import { Duration, RemovalPolicy, type Size, Tags } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { Alarms } from "../monitoring/alarms.ts";
import type { Settings } from "../settings.ts";
import { programOf } from "./built.ts";
import { acknowledgeWildcard } from "./nag-suppressions.ts";

export interface RustFunctionProps {
  settings: Settings;
  alarms: Alarms;
  /** What it does, in one line. */
  description: string;
  /** MB. 1,769 MB come with one full vCPU. */
  memory: number;
  timeout: Duration;
  /** MB for temporary files; 512 MB are included. */
  disk?: Size;
  environment?: Record<string, string>;
}

/** The id is the function's name, which is also that of its folder in `functions/` and of its binary. */
export class RustFunction extends Construct {
  readonly lambda: lambda.Function;
  readonly role: iam.Role;
  readonly log: logs.LogGroup;
  readonly timeout: Duration;

  constructor(scope: Construct, id: string, props: RustFunctionProps) {
    super(scope, id);
    const { settings } = props;
    // CloudFormation generates a longer name and truncates it.
    Tags.of(this).add("function", id);
    this.timeout = props.timeout;
    this.log = new logs.LogGroup(this, "log", {
      retention: settings.days.logs as logs.RetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new iam.Role(this, "role", { assumedBy: new iam.ServicePrincipal("lambda.amazonaws.com") });
    this.allow(["logs:CreateLogStream", "logs:PutLogEvents"], [this.log.logGroupArn]);
    this.lambda = new lambda.Function(this, "function", {
      description: props.description,
      runtime: lambda.Runtime.PROVIDED_AL2023,
      architecture: settings.architecture === "arm64" ? lambda.Architecture.ARM_64 : lambda.Architecture.X86_64,
      handler: "bootstrap",
      code: programOf(id, settings),
      memorySize: props.memory,
      timeout: props.timeout,
      ...(props.disk && { ephemeralStorageSize: props.disk }),
      tracing: lambda.Tracing.ACTIVE,
      logGroup: this.log,
      role: this.role,
      environment: { RUST_LOG: "info", ...props.environment },
    });
    acknowledgeWildcard(this.role, "*", "X-Ray has no resources to name.");
    this.watch(props);
  }

  /** Grants exactly these actions on exactly these resources. */
  allow(actions: string[], resources: string[], conditions?: iam.Conditions): void {
    this.role.addToPolicy(new iam.PolicyStatement({ actions, resources, ...(conditions && { conditions }) }));
  }

  /** Grants actions on a wildcard of resources, which requires a reason. */
  allowMany(actions: string[], resources: string[], because: string): void {
    this.allow(actions, resources);
    for (const resource of resources) acknowledgeWildcard(this.role, resource, because);
  }

  set(environment: Record<string, string>): void {
    for (const [name, value] of Object.entries(environment)) this.lambda.addEnvironment(name, value);
  }

  private watch({ alarms, timeout }: RustFunctionProps): void {
    const period = Duration.minutes(5);
    const name = this.node.id;
    alarms.share(this, `${name}-errors`, {
      part: this.lambda.metricErrors({ period }),
      whole: this.lambda.metricInvocations({ period }),
      percent: 5,
      periods: 2,
      says: `For 10 minutes more than 5% of the runs of ${name} have failed; their work is retried`,
      runbook: "function-errors",
    });
    alarms.add(this, `${name}-duration`, {
      metric: this.lambda.metricDuration({ period, statistic: "Maximum" }),
      threshold: timeout.toMilliseconds() * 0.9,
      periods: 1,
      says: `${name} ran for more than 90% of its timeout, ${timeout.toSeconds()} s; longer runs end and are retried`,
      runbook: "function-duration",
    });
  }
}
