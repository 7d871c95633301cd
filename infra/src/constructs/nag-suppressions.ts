// Acknowledgements of cdk-nag rules that do not apply, with the reason next to the resource.

import { type IResolvable, Names, Reference, Stack, Tokenization, Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

export function acknowledge(of: IConstruct, reasons: Record<string, string>): void {
  for (const [id, reason] of Object.entries(reasons)) Validations.of(of).acknowledge({ id, reason });
}

/** Acknowledges a wildcard in the policy of a role, with the reason. The rule identifies each resource by its text. */
export function acknowledgeWildcard(role: IConstruct, resource: string, reason: string): void {
  acknowledge(role, { [`AwsSolutions-IAM5[Resource::${inTemplate(role, resource)}]`]: reason });
}

/** Returns a value as in the template of the construct's stack, with references in angle brackets. */
function inTemplate(of: IConstruct, value: string): string {
  const stack = Stack.of(of);
  const written = (token: IResolvable) =>
    // A reference to another stack becomes a parameter of a nested stack, with this name given by the CDK.
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
