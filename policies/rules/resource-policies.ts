import { foreigner, ownAccount } from "../iam/accounts";
import { grants, isNarrowed, narrowedBy, type Statement } from "../iam/document";
import { documentsOf, typesWith } from "../iam/places";
import type { Rule } from "../rule";
import { types } from "../types";
import { statement } from "./iam-identity";
import { anybody, confusedDeputy, firstProblem, type StatementRule } from "./iam-trust";

interface ResourcePolicyRule extends StatementRule {
  readonly types: readonly string[];
}

const documentProperty: Readonly<Record<string, string>> = { "aws:opensearch/domain:Domain": "accessPolicies" };

/** A rule that holds for each statement of the policies of some resources. */
function resourcePolicyRule({ problem, good, bad, ...about }: ResourcePolicyRule): Rule {
  const type = about.types[0]!;
  const example = (fields: object) => [
    { type, props: { [documentProperty[type] ?? "policy"]: JSON.stringify(statement(fields)) } },
  ];
  return {
    ...about,
    scope: about.scope ?? "resource",
    check: (resource, stack) => {
      const documents = [...documentsOf(resource, "resource"), ...documentsOf(resource, "trust")];
      return firstProblem(documents, problem, stack);
    },
    passing: example(good),
    failing: example(bad),
  };
}

const bucketTypes = [types.bucketPolicy, types.bucket];
const queueTypes = [types.queuePolicy, types.queue];
const topicTypes = [types.topicPolicy, types.topic];
const keyTypes = [types.key, "aws:kms/keyPolicy:KeyPolicy"];
const registryTypes = [types.registryPolicy, "aws:ecr/registryPolicy:RegistryPolicy"];
const ofTheirOwn = [...bucketTypes, ...queueTypes, ...topicTypes, ...keyTypes, ...registryTypes];

/** Policies that let anybody in, by what they belong to: the catalogue's id and the resource in words. */
const publicPolicies: readonly (readonly [
  id: string,
  known: readonly string[],
  what: string,
  types: readonly string[],
])[] = [
  ["CKV_AWS_70", ["S3.2", "S3.3"], "bucket", bucketTypes],
  ["CKV_AWS_168", ["CKV_AWS_387", "SQS.3"], "queue", queueTypes],
  ["CKV_AWS_169", ["SNS.4"], "topic", topicTypes],
  ["CKV_AWS_33", ["KMS.5"], "key", keyTypes],
  ["CKV_AWS_32", [], "image repository", registryTypes],
  ["GAP-PUBLIC-POLICY", [], "resource", typesWith("resource").filter((type) => !ofTheirOwn.includes(type))],
];

