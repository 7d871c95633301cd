// What the roles of functions may do: read, taken away one by one, and given back.

import path from "node:path";
import {
  CreatePolicyVersionCommand,
  DeletePolicyVersionCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";

import { lines } from "./faults.ts";
import { type Deployed, iam, outputs, run, urlOf } from "./stack.ts";
import { deadLettersOf, queuesOf } from "./topology.ts";

interface Statement {
  Action: string | string[];
  Resource: string | string[];
  Effect: "Allow";
  Condition?: object;
}

/** One action on one resource: the smallest right. */
export interface Right {
  of: string;
  action: string;
  resource: string;
  /** With our names in the place of those that CloudFormation made. */
  words: string;
}

type Single = Statement & { Action: string; Resource: string };

interface Policy {
  statements: Single[];
  /** From now on it allows these. */
  write(statements: Single[]): Promise<unknown>;
}

const list = (one: string | string[]) => (Array.isArray(one) ? one : [one]);

/** Each action on each resource by itself. */
function single(document: string): Single[] {
  const { Statement } = JSON.parse(decodeURIComponent(document)) as { Statement: Statement[] };
  return Statement.flatMap((statement) =>
    list(statement.Action).flatMap((Action) =>
      list(statement.Resource).map((Resource) => ({ ...statement, Action, Resource })),
    ),
  );
}

const document = (Statement: Single[]) => JSON.stringify({ Version: "2012-10-17", Statement });

async function ownPolicy(RoleName: string, PolicyName: string): Promise<Policy> {
  const { PolicyDocument = "" } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
  return {
    statements: single(PolicyDocument),
    write: (statements) =>
      iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: document(statements) })),
  };
}

/** CDK puts into such a policy what a role's own has no room for. */
async function attachedPolicy(RoleName: string, PolicyArn: string): Promise<Policy> {
  if (PolicyArn.startsWith("arn:aws:iam::aws:")) {
    throw new Error(`${RoleName} has ${PolicyArn}, of which no right can be taken away`);
  }
  const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
  let VersionId = Policy?.DefaultVersionId;
  const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }));
  return {
    statements: single(PolicyVersion?.Document ?? ""),
    async write(statements) {
      const version = { PolicyArn, PolicyDocument: document(statements), SetAsDefault: true };
      const made = await iam.send(new CreatePolicyVersionCommand(version));
      // A policy has five at most.
      await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId }));
      VersionId = made.PolicyVersion?.VersionId;
    },
  };
}

export class Role {
  private constructor(
    private readonly of: Deployed,
    private readonly policies: Policy[],
  ) {}

  static async of(of: Deployed): Promise<Role> {
    const RoleName = of.role;
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
    const { AttachedPolicies = [] } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
    const policies = [
      ...PolicyNames.map((name) => ownPolicy(RoleName, name)),
      ...AttachedPolicies.map(({ PolicyArn = "" }) => attachedPolicy(RoleName, PolicyArn)),
    ];
    return new Role(of, await Promise.all(policies));
  }

  get rights(): Right[] {
    const all = this.policies.flatMap(({ statements }) => statements);
    return all.map(({ Action, Resource }) => ({
      of: this.of.id,
      action: Action,
      resource: Resource,
      words: `${this.of.id} ${Action} ${inWords(Resource)}`,
    }));
  }

  async without<T>({ action, resource }: Right, doing: () => Promise<T>): Promise<T> {
    const isIt = (one: Single) => one.Action === action && one.Resource === resource;
    const holding = this.policies.filter(({ statements }) => statements.some(isIt));
    try {
      for (const { write, statements } of holding) await write(statements.filter((one) => !isIt(one)));
      return await doing();
    } finally {
      for (const { write, statements } of holding) await write(statements);
    }
  }

  /** Whether the function asked for it since, and was refused. */
  denied({ action, resource }: Right, since: number): boolean {
    const start = resource.replace(/\*.*$/, "");
    return denials()
      .slice(since)
      .some((line) => {
        const [principal = "", asked, on = ""] = line.split(" ");
        const own = principal.includes(`/${this.of.role}/`) || principal.endsWith(`/${this.of.role}`);
        return own && asked === action && (on === "*" || on.startsWith(start));
      });
  }
}

/** As infra/emulator/faults.py notes them: principal, action, resource. */
export const denials = () => lines(path.join(run, "denied"));

function inWords(resource: string): string {
  const queues = [...queuesOf(), ...deadLettersOf()].map((queue): [string, string] => [
    `:${urlOf(queue).split("/").at(-1)}`,
    `:${queue}`,
  ]);
  const names: [string, string][] = [
    ...queues,
    [outputs.RecordsTable, "records"],
    [outputs.EventBus, "events"],
    [outputs.ScanTable, "scan"],
    [outputs.ConnectionsTable, "connections"],
    [outputs.TicketsTable, "tickets"],
    [outputs.TokensTable, "tokens"],
    [outputs.ObjectsBucket, "objects"],
    [outputs.UploadsBucket, "uploads"],
  ];
  const named = names.reduce((text, [made, name]) => text.replace(made, name), resource);
  const service = named.split(":")[2];
  if (service === "logs") return "its log";
  if (service === "kms") return "token key";
  if (service === "sns") return "notices";
  if (service === "execute-api") return "connections";
  return named.split(":").slice(5).join(":") || named;
}
