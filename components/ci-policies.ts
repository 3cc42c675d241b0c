import type * as pulumi from "@pulumi/pulumi";
import { product } from "./names";
import type { Statement } from "./policy";

type Text = pulumi.Input<string>;

/** What the statements of CI roles are about. */
export interface CiScope {
  readonly accountId: string;
  readonly region: string;
  /** Bucket of Pulumi's state, where Pulumi Cloud is not used. */
  readonly stateBucket?: string;
}

/** Pushes images and artefacts, and nothing else. */
export function buildStatements(repositories: readonly Text[], artefacts: Text, artefactObjects: Text): Statement[] {
  return [
    { sid: "ListArtefacts", actions: ["s3:ListBucket"], resources: [artefacts] },
    {
      sid: "PushImages",
      actions: [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:CompleteLayerUpload",
        "ecr:DescribeImages",
        "ecr:DescribeImageScanFindings",
        "ecr:GetDownloadUrlForLayer",
        "ecr:InitiateLayerUpload",
        "ecr:PutImage",
        "ecr:UploadLayerPart",
      ],
      resources: repositories,
    },
    { sid: "SignInToRegistry", actions: ["ecr:GetAuthorizationToken"], resources: ["*"] },
    { sid: "StoreArtefacts", actions: ["s3:GetObject", "s3:PutObject"], resources: [artefactObjects] },
  ];
}

/** Services of AWS that the program makes resources of and that know no names or tags to narrow a permission by. */
const managedServices = [
  "acm:Describe*",
  "acm:List*",
  "application-autoscaling:*",
  "autoscaling:*",
  "cloudwatch:*",
  "ec2:*",
  "ecr:Describe*",
  "ecr:Get*",
  "ecr:List*",
  "ecs:*",
  "elasticache:*",
  "elasticloadbalancing:*",
  "logs:*",
  "rds:*",
  "scheduler:*",
  "servicediscovery:*",
  "tag:GetResources",
  "tag:TagResources",
  "wafv2:*",
] as const;

/** Services that a task or node role of the platform may be handed to. */
const passedTo = [
  "autoscaling.amazonaws.com",
  "ec2.amazonaws.com",
  "ecs-tasks.amazonaws.com",
  "monitoring.rds.amazonaws.com",
  "scheduler.amazonaws.com",
  "vpc-flow-logs.amazonaws.com",
] as const;

/**
 * Brings one environment up: everything in the one region, and by name only what begins with the product and the stack where
 * the service knows names. It can touch neither the CI roles nor what the shared stack owns.
 * @param stacks Names of the stacks, a star at the end for a family such as `pr-*`.
 */
export function deployStatements(stacks: readonly string[], { accountId, region, stateBucket }: CiScope): Statement[] {
  const named = (service: string, kind: string) =>
    stacks.map((stack) => `arn:aws:${service}::${accountId}:${kind}/${product}-${stack}-*`);
  const regional = (service: string, prefix: string, glue: string) =>
    stacks.map((stack) => `arn:aws:${service}:${region}:${accountId}:${prefix}${glue}${product}-${stack}-*`);
  const buckets = stacks.map((stack) => `arn:aws:s3:::${product}-${stack}-*`);
  return [
    {
      sid: "DenyShared",
      effect: "Deny",
      actions: ["iam:*"],
      resources: [
        `arn:aws:iam::${accountId}:oidc-provider/*`,
        `arn:aws:iam::${accountId}:role/${product}-ci-*`,
        `arn:aws:iam::${accountId}:role/${product}-shared-*`,
      ],
    },
    {
      sid: "ManageInRegion",
      actions: managedServices,
      resources: ["*"],
      conditions: { StringEquals: { "aws:RequestedRegion": region } },
    },
    { sid: "ManageBuckets", actions: ["s3:*"], resources: [...buckets, ...buckets.map((arn) => `${arn}/*`)] },
    {
      sid: "ManageQueuesAndTopics",
      actions: ["sns:*", "sqs:*"],
      resources: [...regional("sns", "", ""), ...regional("sqs", "", "")],
    },
    {
      sid: "ManageRoles",
      actions: [
        "iam:AddRoleToInstanceProfile",
        "iam:AttachRolePolicy",
        "iam:CreateInstanceProfile",
        "iam:CreateRole",
        "iam:DeleteInstanceProfile",
        "iam:DeleteRole",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
        "iam:GetInstanceProfile",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListInstanceProfilesForRole",
        "iam:ListRolePolicies",
        "iam:ListRoleTags",
        "iam:PutRolePolicy",
        "iam:RemoveRoleFromInstanceProfile",
        "iam:TagInstanceProfile",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole",
      ],
      resources: [...named("iam", "role"), ...named("iam", "instance-profile")],
    },
    { sid: "LookAtAccount", actions: ["iam:ListRoles", "servicequotas:Get*"], resources: ["*"] },
    { sid: "ManageSecrets", actions: ["secretsmanager:*"], resources: regional("secretsmanager", "secret", ":") },
    {
      sid: "PassRoles",
      actions: ["iam:PassRole"],
      resources: named("iam", "role"),
      conditions: { StringEquals: { "iam:PassedToService": passedTo } },
    },
    {
      sid: "ReadShared",
      actions: ["ssm:GetParameter", "ssm:GetParameters", "ssm:ListTagsForResource"],
      resources: [sharedParametersArn(region, accountId)],
    },
    {
      sid: "UseServiceLinkedRoles",
      actions: ["iam:CreateServiceLinkedRole"],
      resources: [`arn:aws:iam::${accountId}:role/aws-service-role/*`],
    },
    ...stateStatements(stacks, stateBucket),
  ];
}

