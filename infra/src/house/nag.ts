// Where a rule of cdk-nag does not fit, the reason stands beside what it is about.

import { Stack, Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

export function acknowledge(of: IConstruct, reasons: Record<string, string>): void {
  for (const [id, reason] of Object.entries(reasons)) Validations.of(of).acknowledge({ id, reason });
}

/** Says why a role may do something on more than one resource. The rule knows each by how it is written. */
export function acknowledgeWildcard(role: IConstruct, resource: string, reason: string): void {
  const written = inWords(Stack.of(role).resolve(resource));
  acknowledge(role, { [`AwsSolutions-IAM5[Resource::${written}]`]: reason });
}

type Intrinsic = string | { Ref: string } | { "Fn::GetAtt": [string, string] } | { "Fn::Join": ["", Intrinsic[]] };

function inWords(value: Intrinsic): string {
  if (typeof value === "string") return value;
  if ("Ref" in value) return `<${value.Ref}>`;
  if ("Fn::GetAtt" in value) return `<${value["Fn::GetAtt"].join(".")}>`;
  return value["Fn::Join"][1].map(inWords).join("");
}
