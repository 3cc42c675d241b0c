import { at, isSet, list, parsed, propertyRules, type Rule, referring } from "../rule";
import { types } from "../types";

const urnOf = (type: string): string => `urn:pulumi:prod::p::${type}::r0`;
const bucketUrn = urnOf(types.bucket);
const aclUrn = urnOf(types.webAcl);

const bucketLogged: Rule = {
  id: "CKV_AWS_18",
  alsoKnownAs: ["S3.9", "AwsSolutions-S1"],
  severity: "low",
  title: "Buckets write access logs",
  rationale: "They are the only record of who read what.",
  remediation: "Declare an aws.s3.BucketLogging with a bucket for logs.",
  types: [types.bucket],
  scope: "stack",
  check: (bucket, stack) =>
    referring(stack, types.bucketLogging, "bucket", bucket).length > 0 ||
    referring(stack, types.bucketLogging, "targetBucket", bucket).length > 0
      ? undefined
      : "no access log is declared",
  passing: [
    { type: types.bucket, urn: bucketUrn },
    { type: types.bucketLogging, references: { bucket: [bucketUrn] } },
  ],
  failing: [{ type: types.bucket, urn: bucketUrn }],
};

const webAclLogged: Rule = {
  id: "CKV2_AWS_31",
  alsoKnownAs: ["WAF.11"],
  severity: "medium",
  title: "The web ACL writes logs",
  rationale: "They tell an attack from a rule that stops players.",
  remediation: "Declare an aws.wafv2.WebAclLoggingConfiguration.",
  types: [types.webAcl],
  scope: "stack",
  check: (acl, stack) =>
    referring(stack, types.webAclLogging, "resourceArn", acl).length > 0 ? undefined : "no log is declared",
  passing: [
    { type: types.webAcl, urn: aclUrn },
    { type: types.webAclLogging, references: { resourceArn: [aclUrn] } },
  ],
  failing: [{ type: types.webAcl, urn: aclUrn }],
};

const logsKept: Rule = {
  id: "CKV_AWS_66",
  severity: "low",
  title: "Logs say how long they are kept",
  rationale: "Without a number they are kept, and billed, for ever.",
  remediation: "Set retentionInDays.",
  types: [types.logGroup],
  scope: "resource",
  check: ({ props }) => (Number(props.retentionInDays ?? 0) > 0 ? undefined : "retentionInDays is not set"),
  passing: [{ type: types.logGroup, props: { retentionInDays: 30 } }],
  failing: [{ type: types.logGroup }],
};

const logsOfAYear: Rule = {
  id: "CKV_AWS_338",
  alsoKnownAs: ["CloudWatch.16"],
  severity: "medium",
  title: "Logs are kept for a year",
  rationale: "A breach is found months after it happened.",
  remediation: "Set retentionInDays to 365 or more where money allows.",
  types: [types.logGroup],
  scope: "resource",
  check: ({ props }) => {
    const days = Number(props.retentionInDays ?? 0);
    return days === 0 || days >= 365 ? undefined : `retentionInDays is ${days}`;
  },
  passing: [{ type: types.logGroup, props: { retentionInDays: 365 } }],
  failing: [{ type: types.logGroup, props: { retentionInDays: 30 } }],
};

const logged = ["log_statement", "log_min_duration_statement"] as const;

const queriesLogged: Rule = {
  id: "CKV2_AWS_30",
  severity: "low",
  title: "PostgreSQL logs what changes it, and what is slow",
  rationale: "After a loss they tell which statement made it, and before one which query holds the others up.",
  remediation: "Set the parameters log_statement to ddl and log_min_duration_statement.",
  types: [types.databaseParameters],
  scope: "resource",
  check: ({ props }) => {
    if (isSet(props, "family") && !String(props.family).startsWith("postgres")) return undefined;
    const set = new Map(list(props.parameters).map((one) => [at(one, "name"), String(at(one, "value"))]));
    const missing = logged.filter((name) => ["none", "-1", undefined].includes(set.get(name)));
    return missing.length === 0 ? undefined : `${missing.join(" and ")} log nothing`;
  },
  passing: [
    {
      type: types.databaseParameters,
      props: {
        family: "postgres17",
        parameters: [
          { name: "log_statement", value: "ddl" },
          { name: "log_min_duration_statement", value: "1000" },
        ],
      },
    },
  ],
  failing: [{ type: types.databaseParameters, props: { family: "postgres17", parameters: [] } }],
};

/** What ECS logs of sessions in containers: `NONE` turns it off, the default writes to the task's own log. */
const execLogged: Rule = {
  id: "CKV_AWS_223",
  severity: "medium",
  title: "Sessions in containers are logged",
  rationale: "A session in a running task can read its secrets.",
  remediation: "Set configuration.executeCommandConfiguration.logging to DEFAULT or OVERRIDE.",
  types: [types.cluster],
  scope: "resource",
  check: ({ props }) =>
    at(props, "configuration.executeCommandConfiguration.logging") === "NONE" ? "sessions leave no log" : undefined,
  passing: [{ type: types.cluster, props: {} }],
  failing: [{ type: types.cluster, props: { configuration: { executeCommandConfiguration: { logging: "NONE" } } } }],
};

function sessionRule(id: string, title: string, problem: (inputs: unknown) => string | undefined, good: object): Rule {
  const document = (inputs: object) => [
    { type: types.ssmDocument, props: { documentType: "Session", content: JSON.stringify({ inputs }) } },
  ];
  return {
    id,
    severity: "medium",
    title,
    rationale: "A session on a node can read whatever the node can.",
    remediation: "Set it in the document's inputs.",
    types: [types.ssmDocument],
    scope: "resource",
    check: ({ props }) => (props.documentType === "Session" ? problem(at(parsed(props.content), "inputs")) : undefined),
    passing: document(good),
    failing: document({}),
  };
}

const alarmsOn = propertyRules(
  { severity: "high", rationale: "What is off wakes nobody.", allowed: [true, undefined], wrong: false },
  [
    {
      id: "CKV_AWS_319",
      alsoKnownAs: ["CloudWatch.17"],
      title: "Alarms act",
      type: types.alarm,
      path: "actionsEnabled",
    },
    {
      id: "CKV_AWS_36",
      title: "Trails prove that nobody changed them",
      type: "aws:cloudtrail/trail:Trail",
      path: "enableLogFileValidation",
      allowed: [true],
    },
    { id: "CKV_AWS_251", title: "Trails are on", type: "aws:cloudtrail/trail:Trail", path: "enableLogging" },
    {
      id: "CKV_AWS_67",
      title: "Trails see every region",
      severity: "medium",
      type: "aws:cloudtrail/trail:Trail",
      path: "isMultiRegionTrail",
      allowed: [true],
    },
    { id: "GuardDuty.1", title: "GuardDuty is on", type: "aws:guardduty/detector:Detector", path: "enable" },
  ],
);

export const loggingRules: readonly Rule[] = [
  bucketLogged,
  webAclLogged,
  logsKept,
  logsOfAYear,
  queriesLogged,
  execLogged,
  sessionRule(
    "CKV_AWS_112",
    "Sessions on nodes are encrypted",
    (inputs) => (at(inputs, "kmsKeyId") ? undefined : "kmsKeyId is not set"),
    { kmsKeyId: "alias/own" },
  ),
  sessionRule(
    "CKV_AWS_113",
    "Sessions on nodes are logged",
    (inputs) =>
      at(inputs, "s3BucketName") || at(inputs, "cloudWatchLogGroupName") ? undefined : "they are logged nowhere",
    { cloudWatchLogGroupName: "sessions" },
  ),
  ...alarmsOn,
];
