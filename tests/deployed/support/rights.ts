// What the roles of functions may do: read, taken away one by one, and given back.

import path from "node:path";
import { GetRolePolicyCommand, ListRolePoliciesCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";

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

interface Policy {
  name: string;
  statements: (Statement & { Action: string; Resource: string })[];
}

const list = (one: string | string[]) => (Array.isArray(one) ? one : [one]);

export class Role {
  private constructor(
    private readonly of: Deployed,
    private readonly policies: Policy[],
  ) {}

  static async of(of: Deployed): Promise<Role> {
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName: of.role }));
    const policies = PolicyNames.map(async (name) => {
      const read = new GetRolePolicyCommand({ RoleName: of.role, PolicyName: name });
      const { PolicyDocument = "" } = await iam.send(read);
      const { Statement } = JSON.parse(decodeURIComponent(PolicyDocument)) as { Statement: Statement[] };
      const statements = Statement.flatMap((statement) =>
        list(statement.Action).flatMap((Action) =>
          list(statement.Resource).map((Resource) => ({ ...statement, Action, Resource })),
        ),
      );
      return { name, statements };
    });
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
    try {
      await this.write((statement) => statement.Action !== action || statement.Resource !== resource);
      return await doing();
    } finally {
      await this.write(() => true);
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

  private async write(kept: (statement: Policy["statements"][number]) => boolean): Promise<void> {
    for (const { name, statements } of this.policies) {
      const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: statements.filter(kept) });
      await iam.send(new PutRolePolicyCommand({ RoleName: this.of.role, PolicyName: name, PolicyDocument }));
    }
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
