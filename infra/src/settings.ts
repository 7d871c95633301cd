// What a person may choose of a deployment, by context: `-c name=value`, or in cdk.context.json. Read here alone.

import type { StackProps } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

import { Context, wrong } from "./context.ts";
import { queuesOf, TOPOLOGY } from "./topology.ts";

/** A scan that starts by itself. */
export interface ScheduledScan {
  name: string;
  /** As EventBridge Scheduler takes it: `cron(0 6 * * ? *)`, `rate(1 day)`, in UTC. */
  schedule: string;
  tenant: string;
  /** The files: what lies below `files/TENANT/PREFIX` of the uploads bucket. */
  prefix: string;
  /** The codes themselves, or the key of a list of them in the objects bucket. */
  codes?: string[];
  codesKey?: string;
  options?: Record<string, unknown>;
}

/**
 * What the app is synthesized for. `diff`: to be compared; placeholders take the place of what is not built. `place`: to
 * bootstrap, or to remove the stack; only its name and region count.
 */
export type Purpose = "deploy" | "diff" | "place";

export interface Settings {
  purpose: Purpose;
  architecture: "arm64" | "x86_64";
  /** Folder with NAME/bootstrap of each function. */
  functions: string;
  /** Folder of the built page, or undefined where another puts the files into the bucket. */
  pageFiles: string | undefined;
  /** A domain of one's own for the page, with its certificate in us-east-1. */
  domain: { name: string; certificateArn: string } | undefined;
  /** Where people open the page if it is not the distribution itself. */
  pageOrigin: string | undefined;
  /** Other origins whose pages may use the APIs, such as a developer's. */
  origins: string[];
  /** The address of an emulator in the place of AWS: its APIs have other addresses. */
  endpoint: string | undefined;
  /** Metric math, saved queries and the budget, which an emulator may lack. */
  fullMonitoring: boolean;
  days: {
    logs: number;
    /** Files that were put by the page. */
    uploaded: number;
    /** Pictures for reports, which hold them once they are made. */
    crops: number;
    /** What OCR read of a picture, kept so that it is not paid for again. */
    texts: number;
    /** 0 keeps them for ever, here and below. */
    reports: number;
    files: number;
    /** Statements, whose transactions stay. */
    statements: number;
    /** Events that can be replayed. */
    archive: number;
    /** Versions that were replaced or deleted. */
    versions: number;
  };
  /** Functions that run at once, by the name of the queue that they consume; infra/src/flows has what is not said. */
  concurrency: Partial<Record<string, number>>;
  /** How statements get from the bucket to the processor: through the bus, around it, or both to compare. */
  processingMode: "events" | "direct" | "shadow";
  /** Below it, in a tenant's part, lie packages to restore from and no statements. `restore/` unless said otherwise. */
  restorePrefix: string | undefined;
  /** Someone else's identities in the place of a Cognito user pool. */
  identities: { issuer: string; audience: string; domain: string } | undefined;
  selfSignUp: boolean;
  loginPrefix: string | undefined;
  googleDrive: boolean;
  driveFolder: string | undefined;
  driveEndpoint: string | undefined;
  ocr: "off" | "textract";
  ocrPagesPerSecond: number;
  linkSeconds: number;
  /** The longest time for which a message that failed is hidden; shared/lambda/src/run.rs has it where it is not said. */
  longestRetrySeconds: number | undefined;
  /** What one tenant may use; shared/ports/src/quotas.rs has what is not said. */
  quotas: Partial<Record<Quota, number>>;
  prices: string | undefined;
  alarmEmail: string | undefined;
  noticeEmail: string | undefined;
  /** US dollars a day, and gigabytes in a bucket, that are worth a mail. */
  dailyCost: number;
  bucketGigabytes: number;
  /** CloudTrail's record of who touched which object. */
  trail: boolean;
  /** The account's role by which API Gateway writes logs: one per account and region, so an account may have it. */
  gatewayLogsRole: boolean;
  scheduledScans: ScheduledScan[];
  /** Where alarms find their instructions. */
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

/** Without a region, that of the credentials. Other names are made of the stack's; 32 characters fit into the longest. */
export function placeOf(app: IConstruct): Place {
  const said = new Context(app);
  const name = said.text("stackName") ?? "Riffle";
  if (!/^[A-Za-z][A-Za-z0-9-]{0,31}$/.test(name)) {
    throw wrong("stackName", `${name} has to be letters, digits and hyphens, a letter first, 32 at most`);
  }
  const region = said.text("region");
  if (region !== undefined && !/^[a-z]{2,}(-[a-z]+)+-\d+$/.test(region)) {
    throw wrong("region", `${region} is no region, such as eu-central-1`);
  }
  return { name, props: region === undefined ? {} : { env: { region } } };
}

/** The settings of an app. What is wrong stops the start and is named. */
export function settingsOf(app: IConstruct): Settings {
  const said = new Context(app);
  const days = {
    ...DEFAULTS.days,
    ...said.numbers("days", Object.keys(DEFAULTS.days) as (keyof Settings["days"])[], 0),
  };
  if (days.logs === 0) throw wrong("days", "logs need an end");
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
    // An event source's own limit begins at 2.
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
