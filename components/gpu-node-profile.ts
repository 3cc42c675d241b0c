import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import {
  lifecycleStatement,
  logStatement,
  publishStatement,
  readModelsStatements,
  sessionStatement,
} from "./gpu-access";
import { assumedBy, policyText, type Statement } from "./policy";

export interface NodeProfileArgs {
  /** Bucket of weights and adapters. */
  readonly modelBucket: pulumi.Input<string>;
  readonly logGroupArn: pulumi.Input<string>;
}

/** Makes the role and instance profile of a tier's nodes; completing hooks is added once the group exists. */
export function createNodeProfile(parent: pulumi.Resource, name: string, args: NodeProfileArgs) {
  const bucketArn = pulumi.interpolate`arn:aws:s3:::${args.modelBucket}`;
  return createInstanceProfile(parent, `${name}-node`, [
    sessionStatement,
    publishStatement,
    logStatement(pulumi.interpolate`${args.logGroupArn}:*`),
    ...readModelsStatements(bucketArn, pulumi.interpolate`${bucketArn}/*`),
  ]);
}

/** A role that EC2 instances take, its inline policy, and the profile to launch them with. */
export function createInstanceProfile(parent: pulumi.Resource, name: string, statements: readonly Statement[]) {
  const role = new aws.iam.Role(name, { assumeRolePolicy: assumedBy("ec2.amazonaws.com", parent) }, { parent });
  new aws.iam.RolePolicy(`${name}-access`, { role: role.name, policy: policyText(statements) }, { parent });
  const profile = new aws.iam.InstanceProfile(`${name}-profile`, { role: role.name }, { parent });
  return { role, profile };
}

/** Lets the nodes of one group complete its hooks. */
export function allowLifecycle(
  parent: pulumi.Resource,
  name: string,
  role: aws.iam.Role,
  group: aws.autoscaling.Group,
): void {
  new aws.iam.RolePolicy(
    `${name}-node-lifecycle`,
    { role: role.name, policy: policyText([lifecycleStatement(group.arn)]) },
    { parent },
  );
}
