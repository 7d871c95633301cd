// The buckets: uploads of users, and objects made from them.

import { Duration, RemovalPolicy } from "aws-cdk-lib";
import * as s3 from "aws-cdk-lib/aws-s3";
import * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

import { acknowledge } from "../constructs/nag-suppressions.ts";
import type { RustFunction } from "../constructs/rust-function.ts";
import { ofThisAccount } from "../monitoring/alarms.ts";
import type { Settings } from "../settings.ts";

const BELOW = "Keys are created at run time; the grant is limited to the prefix.";

/** A private bucket, and the grants below its prefixes. */
export class Bucket extends Construct {
  readonly bucket: s3.Bucket;
  private readonly notified: s3.CfnBucket.QueueConfigurationProperty[] = [];

  constructor(
    scope: Construct,
    id: string,
    private readonly variable: string,
    settings: Settings,
    expiring: Record<string, number>,
    /** Prefixes below which deleted objects are removed after a day, whatever the retention of other versions. */
    forgotten: string[],
    cors: s3.CorsRule[],
  ) {
    super(scope, id);
    this.bucket = new s3.Bucket(this, "bucket", {
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      encryption: s3.BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      versioned: true,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: RemovalPolicy.RETAIN,
      cors,
      lifecycleRules: [
        {
          id: "unfinished",
          abortIncompleteMultipartUploadAfter: Duration.days(1),
          expiredObjectDeleteMarker: true,
        },
        ...(settings.days.versions > 0
          ? [{ id: "replaced", noncurrentVersionExpiration: Duration.days(settings.days.versions) }]
          : []),
        ...Object.entries(expiring)
          .filter(([, days]) => days > 0)
          .map(([prefix, days]) => ({ id: prefix, prefix: `${prefix}/`, expiration: Duration.days(days) })),
        ...forgotten.map((prefix) => ({
          id: `${prefix}-forgotten`,
          prefix: `${prefix}/`,
          noncurrentVersionExpiration: Duration.days(1),
        })),
      ],
    });
    acknowledge(this.bucket, {
      "AwsSolutions-S1":
        "Server access logs contain complete signed links. With the setting `trail`, CloudTrail records all access.",
    });
  }

  /**
   * Grants reading below the prefixes. Without permission to list, S3 answers 403 instead of 404 for a missing object,
   * so that a missing upload could not be recognised.
   */
  allowRead(who: RustFunction, ...prefixes: string[]): void {
    who.allowMany(["s3:GetObject"], this.below(prefixes), BELOW);
    who.allow(["s3:ListBucket"], [this.bucket.bucketArn]);
    this.tell(who);
  }

  allowWrite(who: RustFunction, ...prefixes: string[]): void {
    who.allowMany(["s3:PutObject"], this.below(prefixes), BELOW);
    this.tell(who);
  }

  /** Grants multipart uploads, for which the function signs links. */
  allowUpload(who: RustFunction, ...prefixes: string[]): void {
    const actions = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"];
    who.allowMany(actions, this.below(prefixes), BELOW);
    this.tell(who);
  }

  /** Grants reading a specific object version, as named by a notification. */
  allowReadVersions(who: RustFunction, ...prefixes: string[]): void {
    who.allowMany(["s3:GetObjectVersion"], this.below(prefixes), BELOW);
    who.allow(["s3:ListBucket"], [this.bucket.bucketArn]);
    this.tell(who);
  }

  allowTags(who: RustFunction, ...prefixes: string[]): void {
    who.allowMany(["s3:GetObjectVersionTagging"], this.below(prefixes), BELOW);
  }

  allowDelete(who: RustFunction, ...prefixes: string[]): void {
    who.allowMany(["s3:DeleteObject"], this.below(prefixes), BELOW);
    this.tell(who);
  }

  /** Grants permanent deletion: deleting without a version only adds a delete marker. */
  allowDeleteVersions(who: RustFunction, ...prefixes: string[]): void {
    who.allowMany(["s3:DeleteObjectVersion"], this.below(prefixes), BELOW);
    this.tell(who);
  }

  /** Notifies a queue of new objects below a prefix. S3 validates the queue policy when the notification is created. */
  notify(queue: sqs.Queue, prefix: string): void {
    queue.grantSendMessages(ofThisAccount(queue, "s3.amazonaws.com"));
    const bucket = this.bucket.node.defaultChild as s3.CfnBucket;
    this.notified.push({
      event: "s3:ObjectCreated:*",
      queue: queue.queueArn,
      filter: { s3Key: { rules: [{ name: "prefix", value: prefix }] } },
    });
    bucket.notificationConfiguration = { queueConfigurations: this.notified };
    bucket.node.addDependency(...queue.node.findAll().filter((one) => one instanceof sqs.CfnQueuePolicy));
  }

  private below(prefixes: string[]): string[] {
    return prefixes.map((prefix) => this.bucket.arnForObjects(`${prefix}/*`));
  }

  private tell(who: RustFunction): void {
    who.set({ [this.variable]: this.bucket.bucketName });
  }
}

export class Buckets extends Construct {
  /**
   * Objects made by Riffle: codes, manifests, long results, crops, OCR texts, reports, declarations of uploads and the
   * contents of statements.
   */
  readonly objects: Bucket;
  /**
   * Uploads of users: files to scan below `uploaded/` (by the page) and `files/TENANT/` (by other means), statements
   * below `statements/TENANT/`.
   */
  readonly uploads: Bucket;

  constructor(scope: Construct, id: string, settings: Settings, origins: string[]) {
    super(scope, id);
    const { days } = settings;
    const reading = { allowedMethods: [s3.HttpMethods.GET, s3.HttpMethods.HEAD], allowedOrigins: origins };
    this.objects = new Bucket(
      this,
      "objects",
      "OBJECTS_BUCKET",
      settings,
      { crops: days.crops, texts: days.texts, reports: days.reports, uploaded: days.uploaded },
      // Data that users can delete: results of a scan, and lists of the transactions in a file.
      ["codes", "manifests", "results", "crops", "reports", "uploads", "uploaded", "statements"],
      [{ ...reading, allowedHeaders: ["*"], exposedHeaders: ["ETag"], maxAge: 3_600 }],
    );
    this.uploads = new Bucket(
      this,
      "uploads",
      "UPLOADS_BUCKET",
      settings,
      { uploaded: days.uploaded, files: days.files, statements: days.statements },
      ["uploaded", "statements"],
      [
        {
          allowedMethods: [...reading.allowedMethods, s3.HttpMethods.PUT, s3.HttpMethods.POST],
          allowedOrigins: origins,
          allowedHeaders: ["*"],
          // The page returns it to complete a multipart upload.
          exposedHeaders: ["ETag"],
          maxAge: 3_600,
        },
      ],
    );
  }
}
