import { childMaker, type Derivable, derive, expansionOf, omit, outputOf, referenceTo } from "../../expansion";
import type { Expansion, ExpansionScope } from "../../plugin";
import type { PropertyMap, RecordedResource } from "../../types";
import { account, makeLogGroup } from "./log-group";
import { parseArn } from "./names";
import { makeRole } from "./roles";

const principal = { Service: "cloudtrail.amazonaws.com" };

/** Expands `awsx:cloudtrail:Trail`. */
export async function expandTrail(scope: ExpansionScope): Promise<Expansion> {
  const { name, args } = scope;
  const make = childMaker(scope);
  const bucket = await makeBucket();
  const policy = await make(
    "aws:s3/bucketPolicy:BucketPolicy",
    name,
    { bucket: bucket.name, policy: derive([bucket.arn], bucketPolicy) },
    { dependsOn: bucket.made === undefined ? [] : [bucket.made] },
  );
  const { enable, ...logGroupArgs } = (args.cloudWatchLogsGroup ?? {}) as PropertyMap;
  const logGroup = enable === true ? await makeLogGroup(scope, undefined, logGroupArgs) : {};
  const stream = derive([logGroup.id, await account(scope)], (id: PropertyMap | undefined, owner: string) =>
    id === undefined ? undefined : `${id.arn}:log-stream:${owner}_CloudTrail_*`,
  );
  const role = await makeRole(
    scope,
    undefined,
    name,
    { skip: logGroup.made === undefined },
    {
      assumeRolePolicy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Sid: "AllowAssumeRole", Effect: "Allow", Principal: principal, Action: "sts:AssumeRole" }],
      }),
      inlinePolicies: [{ policy: derive([stream], logsPolicy) ?? "" }],
    },
  );
  const trail = await make(
    "aws:cloudtrail/trail:Trail",
    name,
    {
      ...omit(args, ["s3Bucket", "cloudWatchLogsGroup"]),
      s3BucketName: bucket.name,
      cloudWatchLogsGroupArn: derive([logGroup.id], (id: PropertyMap | undefined) => id && `${id.arn}:*`),
      cloudWatchLogsRoleArn: role.arn,
    },
    { dependsOn: [policy] },
  );
  return expansionOf({
    trail: referenceTo(trail),
    bucket: bucket.made && referenceTo(bucket.made),
    logGroup: logGroup.made && referenceTo(logGroup.made),
  });

  async function makeBucket(): Promise<{ name: Derivable; arn: Derivable; made?: RecordedResource }> {
    const { existing, args: given } = (args.s3Bucket ?? {}) as Record<string, PropertyMap | undefined>;
    if (existing !== undefined && given !== undefined) {
      throw new Error("s3Bucket: existing and args are given; only one is allowed");
    }
    if (existing?.arn !== undefined) {
      return { arn: existing.arn, name: derive([existing.arn], (arn: string) => parseArn(arn).resourceId) };
    }
    if (existing?.name !== undefined) {
      return { name: existing.name, arn: derive([existing.name], (bucketName: string) => `arn:aws:::${bucketName}`) };
    }
    if (existing !== undefined) throw new Error("s3Bucket.existing: neither name nor arn is given; one is needed");
    const made = await make(
      "aws:s3/bucket:Bucket",
      name,
      { forceDestroy: true, ...given },
      { aliases: [{ type: "aws:s3/bucketV2:BucketV2" }] },
    );
    return { made, arn: outputOf(made, "arn"), name: outputOf(made, "bucket") };
  }
}

function bucketPolicy(arn: string): PropertyMap {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "AWSCloudTrailAclCheck",
        Effect: "Allow",
        Principal: principal,
        Action: ["s3:GetBucketAcl"],
        Resource: [arn],
      },
      {
        Sid: "AWSCloudTrailWrite",
        Effect: "Allow",
        Principal: principal,
        Action: ["s3:PutObject"],
        Resource: [`${arn}/*`],
        Condition: { StringEquals: { "s3:x-amz-acl": "bucket-owner-full-control" } },
      },
    ],
  };
}

function logsPolicy(stream: string): string {
  const allow = (action: string) => ({ Effect: "Allow", Action: [action], Resource: [stream] });
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [allow("logs:CreateLogStream"), allow("logs:PutLogEvents")],
  });
}
