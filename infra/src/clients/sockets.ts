// The WebSocket API: connecting requires a ticket; one function handles each kind of event.

import { Aws, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { AccessLogFormat, CfnAccount } from "aws-cdk-lib/aws-apigateway";
import * as api from "aws-cdk-lib/aws-apigatewayv2";
import { WebSocketLambdaAuthorizer } from "aws-cdk-lib/aws-apigatewayv2-authorizers";
import { WebSocketLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import * as iam from "aws-cdk-lib/aws-iam";
import * as logs from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";

import { acknowledge } from "../constructs/nag-suppressions.ts";
import { regionalName } from "../constructs/names.ts";
import type { RustFunction } from "../constructs/rust-function.ts";
import type { Alarms } from "../monitoring/alarms.ts";
import type { Settings } from "../settings.ts";
import { FRAMES, routeSettings, SOCKET } from "./throttles.ts";

const STAGE = "live";

export interface SocketHandlers {
  authorizer: RustFunction;
  connect: RustFunction;
  disconnect: RustFunction;
  otherwise: RustFunction;
}

export class Sockets extends Construct {
  readonly api: api.WebSocketApi;
  /** The URL that clients open. */
  readonly url: string;
  /** The origin of that URL. */
  readonly origin: string;
  /** The endpoint to which functions post frames. */
  readonly management: string;
  private readonly stage: api.WebSocketStage;

  constructor(scope: Construct, id: string, settings: Settings, alarms: Alarms) {
    super(scope, id);
    this.api = new api.WebSocketApi(this, "api", {
      apiName: regionalName(this, "sockets"),
      description: "Riffle: live updates of scans",
    });
    const log = new logs.LogGroup(this, "log", {
      retention: settings.days.logs as logs.RetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.stage = new api.WebSocketStage(this, "stage", {
      webSocketApi: this.api,
      stageName: STAGE,
      autoDeploy: true,
      detailedMetricsEnabled: true,
      throttle: { rateLimit: FRAMES.rate, burstLimit: FRAMES.burst },
      accessLogSettings: {
        destination: new api.LogGroupLogDestination(log),
        // Without the query string, which contains the ticket.
        format: AccessLogFormat.custom(
          JSON.stringify({
            request: "$context.requestId",
            time: "$context.requestTime",
            event: "$context.eventType",
            route: "$context.routeKey",
            connection: "$context.connectionId",
            status: "$context.status",
            refused: "$context.authorizer.error",
            failed: "$context.integrationErrorMessage",
          }),
        ),
      },
    });
    if (settings.gatewayLogsRole) this.stage.node.addDependency(this.logsRole());
    const host = `${this.api.apiId}.execute-api.${Stack.of(this).region}.${Aws.URL_SUFFIX}`;
    const { endpoint } = settings;
    this.management = endpoint ? `${endpoint}/_aws/execute-api/${this.api.apiId}/${STAGE}` : `https://${host}/${STAGE}`;
    this.url = asSocket(this.management);
    this.origin = asSocket(endpoint ?? `https://${host}`);
    alarms.add(this, "socket-5xx", {
      metric: this.api.metric("ExecutionError", { period: Duration.minutes(5), statistic: "Sum" }),
      threshold: 5,
      periods: 1,
      says: "The WebSocket API failed more than 5 times within 5 minutes: clients cannot connect or get no answers",
      runbook: "api-5xx",
    });
    alarms.add(this, "socket-integration", {
      metric: this.api.metric("IntegrationError", { period: Duration.minutes(5), statistic: "Sum" }),
      threshold: 5,
      periods: 1,
      says: "The functions behind the WebSocket API failed more than 5 times within 5 minutes: clients get no answers",
      runbook: "api-5xx",
    });
  }

  serve(handlers: SocketHandlers): void {
    // Without a ticket, API Gateway rejects the connection itself. The function checks the origin, which programs omit.
    const authorizer = new WebSocketLambdaAuthorizer("authorizer", handlers.authorizer.lambda, {
      identitySource: ["route.request.querystring.ticket"],
    });
    const to = (id: string, who: RustFunction) => new WebSocketLambdaIntegration(id, who.lambda);
    const first = this.api.addRoute("$connect", { integration: to("connect", handlers.connect), authorizer });
    const others = [
      this.api.addRoute("$disconnect", { integration: to("disconnect", handlers.disconnect) }),
      this.api.addRoute("$default", { integration: to("default", handlers.otherwise), returnResponse: false }),
    ];
    for (const route of others) {
      acknowledge(route, { "AwsSolutions-APIG4": "A WebSocket API can have an authorizer only on $connect." });
    }
    (this.stage.node.defaultChild as api.CfnStage).routeSettings = routeSettings(SOCKET, true);
    // API Gateway refuses settings of a route that does not exist yet.
    this.stage.node.addDependency(first, ...others);
  }

  /** Lets a function send frames to connections, but not read or close them. */
  allowPush(who: RustFunction): void {
    const connections = this.api.arnForExecuteApiV2("POST/@connections/*", STAGE);
    who.allowMany(["execute-api:ManageConnections"], [connections], "Ids of connections are not known at deployment.");
    who.set({ CONNECTIONS_ENDPOINT: this.management });
  }

  /** The role with which API Gateway writes WebSocket API logs: one per account and region. It outlives the stack. */
  private logsRole(): CfnAccount {
    const role = new iam.Role(this, "logs-role", {
      assumedBy: new iam.ServicePrincipal("apigateway.amazonaws.com"),
      managedPolicies: [
        iam.ManagedPolicy.fromAwsManagedPolicyName("service-role/AmazonAPIGatewayPushToCloudWatchLogs"),
      ],
    });
    role.applyRemovalPolicy(RemovalPolicy.RETAIN);
    acknowledge(role, {
      "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]":
        "API Gateway accepts only an account role with these rights, and uses it for other stacks too.",
    });
    const account = new CfnAccount(this, "account", { cloudWatchRoleArn: role.roleArn });
    account.applyRemovalPolicy(RemovalPolicy.RETAIN);
    return account;
  }
}

const asSocket = (url: string) => url.replace(/^http/, "ws");
