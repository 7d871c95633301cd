// The HTTP API: one function behind it; all routes except public ones require a token.

import { Aws, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import * as api from "aws-cdk-lib/aws-apigatewayv2";
import { HttpJwtAuthorizer } from "aws-cdk-lib/aws-apigatewayv2-authorizers";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import * as logs from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";

import { acknowledge } from "../constructs/nag-suppressions.ts";
import { regionalName } from "../constructs/names.ts";
import type { RustFunction } from "../constructs/rust-function.ts";
import type { Alarms } from "../monitoring/alarms.ts";
import type { Settings } from "../settings.ts";
import type { Identities } from "./auth.ts";
import { COSTLY, PREFLIGHT, PUBLIC, routeSettings, USUAL } from "./throttles.ts";

export class Http extends Construct {
  readonly api: api.HttpApi;
  /** The address, without a slash at its end. */
  readonly url: string;
  /** The host, without the scheme. */
  readonly host: string;
  private readonly origins: string[];
  private readonly stage: api.HttpStage;

  constructor(scope: Construct, id: string, settings: Settings, alarms: Alarms) {
    super(scope, id);
    // The page uses its own origin. Other origins, and a page served elsewhere, must be listed.
    this.origins = [...(settings.pageOrigin === undefined ? [] : [settings.pageOrigin]), ...settings.origins];
    this.api = new api.HttpApi(this, "api", {
      apiName: regionalName(this, "http"),
      description: "Riffle: the HTTP API of the page and of other programs",
      createDefaultStage: false,
      ...(this.origins.length > 0 && {
        corsPreflight: {
          allowOrigins: this.origins,
          allowMethods: [api.CorsHttpMethod.ANY],
          allowHeaders: ["authorization", "content-type"],
          exposeHeaders: ["retry-after"],
          maxAge: Duration.hours(1),
        },
      }),
    });
    const log = new logs.LogGroup(this, "log", {
      retention: settings.days.logs as logs.RetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.stage = new api.HttpStage(this, "stage", {
      httpApi: this.api,
      stageName: "$default",
      autoDeploy: true,
      detailedMetricsEnabled: true,
      throttle: { rateLimit: USUAL.rate, burstLimit: USUAL.burst },
      accessLogSettings: {
        destination: new api.LogGroupLogDestination(log),
        format: AccessLogFormat.custom(
          JSON.stringify({
            request: "$context.requestId",
            time: "$context.requestTime",
            method: "$context.httpMethod",
            path: "$context.path",
            status: "$context.status",
            bytes: "$context.responseLength",
            milliseconds: "$context.responseLatency",
            refused: "$context.authorizer.error",
            failed: "$context.integrationErrorMessage",
          }),
        ),
      },
    });
    this.host = `${this.api.apiId}.execute-api.${Stack.of(this).region}.${Aws.URL_SUFFIX}`;
    this.url = settings.endpoint ? `${settings.endpoint}/_aws/execute-api/${this.api.apiId}` : `https://${this.host}`;
    alarms.add(this, "http-5xx", {
      metric: this.api.metricServerError({ period: Duration.minutes(5), statistic: "Sum" }),
      threshold: 5,
      periods: 1,
      says: "The HTTP API answered more than 5 requests within 5 minutes with a 5xx status: users see errors",
      runbook: "api-5xx",
    });
  }

  serve(who: RustFunction, { issuer, audience }: Identities): void {
    const integration = new HttpLambdaIntegration("integration", who.lambda);
    const authorizer = new HttpJwtAuthorizer("authorizer", issuer, { jwtAudience: [audience] });
    const routes = this.api.addRoutes({
      path: "/api/{proxy+}",
      methods: [api.HttpMethod.ANY],
      integration,
      authorizer,
    });
    for (const key of Object.keys(COSTLY)) {
      routes.push(...this.api.addRoutes({ ...parts(key), integration, authorizer }));
    }
    // Browsers send CORS preflight requests without a token.
    const open = { ...PUBLIC, ...(this.origins.length > 0 && PREFLIGHT) };
    for (const key of Object.keys(open)) {
      for (const made of this.api.addRoutes({ ...parts(key), integration })) {
        acknowledge(made, { "AwsSolutions-APIG4": "Requested before sign-in; the response has no data of a tenant." });
        routes.push(made);
      }
    }
    // The access log has the path and status of each request; metrics of twenty routes would cost more than the requests.
    (this.stage.node.defaultChild as api.CfnStage).routeSettings = routeSettings({ ...open, ...COSTLY }, false);
    // API Gateway refuses settings of a route that does not exist yet.
    this.stage.node.addDependency(...routes);
  }
}

/** A route's key, such as `GET /api/config`, as the CDK takes it. */
function parts(key: string): { path: string; methods: api.HttpMethod[] } {
  const [method, path = ""] = key.split(" ");
  return { path, methods: [method as api.HttpMethod] };
}
