// The stack of Riffle on AWS: what users open, then the flows, then monitoring.

import { CfnOutput, Stack, type StackProps, Tags } from "aws-cdk-lib";
import * as cloudtrail from "aws-cdk-lib/aws-cloudtrail";
import type { Construct } from "constructs";

import { Auth } from "./clients/auth.ts";
import { ClientFunctions } from "./clients/functions.ts";
import { Http } from "./clients/http.ts";
import { Page, storageOrigins } from "./clients/page.ts";
import { Sockets } from "./clients/sockets.ts";
import { acknowledge } from "./constructs/nag-suppressions.ts";
import { Buckets } from "./data/buckets.ts";
import { Bus } from "./data/bus.ts";
import { Tables } from "./data/tables.ts";
import { MAKERS, type Makers } from "./flows/index.ts";
import { Alarms } from "./monitoring/alarms.ts";
import { Notices } from "./monitoring/notices.ts";
import { Operations } from "./monitoring/operations.ts";
import type { Settings } from "./settings.ts";
import { TOPOLOGY, type Topology } from "./topology.ts";

export interface RiffleProps extends StackProps {
  /** Flows to use instead of those of shared/topology, for tests. */
  topology?: Topology;
  makers?: Makers;
}

export class Riffle extends Stack {
  constructor(scope: Construct, id: string, settings: Settings, props: RiffleProps = {}) {
    const { topology = TOPOLOGY, makers = MAKERS, ...own } = props;
    super(scope, id, { ...own, description: "Riffle: finds codes in files" });
    Tags.of(this).add("application", "riffle");
    const alarms = new Alarms(this, "alarms", settings);
    const notices = new Notices(this, "notices", settings);
    const tables = new Tables(this, "tables");
    const buckets = new Buckets(this, "buckets", settings, storageClients(settings));

    // The APIs get their functions later, so that the page can refer to the APIs and functions to the page.
    const http = new Http(this, "http", settings, alarms);
    const sockets = new Sockets(this, "sockets", settings, alarms);
    const auth = new Auth(this, "auth", settings);
    const storage = [buckets.uploads, buckets.objects].flatMap(({ bucket }) =>
      storageOrigins(this, bucket, settings.endpoint),
    );
    const page = new Page(this, "page", {
      settings,
      http,
      connects: [...new Set([sockets.origin, auth.domain, ...storage])],
      pictures: [...new Set(storage)],
    });
    const identities = auth.clientOf(page.url);

    const shared = { settings, alarms, tables, buckets, sockets };
    const clients = new ClientFunctions(this, "clients", { ...shared, origins: [page.url, ...settings.origins] });
    const bus = new Bus(this, "events", settings, topology.event_source);
    const platform = { ...shared, notices, bus, clients, pageUrl: page.url, sweepSeconds: topology.sweep_seconds };
    const flows = topology.flows.map((description) => {
      const make = makers[description.name];
      if (make === undefined) throw new Error(`infra/src/flows/index.ts does not know the flow ${description.name}`);
      return make(this, description, platform);
    });
    sockets.serve(clients);
    http.serve(clients.api, identities);
    clients.api.set({
      AUTH_AUTHORITY: identities.issuer,
      AUTH_CLIENT_ID: identities.audience,
      AUTH_DOMAIN: identities.domain,
    });

    const functions = [...clients.all, ...flows.flatMap((flow) => flow.functions)];
    new Operations(this, "operations", { settings, alarms, functions, buckets, http, sockets });
    if (settings.trail) record(this, buckets);
    tell(this, {
      PageUrl: page.url,
      PageBucket: page.bucket.bucketName,
      HttpApiUrl: http.url,
      HttpApiId: http.api.apiId,
      SocketUrl: sockets.url,
      ConnectionsEndpoint: sockets.management,
      UploadsBucket: [
        buckets.uploads.bucket.bucketName,
        "Upload files to scan below files/TENANT/, and statements below statements/TENANT/",
      ],
      ObjectsBucket: buckets.objects.bucket.bucketName,
      ...(auth.pool && { UserPoolId: [auth.pool.userPoolId, "Create users here, and set custom:tenant for each"] }),
      UserPoolClientId: identities.audience,
      SignInUrl: identities.domain,
      ...Object.fromEntries(flows.flatMap((flow) => flow.outputs)),
      AlarmsTopic: alarms.topic.topicArn,
      NoticesTopic: notices.topic.topicArn,
      EventBus: bus.bus.eventBusName,
      ...(bus.archive && { EventArchive: [bus.archive.archiveName, "docs/runbook.md#replaying-events"] }),
      RecordsTable: tables.records.table.tableName,
      ScanTable: tables.scan.table.tableName,
      ConnectionsTable: tables.connections.table.tableName,
      TicketsTable: tables.tickets.table.tableName,
      TokensTable: tables.tokens.table.tableName,
      TokenKeyId: tables.tokenKey.keyId,
    });
  }
}

/** Returns the origins that may upload to the buckets. The distribution's own name would be a circular reference. */
function storageClients({ domain, pageOrigin, endpoint, origins }: Settings): string[] {
  const named = domain === undefined ? pageOrigin : `https://${domain.name}`;
  const any = endpoint === undefined ? "net" : `localhost:${new URL(endpoint).port}`;
  return [named ?? `https://*.cloudfront.${any}`, ...origins];
}

/** A CloudTrail trail that records access to objects. */
function record(scope: Construct, { objects, uploads }: Buckets): void {
  const trail = new cloudtrail.Trail(scope, "trail", {
    isMultiRegionTrail: false,
    managementEvents: cloudtrail.ReadWriteType.NONE,
  });
  trail.addS3EventSelector([{ bucket: objects.bucket }, { bucket: uploads.bucket }]);
  acknowledge(trail, { "AwsSolutions-S1": "The log bucket itself: access to it is not logged." });
}

function tell(scope: Construct, outputs: Record<string, string | [string, string]>): void {
  for (const [name, said] of Object.entries(outputs)) {
    const [value, description] = typeof said === "string" ? [said] : said;
    new CfnOutput(scope, name, { value, ...(description && { description }) });
  }
}