/** Reads of every service that stacks have something in, and of nothing that is in it: no object, no secret, no log line. */
const looks = [
  "acm:Describe*",
  "acm:List*",
  "application-autoscaling:Describe*",
  "application-autoscaling:ListTags*",
  "autoscaling:Describe*",
  "cloudwatch:Describe*",
  "cloudwatch:ListTags*",
  "ec2:Describe*",
  "ecr:Describe*",
  "ecs:Describe*",
  "ecs:List*",
  "elasticache:Describe*",
  "elasticache:ListTags*",
  "elasticloadbalancing:Describe*",
  "iam:GetInstanceProfile",
  "iam:GetRole",
  "iam:GetRolePolicy",
  "iam:ListAttachedRolePolicies",
  "iam:ListInstanceProfilesForRole",
  "iam:ListRolePolicies",
  "kms:DescribeKey",
  "logs:Describe*",
  "logs:ListTags*",
  "rds:Describe*",
  "rds:ListTags*",
  "s3:GetBucket*",
  "s3:GetEncryptionConfiguration",
  "s3:GetLifecycleConfiguration",
  "scheduler:Get*",
  "secretsmanager:DescribeSecret",
  "secretsmanager:GetResourcePolicy",
  "servicediscovery:Get*",
  "servicediscovery:ListTags*",
  "sns:Get*",
  "sns:ListTags*",
  "sqs:GetQueueAttributes",
  "sqs:ListQueueTags",
  "ssm:ListTagsForResource",
  "wafv2:Get*",
  "wafv2:ListTags*",
] as const;

/** Compares environments with what there is, and can change neither: for drift reports and plans. */
export function lookStatements(stacks: readonly string[], { accountId, region, stateBucket }: CiScope): Statement[] {
  return [
    { sid: "Look", actions: looks, resources: ["*"] },
    { sid: "ReadShared", actions: ["ssm:GetParameter"], resources: [sharedParametersArn(region, accountId)] },
    ...stateStatements(stacks, stateBucket, ["s3:GetObject"]),
  ];
}

const sharedParametersArn = (region: string, accountId: string): string =>
  `arn:aws:ssm:${region}:${accountId}:parameter/${product}/shared/*`;

function stateStatements(
  stacks: readonly string[],
  stateBucket: string | undefined,
  actions: readonly string[] = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
): Statement[] {
  if (stateBucket === undefined) return [];
  return [
    { sid: "ListState", actions: ["s3:ListBucket"], resources: [`arn:aws:s3:::${stateBucket}`] },
    {
      sid: "OwnState",
      actions,
      resources: stacks.map((stack) => `arn:aws:s3:::${stateBucket}/.pulumi/*/game-ai-platform/${stack}*`),
    },
  ];
}

/** The GitHub repository whose workflows may take a role. */
export interface WorkflowRepository {
  /** OWNER/NAME. */
  readonly repository: string;
  /**
   * GitHub's numbers of the owner and of the repository. A repository that was made, renamed or moved since 15 July 2026 sends them in
   * its subject (`repo:OWNER@ID/NAME@ID:...`), and older ones may choose to.
   * https://docs.github.com/en/actions/reference/security/oidc
   * @default the subject has names alone
   */
  readonly ids?: {
    readonly owner: number;
    readonly repository: number;
    /** Let the subject of names alone in as well, while a repository moves from one to the other. @default false */
    readonly orNames?: boolean;
  };
}

/** The subjects that a workflow may come with. Each is compared as a whole: no wildcard, so that nothing else fits. */
export function workflowSubjects({ repository, ids }: WorkflowRepository, subject: string): string[] {
  const names = `repo:${repository}:${subject}`;
  if (ids === undefined) return [names];
  const [owner, name] = repository.split("/");
  const immutable = `repo:${owner}@${ids.owner}/${name}@${ids.repository}:${subject}`;
  return ids.orNames === true ? [immutable, names] : [immutable];
}

/**
 * Who may take a role: workflows of one repository, either of one deployment environment of GitHub or of one branch. The subject
 * is compared as a whole, so that no other branch, fork or repository fits.
 */
export function workflowTrust(provider: Text, repository: WorkflowRepository, subject: string) {
  const subjects = workflowSubjects(repository, subject);
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "AssumeFromWorkflow",
        Effect: "Allow",
        Principal: { Federated: provider },
        Action: ["sts:AssumeRoleWithWebIdentity"],
        Condition: {
          StringEquals: {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": subjects.length === 1 ? subjects[0]! : subjects,
          },
        },
      },
    ],
  };
}
