// The settings of a deployment, from the context: `-c name=value`, or cdk.context.json. Only this file reads it.

import type { StackProps } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

import { Context, wrong } from "./context.ts";
import { queuesOf, TOPOLOGY } from "./topology.ts";

/** A scan that starts on a schedule. */
export interface ScheduledScan {
  name: string;
  /** A schedule expression of EventBridge Scheduler: `cron(0 6 * * ? *)`, `rate(1 day)`, in UTC. */
  schedule: string;
  tenant: string;
  /** The files: those below `files/TENANT/PREFIX` in the uploads bucket. */
  prefix: string;
  /** The codes themselves, or the key of a list of them in the objects bucket. */
  codes?: string[];
  codesKey?: string;
  options?: Record<string, unknown>;
}

/**
 * What the app is synthesized for. `diff`: a comparison; placeholders replace missing builds. `place`: bootstrapping or
 * removing the stack; only its name and region count.
 */
export type Purpose = "deploy" | "diff" | "place";

export interface Settings {
  purpose: Purpose;
  architecture: "arm64" | "x86_64";
  /** Folder that contains NAME/bootstrap for each function. */
  functions: string;
  /** Folder of the built page, or undefined if something else puts the files into the bucket. */
  pageFiles: string | undefined;
  /** A custom domain for the page, with its certificate in us-east-1. */
  domain: { name: string; certificateArn: string } | undefined;
  /** The origin of the page if it is not that of the distribution. */
  pageOrigin: string | undefined;
  /** Further origins whose pages may use the APIs, such as a developer's. */
  origins: string[];
  /** The address of an emulator used instead of AWS: its APIs have other addresses. */
  endpoint: string | undefined;
  /** Metric math, saved queries and the budget, which an emulator may lack. */
  fullMonitoring: boolean;
  days: {
    logs: number;
    /** Files uploaded by the page. */
    uploaded: number;
    /** Images for reports, which contain copies once they are written. */
    crops: number;
    /** OCR results, kept so that the same image is not paid for twice. */
    texts: number;
    /** 0 keeps them forever, here and below. */
    reports: number;
    files: number;
    /** Statement files; their transactions are kept. */
    statements: number;
    /** Events that can be replayed. */
    archive: number;
    /** Object versions that were replaced or deleted. */
    versions: number;
  };
  /** Most concurrent invocations, by the name of the consumed queue; infra/src/flows has the defaults. */
  concurrency: Partial<Record<string, number>>;
  /** How statements get from the bucket to the processor: through the bus, around it, or both to compare. */
  processingMode: "events" | "direct" | "shadow";
  /** Prefix below a tenant's part that contains packages to restore instead of statements; `restore/` by default. */
  restorePrefix: string | undefined;
  /** An external identity provider instead of a Cognito user pool. */
  identities: { issuer: string; audience: string; domain: string } | undefined;
  selfSignUp: boolean;
  loginPrefix: string | undefined;
  googleDrive: boolean;
  driveFolder: string | undefined;
  driveEndpoint: string | undefined;
  ocr: "off" | "textract";
  ocrPagesPerSecond: number;
  linkSeconds: number;
  /** Longest visibility timeout of a failed message, in seconds; shared/lambda/src/run.rs has the default. */
  longestRetrySeconds: number | undefined;
  /** Quotas of one tenant; shared/ports/src/quotas.rs has the defaults. */
  quotas: Partial<Record<Quota, number>>;
  prices: string | undefined;
  alarmEmail: string | undefined;
  noticeEmail: string | undefined;
  /** Limits above which a notification is sent: US dollars a day, and gigabytes in a bucket. */
  dailyCost: number;
  bucketGigabytes: number;
  /** Whether CloudTrail records access to objects. */
  trail: boolean;
  /** Whether to create the role with which API Gateway writes logs: one per account and region, so it may exist. */
  gatewayLogsRole: boolean;
  scheduledScans: ScheduledScan[];
  /** Base URL of the runbook that alarms link to. */
  runbook: string;
}

const QUOTAS = ["requests_per_minute", "scans_per_day", "upload_bytes_per_day", "ocr_pages_per_day"] as const;
type Quota = (typeof QUOTAS)[number];

