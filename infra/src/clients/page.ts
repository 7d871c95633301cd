// The page: files in a private bucket, served by CloudFront, which also forwards `/api/` to the HTTP API.

import path from "node:path";
import { Aws, Duration, Fn, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Certificate } from "aws-cdk-lib/aws-certificatemanager";
import * as cloudfront from "aws-cdk-lib/aws-cloudfront";
import * as origins from "aws-cdk-lib/aws-cloudfront-origins";
import * as s3 from "aws-cdk-lib/aws-s3";
import * as deployment from "aws-cdk-lib/aws-s3-deployment";
import { Construct } from "constructs";

import { pageOf } from "../constructs/built.ts";
import { acknowledge, acknowledgeWildcard } from "../constructs/nag-suppressions.ts";
import { globalName } from "../constructs/names.ts";
import type { Settings } from "../settings.ts";
import type { Http } from "./http.ts";

/**
 * Rewrites all addresses of the page to its one document. Names below a scan may contain dots; files of the page are
 * elsewhere. Runs in CloudFront Functions, which have their own JavaScript runtime.
 */
export const REWRITE = `function handler(event) {
  var request = event.request;
  var name = request.uri.slice(request.uri.lastIndexOf("/") + 1);
  if (request.uri.indexOf("/scans/") === 0 || name.indexOf(".") === -1) request.uri = "/index.html";
  return request;
}
`;

export interface PageProps {
  settings: Settings;
  http: Http;
  /** Origins besides its own that the page connects to (sockets, storage, sign-in) and loads images from. */
  connects: string[];
  pictures: string[];
}

export class Page extends Construct {
  readonly bucket: s3.Bucket;
  readonly distribution: cloudfront.Distribution;
  /** The origin at which users open it. */
  readonly url: string;

  constructor(scope: Construct, id: string, props: PageProps) {
    super(scope, id);
    const { settings } = props;
    this.bucket = new s3.Bucket(this, "bucket", {
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      encryption: s3.BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      versioned: true,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [{ id: "replaced", noncurrentVersionExpiration: Duration.days(30) }],
    });
    acknowledge(this.bucket, { "AwsSolutions-S1": "Contains only the public page; CloudFront is its only reader." });
    this.distribution = this.distribute(props);
    this.url = this.opened(settings);
    if (settings.pageFiles !== undefined) this.fill(pageOf(settings.pageFiles, settings));
  }

  private opened({ domain, pageOrigin, endpoint }: Settings): string {
    if (domain !== undefined) return `https://${domain.name}`;
    if (pageOrigin !== undefined) return pageOrigin;
    if (endpoint === undefined) return `https://${this.distribution.distributionDomainName}`;
    // An emulator serves distributions below its own host name.
    const label = Fn.select(0, Fn.split(".", this.distribution.distributionDomainName));
    return `https://${label}.cloudfront.localhost:${new URL(endpoint).port}`;
  }

  private distribute(props: PageProps): cloudfront.Distribution {
    const { settings, http } = props;
    const headers = this.headers(props);
    const distribution = new cloudfront.Distribution(this, "distribution", {
      comment: "Riffle",
      defaultRootObject: "index.html",
      httpVersion: cloudfront.HttpVersion.HTTP2_AND_3,
      ...(settings.domain && {
        minimumProtocolVersion: cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
        domainNames: [settings.domain.name],
        certificate: Certificate.fromCertificateArn(this, "certificate", settings.domain.certificateArn),
      }),
      defaultBehavior: {
        origin: origins.S3BucketOrigin.withOriginAccessControl(this.bucket, {
          originAccessControl: new cloudfront.S3OriginAccessControl(this, "access", {
            originAccessControlName: globalName(this, "page"),
          }),
          // With permission to list, a missing file is a 404. No address shows a listing, as each one is rewritten to a
          // file.
          originAccessLevels: [cloudfront.AccessLevel.READ, cloudfront.AccessLevel.LIST],
        }),
        viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        cachePolicy: cloudfront.CachePolicy.CACHING_OPTIMIZED,
        responseHeadersPolicy: headers,
        compress: true,
        functionAssociations: [
          {
            eventType: cloudfront.FunctionEventType.VIEWER_REQUEST,
            function: new cloudfront.Function(this, "rewrite", {
              functionName: globalName(this, "page-rewrite"),
              runtime: cloudfront.FunctionRuntime.JS_2_0,
              code: cloudfront.FunctionCode.fromInline(REWRITE),
            }),
          },
        ],
      },
      additionalBehaviors: {
        "/api/*": {
          origin: new origins.HttpOrigin(http.host, {
            protocolPolicy: cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
            originSslProtocols: [cloudfront.OriginSslPolicy.TLS_V1_2],
          }),
          viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
          allowedMethods: cloudfront.AllowedMethods.ALLOW_ALL,
          cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
          originRequestPolicy: cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
        },
      },
    });
    acknowledge(distribution, {
      "AwsSolutions-CFR1": "Users may be in any country.",
      "AwsSolutions-CFR2":
        "Public files, and an API with its own tokens and throttles; the operator can add a firewall.",
      "AwsSolutions-CFR3": "Only files of the page; the APIs have their own access logs, without links.",
    });
    acknowledge(distribution, {
      "Annotation::@aws-cdk/aws-cloudfront-origins:listBucketSecurityRisk":
        "Every address without a file is rewritten to the page's document.",
    });
    if (settings.domain === undefined) {
      acknowledge(distribution, {
        "AwsSolutions-CFR4": "CloudFront's own certificate allows no choice of TLS version; the setting `domain` does.",
      });
    }
    return distribution;
  }

