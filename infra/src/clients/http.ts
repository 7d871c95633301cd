// The HTTP API: one function behind it, and a token before all that is not public.

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

/** What the page asks for before anybody has signed in, and what describes the API. */
const PUBLIC = ["/api/config", "/api/health", "/api/openapi.json", "/api/docs"];
/** Requests a second of all people together, and how many may come at once. */
const RATE = 200;
const BURST = 400;

export class Http extends Construct {
  readonly api: api.HttpApi;
  /** Without a slash at its end. */
  readonly url: string;
  /** Without the scheme. */
  readonly host: string;
  private readonly origins: string[];

  constructor(scope: Construct, id: string, settings: Settings, alarms: Alarms) {
    super(scope, id);
    // The page asks its own origin. Others, and a page that is served elsewhere, must be named.
    this.origins = [...(settings.pageOrigin === undefined ? [] : [settings.pageOrigin]), ...settings.origins];
    this.api = new api.HttpApi(this, "api", {
      apiName: regionalName(this, "http"),
      description: "Riffle: what the page and programs ask for",
      createDefaultStage: false,
      ...(this.origins.length > 0 && {
        corsPreflight: {
          allowOrigins: this.origins,
          allowMethods: [api.CorsHttpMethod.ANY],
          allowHeaders: ["authorization", "content-type"],
          maxAge: Duration.hours(1),
        },
      }),
    });
    const log = new logs.LogGroup(this, "log", {
      retention: settings.days.logs as logs.RetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new api.HttpStage(this, "stage", {
      httpApi: this.api,
      stageName: "$default",
      autoDeploy: true,
      detailedMetricsEnabled: true,
      throttle: { rateLimit: RATE, burstLimit: BURST },
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
      says: "The HTTP API answered more than 5 requests with a server error",
      runbook: "api-5xx",
    });
  }

  serve(who: RustFunction, { issuer, audience }: Identities): void {
    const integration = new HttpLambdaIntegration("integration", who.lambda);
    const authorizer = new HttpJwtAuthorizer("authorizer", issuer, { jwtAudience: [audience] });
    this.api.addRoutes({ path: "/api/{proxy+}", methods: [api.HttpMethod.ANY], integration, authorizer });
    const open = PUBLIC.map((path) => ({ path, methods: [api.HttpMethod.GET] }));
    // A browser asks whether it may ask before it has anything to show for itself.
    if (this.origins.length > 0) open.push({ path: "/api/{proxy+}", methods: [api.HttpMethod.OPTIONS] });
    for (const route of open) {
      for (const made of this.api.addRoutes({ ...route, integration })) {
        acknowledge(made, { "AwsSolutions-APIG4": "Asked before anybody has signed in; tells nothing of a tenant." });
      }
    }
  }
}
