// Explicit names, which begin with the stack's so that an account may have several stacks. CloudFormation makes all others.

import { Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";

/** A name that has to be unique in an account and region, such as a queue's. */
export const regionalName = (of: Construct, name: string) => `${rootOf(of).stackName}-${name}`;

/**
 * A name that has to be unique in an account, in all regions together: of dashboards and of everything in CloudFront. It
 * contains the region, so that the same stack can be deployed in several. CloudFront allows 64 characters, which leaves 16 for
 * `name`.
 */
export const globalName = (of: Construct, name: string) => {
  const root = rootOf(of);
  return `${root.stackName}-${root.region}-${name}`;
};

/** CloudFormation makes the name of a nested stack. */
function rootOf(of: Construct): Stack {
  const stack = Stack.of(of);
  return stack.nestedStackParent === undefined ? stack : rootOf(stack.nestedStackParent);
}
