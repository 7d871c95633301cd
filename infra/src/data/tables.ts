// What is known of scans, of the work of other flows, and of connections, tickets and tokens.

import { RemovalPolicy } from "aws-cdk-lib";
import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as kms from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";

import type { RustFunction } from "../constructs/rust-function.ts";

/** A table of ours, and who may do what with it. */
export class Table extends Construct {
  readonly table: dynamodb.Table;

  constructor(
    scope: Construct,
    id: string,
    private readonly variable: string,
    removalPolicy: RemovalPolicy,
  ) {
    super(scope, id);
    this.table = new dynamodb.Table(this, "table", {
      partitionKey: { name: "pk", type: dynamodb.AttributeType.STRING },
      sortKey: { name: "sk", type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      encryption: dynamodb.TableEncryption.DEFAULT,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: "expires_at",
      removalPolicy,
    });
  }

  /** Such as `GetItem`. The function is told the table's name. */
  allow(who: RustFunction, ...actions: string[]): void {
    who.allow(actions.map(named), [this.table.tableArn]);
    who.set({ [this.variable]: this.table.tableName });
  }

  allowQuery(who: RustFunction, index: string): void {
    who.allow([named("Query")], [`${this.table.tableArn}/index/${index}`]);
  }

  /** An index of keys alone: what it names is read from the table. */
  index(name: string, partition: string, sort: string): void {
    this.table.addGlobalSecondaryIndex({
      indexName: name,
      partitionKey: { name: partition, type: dynamodb.AttributeType.STRING },
      sortKey: { name: sort, type: dynamodb.AttributeType.STRING },
      projectionType: dynamodb.ProjectionType.KEYS_ONLY,
    });
  }
}

const named = (action: string) => `dynamodb:${action}`;

export class Tables extends Construct {
  /** Sessions, results, sets and attempts. */
  readonly scan: Table;
  /** The record store: work of all flows but the scan, its outbox and audit trail; transactions and figures. */
  readonly records: Table;
  readonly connections: Table;
  readonly tickets: Table;
  readonly tokens: Table;
  /** Encrypts the tokens of strangers' services, each for its tenant and session. */
  readonly tokenKey: kms.Key;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.scan = new Table(this, "scan", "SCAN_TABLE", RemovalPolicy.RETAIN);
    // Who is not at an end has the shard, who has it is looked at each minute.
    this.scan.index("open", "open_shard", "pk");
    this.scan.index("tenant", "tenant", "listed_at");
    this.records = new Table(this, "records", "RECORDS_TABLE", RemovalPolicy.RETAIN);
    // Records that are not at an end, and events that are still to be announced.
    this.records.index("open", "open_shard", "listed_at");
    // The records of a list and the events of a tenant, by time.
    this.records.index("listed", "list", "listed_at");
    // These live for hours at most: nothing is lost with them.
    this.connections = new Table(this, "connections", "CONNECTIONS_TABLE", RemovalPolicy.DESTROY);
    this.tickets = new Table(this, "tickets", "TICKETS_TABLE", RemovalPolicy.DESTROY);
    this.tokens = new Table(this, "tokens", "TOKENS_TABLE", RemovalPolicy.DESTROY);
    this.tokenKey = new kms.Key(this, "token-key", {
      description: "Riffle: access tokens of sources, bound to tenant and session",
      enableKeyRotation: true,
    });
  }

  /** Lets a function seal (`Encrypt`) or open (`Decrypt`) tokens, only ever with a tenant and a session beside them. */
  allowTokenKey(who: RustFunction, action: "Encrypt" | "Decrypt"): void {
    who.allow([`kms:${action}`], [this.tokenKey.keyArn], {
      Null: { "kms:EncryptionContext:tenant": "false", "kms:EncryptionContext:session": "false" },
    });
    who.set({ TOKEN_KEY_ID: this.tokenKey.keyId });
  }
}