const DEFAULTS: Settings = {
  purpose: "deploy",
  architecture: "arm64",
  functions: "../target/lambda",
  pageFiles: "../dashboard/dist",
  domain: undefined,
  pageOrigin: undefined,
  origins: [],
  endpoint: undefined,
  fullMonitoring: true,
  days: {
    logs: 30,
    uploaded: 30,
    crops: 30,
    texts: 90,
    reports: 0,
    files: 0,
    statements: 0,
    archive: 90,
    versions: 30,
  },
  concurrency: {},
  processingMode: "events",
  restorePrefix: undefined,
  identities: undefined,
  selfSignUp: false,
  loginPrefix: undefined,
  googleDrive: false,
  driveFolder: undefined,
  driveEndpoint: undefined,
  ocr: "off",
  ocrPagesPerSecond: 1,
  linkSeconds: 3_600,
  longestRetrySeconds: undefined,
  quotas: {},
  prices: undefined,
  alarmEmail: undefined,
  noticeEmail: undefined,
  dailyCost: 10,
  bucketGigabytes: 500,
  trail: false,
  gatewayLogsRole: true,
  scheduledScans: [],
  runbook: "docs/runbook.md",
};

const QUEUES = TOPOLOGY.flows.flatMap((flow) => queuesOf(flow).map(({ name }) => name));

export const purposeOf = (app: IConstruct): Purpose =>
  new Context(app).oneOf("purpose", ["deploy", "diff", "place"], DEFAULTS.purpose);

/** The stack's name and region. */
export interface Place {
  name: string;
  props: StackProps;
}

/**
 * Reads name and region; without a region, that of the credentials is used. Other names contain the stack's name, and
 * the longest leaves room for 32 characters.
 */
export function placeOf(app: IConstruct): Place {
  const said = new Context(app);
  const name = said.text("stackName") ?? "Riffle";
  if (!/^[A-Za-z][A-Za-z0-9-]{0,31}$/.test(name)) {
    throw wrong("stackName", `${name} must consist of at most 32 letters, digits and hyphens, and begin with a letter`);
  }
  const region = said.text("region");
  if (region !== undefined && !/^[a-z]{2,}(-[a-z]+)+-\d+$/.test(region)) {
    throw wrong("region", `${region} is not a region, such as eu-central-1`);
  }
  return { name, props: region === undefined ? {} : { env: { region } } };
}

/** Reads the settings of an app. Throws with the name of the first wrong setting. */
export function settingsOf(app: IConstruct): Settings {
  const said = new Context(app);
  const days = {
    ...DEFAULTS.days,
    ...said.numbers("days", Object.keys(DEFAULTS.days) as (keyof Settings["days"])[], 0),
  };
  if (days.logs === 0) throw wrong("days", "logs must be 1 or more");
  return {
    purpose: purposeOf(app),
    architecture: said.oneOf("architecture", ["arm64", "x86_64"], DEFAULTS.architecture),
    functions: said.text("functions") ?? DEFAULTS.functions,
    pageFiles: said.text("pageFiles") === "off" ? undefined : (said.text("pageFiles") ?? DEFAULTS.pageFiles),
    domain: said.object("domain", ["name", "certificateArn"]),
    pageOrigin: said.origin("pageOrigin"),
    origins: said.list("origins"),
    endpoint: said.origin("endpoint"),
    fullMonitoring: said.flag("fullMonitoring", DEFAULTS.fullMonitoring),
    days,
    // The maximum concurrency of an event source is at least 2.
    concurrency: said.numbers("concurrency", QUEUES, 2),
    processingMode: said.oneOf("processingMode", ["events", "direct", "shadow"], DEFAULTS.processingMode),
    restorePrefix: said.text("restorePrefix"),
    identities: said.object("identities", ["issuer", "audience", "domain"]),
    selfSignUp: said.flag("selfSignUp", DEFAULTS.selfSignUp),
    loginPrefix: said.text("loginPrefix"),
    googleDrive: said.flag("googleDrive", DEFAULTS.googleDrive),
    driveFolder: said.text("driveFolder"),
    driveEndpoint: said.text("driveEndpoint"),
    ocr: said.oneOf("ocr", ["off", "textract"], DEFAULTS.ocr),
    ocrPagesPerSecond: said.number("ocrPagesPerSecond", DEFAULTS.ocrPagesPerSecond, 0.1),
    linkSeconds: said.number("linkSeconds", DEFAULTS.linkSeconds, 60),
    longestRetrySeconds:
      said.text("longestRetrySeconds") === undefined ? undefined : said.number("longestRetrySeconds", 0, 0),
    quotas: said.numbers("quotas", QUOTAS, 0),
    prices: said.text("prices"),
    alarmEmail: said.text("alarmEmail"),
    noticeEmail: said.text("noticeEmail"),
    dailyCost: said.number("dailyCost", DEFAULTS.dailyCost, 0.01),
    bucketGigabytes: said.number("bucketGigabytes", DEFAULTS.bucketGigabytes, 1),
    trail: said.flag("trail", DEFAULTS.trail),
    gatewayLogsRole: said.flag("gatewayLogsRole", DEFAULTS.gatewayLogsRole),
    scheduledScans: said.scans("scheduledScans"),
    runbook: said.text("runbook") ?? DEFAULTS.runbook,
  };
}
