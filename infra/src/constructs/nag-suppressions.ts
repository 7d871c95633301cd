// Where a rule of cdk-nag does not fit, the reason stands beside what it is about.

import { type IResolvable, Names, Reference, Stack, Tokenization, Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

export function acknowledge(of: IConstruct, reasons: Record<string, string>): void {
  for (const [id, reason] of Object.entries(reasons)) Validations.of(of).acknowledge({ id, reason });
}

/** Says why a role may do something on more than one resource. The rule knows each by how it is written. */
export function acknowledgeWildcard(role: IConstruct, resource: string, reason: string): void {
  acknowledge(role, { [`AwsSolutions-IAM5[Resource::${inTemplate(role, resource)}]`]: reason });
}

/** A value as the template of a construct's stack has it, with references in angle brackets. */
function inTemplate(of: IConstruct, value: string): string {
  const stack = Stack.of(of);
  const written = (token: IResolvable) =>
    // What belongs to another stack is a parameter of a nested one, which the CDK names so.
    Reference.isReference(token) && Stack.of(token.target) !== stack
      ? `<referenceto${Names.nodeUniqueId(token.target.node)}${token.displayName}>`
      : inWords(stack.resolve(token));
  const parts = Tokenization.reverseString(value).mapTokens({ mapToken: written });
  return parts.join({ join: (left: string, right: string) => `${left ?? ""}${right ?? ""}` });
}

type Intrinsic = string | { Ref: string } | { "Fn::GetAtt": [string, string] } | { "Fn::Join": ["", Intrinsic[]] };

function inWords(value: Intrinsic): string {
  if (typeof value === "string") return value;
  if ("Ref" in value) return `<${value.Ref}>`;
  if ("Fn::GetAtt" in value) return `<${value["Fn::GetAtt"].join(".")}>`;
  return value["Fn::Join"][1].map(inWords).join("");
}
