// The DynamoDB tables: scans, records of the other flows, connections, tickets and tokens.

import { RemovalPolicy } from "aws-cdk-lib";
import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as kms from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";

import type { RustFunction } from "../constructs/rust-function.ts";

/** A table, and the grants on it. */
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

  /** Grants actions such as `GetItem` and sets the variable with the table's name. */
  allow(who: RustFunction, ...actions: string[]): void {
    who.allow(actions.map(named), [this.table.tableArn]);
    who.set({ [this.variable]: this.table.tableName });
  }

  allowQuery(who: RustFunction, index: string): void {
    who.allow([named("Query")], [`${this.table.tableArn}/index/${index}`]);
  }

  /** Grants queries of an index. It contains keys only: the items are read from the table. */
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
  /** Scan table: sessions, results, sets and attempts. */
  readonly scan: Table;
  /** Record store: records of all flows except the scan, with outbox and audit trail; transactions and figures. */
  readonly records: Table;
  readonly connections: Table;
  readonly tickets: Table;
  readonly tokens: Table;
  /** Encrypts the tokens of third-party services, each for its tenant and session. */
  readonly tokenKey: kms.Key;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.scan = new Table(this, "scan", "SCAN_TABLE", RemovalPolicy.RETAIN);
    // Sessions that have not ended have the shard attribute; the sweeper reads this index each minute.
    this.scan.index("open", "open_shard", "pk");
    this.scan.index("tenant", "tenant", "listed_at");
    this.records = new Table(this, "records", "RECORDS_TABLE", RemovalPolicy.RETAIN);
    // Unfinished records, and events that are still to be published.
    this.records.index("open", "open_shard", "listed_at");
    // The records of a list and the events of a tenant, by time.
    this.records.index("listed", "list", "listed_at");
    // Their items live for hours at most, so that deleting the tables loses nothing.
    this.connections = new Table(this, "connections", "CONNECTIONS_TABLE", RemovalPolicy.DESTROY);
    this.tickets = new Table(this, "tickets", "TICKETS_TABLE", RemovalPolicy.DESTROY);
    this.tokens = new Table(this, "tokens", "TOKENS_TABLE", RemovalPolicy.DESTROY);
    this.tokenKey = new kms.Key(this, "token-key", {
      description: "Riffle: access tokens of sources, bound to tenant and session",
      enableKeyRotation: true,
    });
  }

  /** Lets a function `Encrypt` or `Decrypt` tokens, only with a tenant and a session as encryption context. */
  allowTokenKey(who: RustFunction, action: "Encrypt" | "Decrypt"): void {
    who.allow([`kms:${action}`], [this.tokenKey.keyArn], {
      Null: { "kms:EncryptionContext:tenant": "false", "kms:EncryptionContext:session": "false" },
    });
    who.set({ TOKEN_KEY_ID: this.tokenKey.keyId });
  }
}
