// Explicit names. They start with the stack's name, so that an account can have several stacks. CloudFormation
// generates all other names.

import { Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";

/** Returns a name that must be unique in an account and region, such as that of a queue. */
export const regionalName = (of: Construct, name: string) => `${rootOf(of).stackName}-${name}`;

/**
 * Returns a name that must be unique in an account across all regions, as for dashboards and CloudFront. It contains
 * the region, so that the same stack can be deployed in several. CloudFront allows 64 characters, which leaves 16 for
 * `name`.
 */
export const globalName = (of: Construct, name: string) => {
  const root = rootOf(of);
  return `${root.stackName}-${root.region}-${name}`;
};

/** Returns the outermost stack: CloudFormation generates the names of nested stacks. */
function rootOf(of: Construct): Stack {
  const stack = Stack.of(of);
  return stack.nestedStackParent === undefined ? stack : rootOf(stack.nestedStackParent);
}
