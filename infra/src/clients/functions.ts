// The functions that clients reach: four behind the WebSocket API, one behind the HTTP API.

import { Duration } from "aws-cdk-lib";
import { Construct } from "constructs";
import { RustFunction } from "../constructs/rust-function.ts";
import type { Buckets } from "../data/buckets.ts";
import type { Tables } from "../data/tables.ts";
import type { Alarms } from "../monitoring/alarms.ts";
import type { Settings } from "../settings.ts";
import type { Sockets } from "./sockets.ts";

export interface ClientFunctionsProps {
  settings: Settings;
  alarms: Alarms;
  tables: Tables;
  buckets: Buckets;
  sockets: Sockets;
  origins: string[];
}

export class ClientFunctions extends Construct {
  readonly authorizer: RustFunction;
  readonly connect: RustFunction;
  readonly disconnect: RustFunction;
  readonly otherwise: RustFunction;
  readonly api: RustFunction;
  readonly all: RustFunction[];

  constructor(scope: Construct, id: string, props: ClientFunctionsProps) {
    super(scope, id);
    const { settings, alarms, tables, buckets, sockets } = props;
    const socket = { settings, alarms, memory: 256, timeout: Duration.seconds(10) };

    this.authorizer = new RustFunction(this, "websocket-authorizer", {
      ...socket,
      description: "Checks the ticket of a new connection",
      environment: { ALLOWED_ORIGINS: props.origins.join(",") },
    });
    tables.tickets.allow(this.authorizer, "DeleteItem");

    this.connect = new RustFunction(this, "websocket-connect", { ...socket, description: "Stores a connection" });
    tables.connections.allow(this.connect, "PutItem");

    this.disconnect = new RustFunction(this, "websocket-disconnect", {
      ...socket,
      description: "Removes a connection",
    });
    tables.connections.allow(this.disconnect, "Query", "DeleteItem");

    // A list of codes in a frame is parsed in a separate process of up to 256 MB.
    this.otherwise = new RustFunction(this, "websocket-default", {
      ...socket,
      memory: 512,
      description: "Handles the frames of clients",
    });
    tables.scan.allow(this.otherwise, "GetItem", "PutItem", "UpdateItem", "Query");
    tables.connections.allow(this.otherwise, "GetItem", "PutItem", "DeleteItem", "Query");
    tables.tokens.allow(this.otherwise, "PutItem", "DeleteItem");
    tables.allowTokenKey(this.otherwise, "Encrypt");
    buckets.objects.allowRead(this.otherwise, "codes", "manifests", "results", "uploads");
    // The use of an upload by a scan is recorded next to the upload.
    buckets.objects.allowWrite(this.otherwise, "codes", "uploaded");
    sockets.allowPush(this.otherwise);

    this.api = new RustFunction(this, "api", {
      settings,
      alarms,
      description: "Handles requests of the HTTP API",
      memory: 1_024,
      timeout: Duration.seconds(29),
      environment: {
        SOCKET_URL: sockets.url,
        OCR_BACKEND: settings.ocr,
        LINK_LIFETIME_SECONDS: String(settings.linkSeconds),
        CONNECTIONS_TABLE: tables.connections.table.tableName,
      },
    });
    // It marks scans for deletion.
    tables.scan.allow(this.api, "GetItem", "UpdateItem", "Query", "BatchGetItem");
    tables.scan.allowQuery(this.api, "tenant");
    tables.tickets.allow(this.api, "PutItem");
    // Pages of Google Drive files are rendered while their scan runs.
    tables.tokens.allow(this.api, "GetItem");
    tables.allowTokenKey(this.api, "Decrypt");
    const made = ["codes", "manifests", "results", "reports", "uploads", "uploaded"];
    buckets.objects.allowRead(this.api, ...made);
    buckets.objects.allowWrite(this.api, "uploads", "uploaded");
    buckets.uploads.allowRead(this.api, "files", "uploaded");
    buckets.uploads.allowUpload(this.api, "uploaded");
    this.all = [this.authorizer, this.connect, this.disconnect, this.otherwise, this.api];
  }
}
