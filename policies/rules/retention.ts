import { at, isSet, list, type Rule, type RuleResource, referring } from "../rule";
import { types } from "../types";
import { retentionProperties } from "./retention-properties";

/** The stack's name is second in a URN. */
const stackOf = (urn: string): string | undefined => urn.split("::")[0]?.split(":")[2];
const prodUrn = (type: string): string => `urn:pulumi:prod::p::${type}::r0`;

/** True for the stacks whose data nobody can make again; the others are taken down with all they hold. */
const keepsData = ({ urn }: RuleResource): boolean => ["prod", "shared"].includes(stackOf(urn) ?? "");

interface Guard extends Pick<Rule, "id" | "alsoKnownAs" | "severity" | "title" | "rationale" | "remediation"> {
  readonly types: readonly string[];
  readonly problem: (props: Readonly<Record<string, unknown>>) => string | undefined;
  readonly good?: object;
  readonly bad: object;
}

/** Rules of stacks that keep data: a property that throws it away. */
const guards: readonly Guard[] = [
  {
    id: "GAP-FINAL-SNAPSHOT",
    severity: "high",
    title: "A database leaves a last snapshot",
    rationale: "Deletion without one cannot be taken back.",
    remediation: "Set skipFinalSnapshot to false and give a finalSnapshotIdentifier.",
    types: [types.database, types.databaseCluster],
    problem: ({ skipFinalSnapshot }) => (skipFinalSnapshot === true ? "skipFinalSnapshot is true" : undefined),
    good: { skipFinalSnapshot: false },
    bad: { skipFinalSnapshot: true },
  },
  {
    id: "GAP-KEEP-BACKUPS",
    severity: "high",
    title: "Backups outlive their database",
    rationale: "A database that is deleted by mistake is restored from them.",
    remediation: "Set deleteAutomatedBackups to false.",
    types: [types.database, types.databaseCluster],
    problem: ({ deleteAutomatedBackups }) =>
      deleteAutomatedBackups === true ? "deleteAutomatedBackups is true" : undefined,
    good: { deleteAutomatedBackups: false },
    bad: { deleteAutomatedBackups: true },
  },
  {
    id: "GAP-FORCE-DESTROY",
    severity: "high",
    title: "A bucket or registry with contents is not deleted",
    rationale: "forceDestroy removes every object and every version together with the bucket.",
    remediation: "Remove forceDestroy or forceDelete.",
    types: [types.bucket, types.registry, "aws:backup/vault:Vault"],
    problem: ({ forceDestroy, forceDelete }) =>
      forceDestroy === true || forceDelete === true ? "its contents are deleted together with it" : undefined,
    good: { forceDestroy: false },
    bad: { forceDestroy: true },
  },
  {
    id: "GAP-SECRET-RECOVERY",
    severity: "high",
    title: "A deleted secret can be brought back",
    rationale: "Without the secret its programs stop, and nobody has a copy.",
    remediation: "Set recoveryWindowInDays to 7 or more.",
    types: [types.secret],
    problem: ({ recoveryWindowInDays }) =>
      recoveryWindowInDays === 0 ? "recoveryWindowInDays is 0: it is gone at once" : undefined,
    good: { recoveryWindowInDays: 30 },
    bad: { recoveryWindowInDays: 0 },
  },
  {
    id: "KMS.3",
    severity: "high",
    title: "A deleted key can be brought back for a month",
    rationale: "What was encrypted with the key is lost with it.",
    remediation: "Leave deletionWindowInDays at 30.",
    types: [types.key],
    problem: ({ deletionWindowInDays }) =>
      Number(deletionWindowInDays ?? 30) < 30 ? `deletionWindowInDays is ${String(deletionWindowInDays)}` : undefined,
    good: { deletionWindowInDays: 30 },
    bad: { deletionWindowInDays: 7 },
  },
  {
    id: "GAP-QUEUE-RETENTION",
    severity: "medium",
    title: "Queues keep messages for a day at least",
    rationale: "A consumer that is down over night must find its messages.",
    remediation: "Set messageRetentionSeconds to 86400 or more.",
    types: [types.queue],
    problem: ({ messageRetentionSeconds }) =>
      Number(messageRetentionSeconds ?? 345_600) < 86_400
        ? `messages go after ${String(messageRetentionSeconds)} s`
        : undefined,
    bad: { messageRetentionSeconds: 60 },
  },
];

const guardRules = guards.map(
  ({ problem, good = {}, bad, ...about }): Rule => ({
    ...about,
    scope: "resource",
    check: (resource) => (keepsData(resource) ? problem(resource.props) : undefined),
    passing: [{ type: about.types[0]!, urn: prodUrn(about.types[0]!), props: { ...good } }],
    failing: [{ type: about.types[0]!, urn: prodUrn(about.types[0]!), props: { ...bad } }],
  }),
);

