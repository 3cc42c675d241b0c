import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { assumedBy, policyText, type Statement } from "./policy";

/** A value in Secrets Manager that a container gets as an environment variable. */
export interface SecretValue {
  readonly arn: pulumi.Input<string>;
  /** Key inside a JSON secret. @default the whole text */
  readonly key?: string;
}

/** What a secret is called in a container definition. */
export function valueFrom({ arn, key }: SecretValue): pulumi.Input<string> {
  return key === undefined ? arn : pulumi.interpolate`${arn}:${key}::`;
}

/** The repository's ARN when an image comes from a private registry of ECR, else undefined. */
export function privateRepositoryArn(image: string): string | undefined {
  const parts = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\/([^@:]+)/.exec(image);
  return parts === null ? undefined : `arn:aws:ecr:${parts[2]}:${parts[1]}:repository/${parts[3]}`;
}

/**
 * The role with which ECS starts a task: it writes to the task's own log group, reads the secrets that the task definition names
 * and nothing else, and pulls the task's image where that is in a private registry.
 */
export function createExecutionRole(
  parent: pulumi.Resource,
  name: string,
  args: {
    readonly logGroupArn: pulumi.Input<string>;
    readonly secrets: readonly SecretValue[];
    readonly images: readonly string[];
  },
): aws.iam.Role {
  const role = new aws.iam.Role(
    `${name}-execution`,
    { assumeRolePolicy: assumedBy("ecs-tasks.amazonaws.com", parent), description: `Starts tasks of ${name}` },
    { parent },
  );
  new aws.iam.RolePolicy(
    `${name}-execution-policy`,
    { role: role.name, policy: policyText(executionStatements(args)) },
    { parent },
  );
  return role;
}

function executionStatements({
  logGroupArn,
  secrets,
  images,
}: {
  readonly logGroupArn: pulumi.Input<string>;
  readonly secrets: readonly SecretValue[];
  readonly images: readonly string[];
}): Statement[] {
  const repositories = [...new Set(images.flatMap((image) => privateRepositoryArn(image) ?? []))].sort();
  return [
    {
      sid: "WriteLogs",
      actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
      resources: [pulumi.interpolate`${logGroupArn}:*`],
    },
    ...(secrets.length === 0
      ? []
      : [{ sid: "ReadSecrets", actions: ["secretsmanager:GetSecretValue"], resources: secrets.map(({ arn }) => arn) }]),
    ...(repositories.length === 0
      ? []
      : [
          { sid: "SignInToRegistry", actions: ["ecr:GetAuthorizationToken"], resources: ["*"] },
          {
            sid: "PullImage",
            actions: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            resources: repositories,
          },
        ]),
  ];
}

/** The role that a task's own code has: what the catalogue says it needs, by resource. */
export function createTaskRole(parent: pulumi.Resource, name: string, statements: readonly Statement[]): aws.iam.Role {
  const role = new aws.iam.Role(
    `${name}-task`,
    { assumeRolePolicy: assumedBy("ecs-tasks.amazonaws.com", parent), description: `Code of ${name}` },
    { parent },
  );
  if (statements.length > 0) {
    new aws.iam.RolePolicy(`${name}-task-policy`, { role: role.name, policy: policyText(statements) }, { parent });
  }
  return role;
}