const anybodyIn = { Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::b/*" };
const oneIn = { Principal: { AWS: `arn:aws:iam::${ownAccount}:role/reader` }, Action: "s3:GetObject", Resource: "*" };

export const resourcePolicyRules: readonly Rule[] = [
  ...publicPolicies.map(([id, alsoKnownAs, what, ofTypes]) =>
    resourcePolicyRule({
      id,
      alsoKnownAs,
      severity: "critical",
      title: `No policy opens a ${what} to everybody`,
      rationale: "A star as principal means everybody with an account of AWS, or without one.",
      remediation: "Name the roles or services, or narrow by aws:PrincipalOrgID, aws:SourceArn or aws:SourceVpce.",
      types: ofTypes,
      problem: (one) => (anybody(one) && !isNarrowed(one) ? "lets everybody in" : undefined),
      good: oneIn,
      bad: anybodyIn,
    }),
  ),
  resourcePolicyRule({
    id: "CKV_AWS_72",
    severity: "high",
    title: "No queue policy allows every action",
    rationale: "Who may send may then also empty, share and delete the queue.",
    remediation: "Name the actions, such as sqs:SendMessage.",
    types: queueTypes,
    problem: (one) => (one.actions.some((action) => /^(\*|sqs:\*)$/i.test(action)) ? "allows every action" : undefined),
    good: { ...oneIn, Action: "sqs:SendMessage" },
    bad: { ...oneIn, Action: "sqs:*" },
  }),
  resourcePolicyRule({
    id: "GAP-NOT-PRINCIPAL",
    severity: "critical",
    title: "No policy allows everybody but some",
    rationale: "Allow with NotPrincipal lets in everybody who is not listed, people without an account included.",
    remediation: "List who is allowed under Principal.",
    types: [...typesWith("resource"), types.role],
    problem: (one) => (Object.keys(one.notPrincipals).length > 0 ? "lets in everybody but some" : undefined),
    good: oneIn,
    bad: { ...oneIn, Principal: undefined, NotPrincipal: { AWS: `arn:aws:iam::${ownAccount}:root` } },
  }),
  resourcePolicyRule({
    id: "CKV_AWS_385",
    severity: "high",
    title: "No topic is shared with another account",
    rationale: "The other account reads or writes what this one's alarms and events say.",
    remediation: "Use a role of this account, or narrow by aws:PrincipalOrgID.",
    types: topicTypes,
    scope: "stack",
    problem: foreignProblem,
    good: oneIn,
    bad: { ...oneIn, Principal: { AWS: "arn:aws:iam::210987654321:root" } },
  }),
  resourcePolicyRule({
    id: "S3.6",
    severity: "high",
    title: "Nothing stored is shared with another account",
    rationale: "What another account may read has left this one.",
    remediation: "Use a role of this account, or narrow by aws:PrincipalOrgID.",
    types: typesWith("resource").filter((type) => !topicTypes.includes(type as (typeof topicTypes)[number])),
    scope: "stack",
    problem: foreignProblem,
    good: oneIn,
    bad: { ...oneIn, Principal: { AWS: "arn:aws:iam::210987654321:root" } },
  }),
  resourcePolicyRule({
    id: "GAP-SERVICE-SOURCE",
    severity: "medium",
    title: "Services write for this account only",
    rationale: "A service that acts for all its customers can be asked by one of them to write to another.",
    remediation: "Set the condition aws:SourceAccount or aws:SourceArn.",
    types: [...queueTypes, ...topicTypes, ...bucketTypes, ...keyTypes],
    problem: confusedDeputy,
    good: {
      ...oneIn,
      Principal: { Service: "sns.amazonaws.com" },
      Condition: { ArnEquals: { "aws:SourceArn": "arn" } },
    },
    bad: { ...oneIn, Principal: { Service: "sns.amazonaws.com" } },
  }),
  lockout(),
  ...(
    [
      ["AwsSolutions-S10", ["S3.5"], "bucket", types.bucket, types.bucketPolicy, "bucket", "s3:GetObject"],
      ["AwsSolutions-SQS4", [], "queue", types.queue, types.queuePolicy, "queueUrl", "sqs:SendMessage"],
      ["AwsSolutions-SNS3", [], "topic", types.topic, types.topicPolicy, "arn", "sns:Publish"],
    ] as const
  ).map(encryptedTransport),
  {
    id: "CKV_AWS_301",
    severity: "critical",
    title: "Functions are not called by everybody",
    rationale: "A permission for a star is a public function on our bill.",
    remediation: "Name the service and its sourceArn.",
    types: [types.lambdaPermission],
    scope: "resource",
    check: ({ props }) =>
      props.principal === "*" && props.sourceArn === undefined && props.principalOrgId === undefined
        ? "everybody may call the function"
        : undefined,
    passing: [{ type: types.lambdaPermission, props: { principal: "events.amazonaws.com" } }],
    failing: [{ type: types.lambdaPermission, props: { principal: "*" } }],
  },
];

function foreignProblem(one: Statement, own: ReadonlySet<string>): string | undefined {
  const found = foreigner(one, own);
  return found !== undefined && !narrowedBy(one, ["aws:principalorgid"]) ? `lets in ${found}` : undefined;
}

/** A Deny that nobody is kept out of: only the account's root user could take it back. */
function lockout(): Rule {
  const example = (fields: object) => [
    {
      type: types.bucketPolicy,
      props: { policy: JSON.stringify(statement({ ...anybodyIn, Effect: "Deny", ...fields })) },
    },
  ];
  return {
    id: "CKV_AWS_93",
    severity: "high",
    title: "No bucket policy locks its owner out",
    rationale: "Only the account's root user can take such a policy back.",
    remediation: "Give the Deny a condition, such as aws:SecureTransport.",
    types: bucketTypes,
    scope: "resource",
    check: (resource) => {
      const found = documentsOf(resource, "resource").find(
        (one) =>
          !one.allow &&
          anybody(one) &&
          one.conditions.length === 0 &&
          one.actions.some((action) => /^(\*|s3:\*)$/i.test(action)),
      );
      return found === undefined ? undefined : "a statement denies everything to everybody";
    },
    passing: example({ Action: "s3:*", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
    failing: example({ Action: "s3:*" }),
  };
}

type Transport = readonly [
  id: string,
  known: readonly string[],
  what: string,
  type: string,
  policy: string,
  property: string,
  action: string,
];

/** A rule that a resource's policy refuses requests without TLS. */
function encryptedTransport([id, alsoKnownAs, what, type, policyType, property, action]: Transport): Rule {
  const refuses = (one: Statement): boolean =>
    !one.allow &&
    anybody(one) &&
    one.conditions.some(({ key, values }) => key === "aws:securetransport" && values.includes("false")) &&
    grants({ ...one, allow: true }, action);
  const document = JSON.stringify(
    statement({
      Effect: "Deny",
      Principal: "*",
      Action: action.replace(/:.*/, ":*"),
      Resource: "*",
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    }),
  );
  const urn = `urn:pulumi:prod::p::${type}::r0`;
  return {
    id,
    alsoKnownAs,
    severity: "high",
    title: `A ${what} refuses requests without TLS`,
    rationale: "Keys and contents must never travel in clear text, a misconfigured client's neither.",
    remediation: "Deny everything to everybody where aws:SecureTransport is false.",
    types: [type],
    scope: "stack",
    check: (resource, stack) => {
      const policies = stack.filter(
        (one) => one.type === policyType && one.references[property]?.includes(resource.urn) === true,
      );
      return [resource, ...policies].some((one) => documentsOf(one, "resource").some(refuses))
        ? undefined
        : `no policy of the ${what} refuses plain text`;
    },
    passing: [
      { type, urn },
      { type: policyType, props: { policy: document }, references: { [property]: [urn] } },
    ],
    failing: [
      { type, urn },
      { type: policyType, props: { policy: document }, references: {} },
    ],
  };
}