/** Types that hold what cannot be made again. */
const stateful = [
  types.database,
  types.databaseCluster,
  types.bucket,
  types.cache,
  "aws:dynamodb/table:Table",
  "aws:efs/fileSystem:FileSystem",
];

const protectedInProd: Rule = {
  id: "GAP-PROD-PROTECT",
  severity: "high",
  title: "What holds data in prod is protected",
  rationale: "A replacement of a data store is a deletion; prod must make somebody say so first.",
  remediation: "Set protect on the resource.",
  types: stateful,
  scope: "resource",
  check: ({ urn, protect }) => (stackOf(urn) !== "prod" || protect ? undefined : "it is not protected"),
  passing: [{ urn: prodUrn(types.bucket), type: types.bucket, protect: true }],
  failing: [{ urn: prodUrn(types.bucket), type: types.bucket, protect: false }],
};

const bucketUrn = prodUrn(types.bucket);

const versioned: Rule = {
  id: "GAP-BUCKET-VERSIONS",
  severity: "high",
  title: "Every bucket declares its versioning",
  rationale: "What is overwritten or deleted by mistake can be brought back.",
  remediation: "Declare an aws.s3.BucketVersioning with status Enabled.",
  types: [types.bucket],
  scope: "stack",
  check: (bucket, stack) =>
    referring(stack, types.bucketVersioning, "bucket", bucket).length > 0 ? undefined : "no versioning is declared",
  passing: [
    { type: types.bucket, urn: bucketUrn },
    { type: types.bucketVersioning, references: { bucket: [bucketUrn] } },
  ],
  failing: [{ type: types.bucket, urn: bucketUrn }],
};

const aged: Rule = {
  id: "CKV2_AWS_61",
  alsoKnownAs: ["S3.13"],
  severity: "low",
  title: "Every bucket says how long it keeps things",
  rationale: "Old versions and unfinished uploads are billed for ever.",
  remediation: "Declare an aws.s3.BucketLifecycleConfiguration.",
  types: [types.bucket],
  scope: "stack",
  check: (bucket, stack) =>
    referring(stack, types.bucketLifecycle, "bucket", bucket).length > 0 ? undefined : "no lifecycle is declared",
  passing: [
    { type: types.bucket, urn: bucketUrn },
    { type: types.bucketLifecycle, references: { bucket: [bucketUrn] } },
  ],
  failing: [{ type: types.bucket, urn: bucketUrn }],
};

const unfinishedUploads: Rule = {
  id: "CKV_AWS_300",
  severity: "low",
  title: "Unfinished uploads go",
  rationale: "Their parts are billed and nobody sees them.",
  remediation: "Add a rule with abortIncompleteMultipartUpload.",
  types: [types.bucketLifecycle],
  scope: "resource",
  check: ({ props }) =>
    list(props.rules).some(
      (rule) => at(rule, "status") === "Enabled" && at(rule, "abortIncompleteMultipartUpload") !== undefined,
    )
      ? undefined
      : "no rule removes unfinished uploads",
  passing: [
    {
      type: types.bucketLifecycle,
      props: { rules: [{ status: "Enabled", abortIncompleteMultipartUpload: { daysAfterInitiation: 7 } }] },
    },
  ],
  failing: [{ type: types.bucketLifecycle, props: { rules: [{ status: "Enabled" }] } }],
};

const secretUrn = prodUrn(types.secret);

const rotated: Rule = {
  id: "CKV2_AWS_57",
  alsoKnownAs: ["SecretsManager.1", "AwsSolutions-SMG4"],
  severity: "medium",
  title: "Secrets rotate",
  rationale: "A key that was copied once is good until it changes.",
  remediation: "Declare an aws.secretsmanager.SecretRotation.",
  types: [types.secret],
  scope: "stack",
  check: (secret, stack) =>
    referring(stack, types.secretRotation, "secretId", secret).length > 0 ? undefined : "nothing rotates it",
  passing: [
    { type: types.secret, urn: secretUrn },
    { type: types.secretRotation, references: { secretId: [secretUrn] } },
  ],
  failing: [{ type: types.secret, urn: secretUrn }],
};

const deadLetters: Rule = {
  id: "AwsSolutions-SQS3",
  severity: "medium",
  title: "Queues have dead letters",
  rationale: "A message that nobody can take is tried until it is gone, and nobody sees it.",
  remediation: "Set redrivePolicy.",
  types: [types.queue],
  scope: "stack",
  check: (queue, stack) =>
    isSet(queue.props, "redrivePolicy") ||
    stack.some(({ type, references }) => type === types.queue && references.redrivePolicy?.includes(queue.urn))
      ? undefined
      : "redrivePolicy is not set",
  passing: [{ type: types.queue, props: { redrivePolicy: "{}" } }],
  failing: [{ type: types.queue }],
};

export const retentionRules: readonly Rule[] = [
  ...retentionProperties,
  ...guardRules,
  protectedInProd,
  versioned,
  aged,
  unfinishedUploads,
  rotated,
  deadLetters,
];
