import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { Component } from "./component";
import { accountOf, denyPlainText, policyText, type Statement } from "./policy";

export interface BucketArgs {
  /** Days after which an object goes; absent keeps it. */
  readonly expireDays?: number;
  /** Days that an overwritten or deleted version is kept. */
  readonly oldVersionDays: number;
  /** Days after which objects move to infrequent-access storage, at least 30; absent leaves them. */
  readonly infrequentAfterDays?: number;
  /** Refuse deletion, and keep the objects when the stack goes. */
  readonly protect: boolean;
  /** Delete the objects together with the bucket, for ephemeral stacks. */
  readonly forceDestroy: boolean;
  /** Takes the access logs of other buckets of the account, under `s3/`. @default false */
  readonly takesLogs?: boolean;
  /** Statements beside the one that refuses plain text, given the bucket's ARN. */
  readonly statements?: (arn: pulumi.Output<string>) => readonly Statement[];
}

/** A private bucket: encrypted, versioned, TLS only, no access lists, objects moved and removed by age. */
export class Bucket extends Component {
  readonly arn: pulumi.Output<string>;
  readonly bucketName: pulumi.Output<string>;
  /** The policy, which whoever writes from outside the account has to wait for. */
  readonly policy: pulumi.Resource;
  private readonly label: string;

  constructor(name: string, args: BucketArgs, opts?: pulumi.ComponentResourceOptions) {
    super("storage:Bucket", name, opts);
    const bucket = new aws.s3.Bucket(
      `${name}-bucket`,
      { forceDestroy: args.forceDestroy },
      { parent: this, protect: args.protect, retainOnDelete: args.protect },
    );
    const on = { bucket: bucket.bucket };
    new aws.s3.BucketOwnershipControls(
      `${name}-ownership`,
      { ...on, rule: { objectOwnership: "BucketOwnerEnforced" } },
      { parent: this },
    );
    const closed = new aws.s3.BucketPublicAccessBlock(
      `${name}-closed`,
      { ...on, blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
      { parent: this },
    );
    new aws.s3.BucketServerSideEncryptionConfiguration(
      `${name}-encryption`,
      {
        ...on,
        rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" }, bucketKeyEnabled: false }],
      },
      { parent: this },
    );
    const versioning = new aws.s3.BucketVersioning(
      `${name}-versioning`,
      { ...on, versioningConfiguration: { status: "Enabled" } },
      { parent: this },
    );
    new aws.s3.BucketLifecycleConfiguration(
      `${name}-lifecycle`,
      { ...on, rules: lifecycleRules(args) },
      { parent: this, dependsOn: [versioning] },
    );
    this.policy = new aws.s3.BucketPolicy(
      `${name}-policy`,
      {
        ...on,
        policy: policyText([
          denyPlainText("s3:*", [bucket.arn, pulumi.interpolate`${bucket.arn}/*`]),
          ...(args.takesLogs ? [deliverLogs(bucket.arn, this)] : []),
          ...(args.statements?.(bucket.arn) ?? []),
        ]),
      },
      { parent: this, dependsOn: [closed] },
    );
    this.arn = bucket.arn;
    this.bucketName = bucket.bucket;
    this.label = name;
    this.registerOutputs({ bucketName: this.bucketName });
  }

  /** Records who asks for what of this bucket in another one, which takes logs. */
  logTo(logs: Bucket): void {
    new aws.s3.BucketLogging(
      `${this.label}-access-logs`,
      { bucket: this.bucketName, targetBucket: logs.bucketName, targetPrefix: `s3/${this.label}/` },
      { parent: this, dependsOn: [logs.policy] },
    );
  }
}

const deliverLogs = (arn: pulumi.Output<string>, parent: pulumi.Resource): Statement => ({
  sid: "DeliverBucketLogs",
  principals: { Service: "logging.s3.amazonaws.com" },
  actions: ["s3:PutObject"],
  resources: [pulumi.interpolate`${arn}/s3/*`],
  conditions: { StringEquals: { "aws:SourceAccount": accountOf(parent) } },
});

function lifecycleRules(args: BucketArgs): aws.types.input.s3.BucketLifecycleConfigurationRule[] {
  const everything = { prefix: "" };
  return [
    {
      id: "abort-unfinished-uploads",
      status: "Enabled",
      filter: everything,
      abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
    },
    {
      id: "expire-old-versions",
      status: "Enabled",
      filter: everything,
      noncurrentVersionExpiration: { noncurrentDays: args.oldVersionDays },
    },
    ...(args.expireDays === undefined
      ? []
      : [{ id: "expire", status: "Enabled", filter: everything, expiration: { days: args.expireDays } }]),
    ...(args.infrequentAfterDays === undefined
      ? []
      : [
          {
            id: "infrequent-access",
            status: "Enabled",
            filter: everything,
            transitions: [{ days: args.infrequentAfterDays, storageClass: "STANDARD_IA" }],
          },
        ]),
  ];
}