  /** The headers of the local server (local/src/serve/page.rs), with the other origins on AWS. */
  private headers({ connects, pictures }: PageProps): cloudfront.ResponseHeadersPolicy {
    const policy = [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self' 'unsafe-inline'",
      `img-src ${["'self'", "blob:", "data:", ...pictures].join(" ")}`,
      `connect-src ${["'self'", ...connects].join(" ")}`,
      "font-src 'self'",
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ].join("; ");
    return new cloudfront.ResponseHeadersPolicy(this, "headers", {
      responseHeadersPolicyName: globalName(this, "page"),
      securityHeadersBehavior: {
        contentSecurityPolicy: { contentSecurityPolicy: policy, override: true },
        contentTypeOptions: { override: true },
        frameOptions: { frameOption: cloudfront.HeadersFrameOption.DENY, override: true },
        referrerPolicy: { referrerPolicy: cloudfront.HeadersReferrerPolicy.NO_REFERRER, override: true },
        strictTransportSecurity: { accessControlMaxAge: Duration.days(365), includeSubdomains: true, override: true },
      },
    });
  }

  private fill(files: string): void {
    const common = {
      destinationBucket: this.bucket,
      distribution: this.distribution,
      // Compressed copies for the local server; CloudFront compresses by itself.
      exclude: ["*.gz"],
      memoryLimit: 256,
    };
    // File names contain a hash of the content. Old files are kept for browsers that still have the old document.
    const assets = new deployment.BucketDeployment(this, "assets", {
      ...common,
      sources: [deployment.Source.asset(path.join(files, "assets"), { exclude: ["*.gz"] })],
      destinationKeyPrefix: "assets",
      cacheControl: [deployment.CacheControl.fromString("public, max-age=31536000, immutable")],
      prune: false,
      distributionPaths: ["/assets/*"],
    });
    const document = new deployment.BucketDeployment(this, "document", {
      ...common,
      sources: [deployment.Source.asset(files, { exclude: ["*.gz", "assets", "assets/**"] })],
      // It names the other files, so that a cached document could request files that no longer exist.
      cacheControl: [deployment.CacheControl.fromString("no-cache")],
      prune: false,
      distributionPaths: ["/*"],
    });
    document.node.addDependency(assets);
    this.excuseCopier();
  }

  /** Acknowledges the rules for the CDK's function that copies files during a deployment. */
  private excuseCopier(): void {
    const stack = Stack.of(this);
    const copier = stack.node.children.find((child) => child.node.id.startsWith("Custom::CDKBucketDeployment"));
    if (copier === undefined) return;
    const why = "The CDK's own function that copies files; it runs only during a deployment, with the CDK's settings.";
    const basics = "Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
    acknowledge(copier, { "AwsSolutions-L1": why, [`AwsSolutions-IAM4[${basics}]`]: why });
    for (const action of ["GetBucket*", "GetObject*", "List*", "Abort*", "DeleteObject*"]) {
      acknowledge(copier, { [`AwsSolutions-IAM5[Action::s3:${action}]`]: why });
    }
    const assets = `arn:${Aws.PARTITION}:s3:::cdk-hnb659fds-assets-${stack.account}-${stack.region}/*`;
    for (const resource of ["*", this.bucket.arnForObjects("*"), assets]) acknowledgeWildcard(copier, resource, why);
  }
}

/** Returns the hosts at which browsers reach a bucket. */
export function storageOrigins(scope: Construct, bucket: s3.IBucket, endpoint: string | undefined): string[] {
  const region = Stack.of(scope).region;
  return endpoint === undefined ? [`https://${bucket.bucketName}.s3.${region}.${Aws.URL_SUFFIX}`] : [endpoint];
}
