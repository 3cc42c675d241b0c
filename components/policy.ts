import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** One statement of an IAM policy, as this program writes it: everything named, nothing implied. */
export interface Statement {
  readonly sid: string;
  /** @default Allow */
  readonly effect?: "Allow" | "Deny";
  readonly actions: readonly string[];
  readonly resources: readonly pulumi.Input<string>[];
  readonly conditions?: Readonly<
    Record<string, Readonly<Record<string, pulumi.Input<string> | readonly pulumi.Input<string>[]>>>
  >;
  /** For policies of a resource: who. */
  readonly principals?: Readonly<Record<string, pulumi.Input<string> | readonly pulumi.Input<string>[]>>;
}

/** The policy document as plain data, statements by their id and actions sorted, so that a diff shows only what changed. */
export function policyDocument(statements: readonly Statement[]) {
  const sorted = [...statements].sort((a, b) => compare(a.sid, b.sid));
  return {
    Version: "2012-10-17",
    Statement: sorted.map((statement) => ({
      Sid: statement.sid,
      Effect: statement.effect ?? "Allow",
      ...(statement.principals === undefined ? {} : { Principal: statement.principals }),
      Action: [...statement.actions].sort(compare),
      Resource: statement.resources,
      ...(statement.conditions === undefined ? {} : { Condition: statement.conditions }),
    })),
  };
}

/** The policy document as the JSON text that AWS takes. */
export function policyText(statements: readonly Statement[]): pulumi.Output<string> {
  return pulumi.jsonStringify(policyDocument(statements));
}

/**
 * Lets a service of AWS take a role, in this account only. Instances are the exception: EC2 does not say for whom it acts.
 * @param parent What the role belongs to; its provider's account is meant.
 */
export function assumedBy(service: string, parent: pulumi.Resource): pulumi.Output<string> {
  const instances = service === "ec2.amazonaws.com";
  return pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "Assume",
        Effect: "Allow",
        Principal: { Service: service },
        Action: ["sts:AssumeRole"],
        ...(instances ? {} : { Condition: { StringEquals: { "aws:SourceAccount": accountOf(parent) } } }),
      },
    ],
  });
}

const accounts = new WeakMap<object, pulumi.Output<string>>();

/** The account of a resource's provider, asked for once. */
export function accountOf(parent: pulumi.Resource): pulumi.Output<string> {
  const provider = parent.getProvider("aws:iam/role:Role");
  const known = accounts.get(provider ?? accounts);
  if (known !== undefined) return known;
  const account = aws.getCallerIdentityOutput({}, { parent }).accountId;
  accounts.set(provider ?? accounts, account);
  return account;
}

/** Denies everything that does not come over TLS; part of every policy of a bucket, queue or topic. */
export function denyPlainText(action: string, resources: readonly pulumi.Input<string>[]): Statement {
  return {
    sid: "DenyPlainText",
    effect: "Deny",
    principals: { AWS: "*" },
    actions: [action],
    resources,
    conditions: { Bool: { "aws:SecureTransport": "false" } },
  };
}

/** Orders by code unit, the same on every machine. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
