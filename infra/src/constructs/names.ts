// Names that we choose; CloudFormation makes all others. They begin with the stack's, so that an account may have several.

import { Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";

/** For what an account has one of in each region, such as a queue. */
export const regionalName = (of: Construct, name: string) => `${rootOf(of).stackName}-${name}`;

/**
 * For what an account has one of, whatever the region: dashboards, and what CloudFront has. The region stands in it, or the
 * same stack could not be in two of them. CloudFront takes 64 characters; `name` has at most 16.
 */
export const globalName = (of: Construct, name: string) => {
  const root = rootOf(of);
  return `${root.stackName}-${root.region}-${name}`;
};

/** A nested stack's own name is CloudFormation's. */
function rootOf(of: Construct): Stack {
  const stack = Stack.of(of);
  return stack.nestedStackParent === undefined ? stack : rootOf(stack.nestedStackParent);
}
