import { types } from "../../../policies/types";
import { add, edit, type Mutation, rewrite } from "./graph";

const everything = "*";
const taskRoles = {
  type: types.rolePolicy,
  where: ({ name }: { readonly name: string }) => name.endsWith("-task-policy"),
};
const may = (Action: string | string[], Resource: string | string[] = everything) =>
  rewrite("ai-router-task-policy", "policy", { Action, Resource });
const account = "123456789012";
const own = `arn:aws:logs:us-east-1:${account}:log-group:/own:*`;
const trusted = (fields: Parameters<typeof rewrite>[2]) => rewrite("payment-task", "assumeRolePolicy", fields);
const assume = { Action: "sts:AssumeRole" };
const github = "token.actions.githubusercontent.com";
const attached = (name: string) => add(types.rolePolicyAttachment, { policyArn: `arn:aws:iam::aws:policy/${name}` });
const pipeline = (Condition: Parameters<typeof rewrite>[2]) =>
  trusted({
    Action: "sts:AssumeRoleWithWebIdentity",
    Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/${github}` },
    Condition,
  });

/** What gives more rights than a program needs, or gives them to others. */
export const iam: readonly Mutation[] = [
  {
    name: "every task role may do everything",
    finds: "CKV_AWS_62",
    change: rewrite(taskRoles, "policy", { Action: everything, Resource: everything }),
  },
  { name: "a role may do everything to its own logs", finds: "CKV_AWS_63", change: may(everything, own) },
  { name: "a role may use all of IAM", finds: "CKV2_AWS_40", change: may("iam:*") },
  { name: "a role may use all of S3", finds: "IAM.21", change: may("s3:*") },
  { name: "a role may use all of EC2, written in another case", finds: "IAM.21", change: may(["EC2:*"]) },
  {
    name: "a role may use all of S3 beside a service without resources",
    finds: "IAM.21",
    change: may(["polly:*", "s3:*"]),
  },
  {
    name: "a role may do everything but IAM",
    finds: "GAP-IAM-NOT-ACTION",
    change: rewrite("ai-router-task-policy", "policy", { NotAction: "iam:*", Resource: everything }),
  },
  {
    name: "a role may read everything but one bucket",
    finds: "GAP-IAM-NOT-RESOURCE",
    change: rewrite("ai-router-task-policy", "policy", {
      Action: "s3:GetObject",
      NotResource: "arn:aws:s3:::secret/*",
    }),
  },
  { name: "a role may run tasks with any role", finds: "CKV_AWS_286", change: may(["iam:PassRole", "ecs:RunTask"]) },
  { name: "a role may write new versions of policies", finds: "CKV_AWS_286", change: may("iam:CreatePolicyVersion") },
  {
    name: "a role may take any role",
    finds: "CKV_AWS_286",
    change: may("sts:AssumeRole", `arn:aws:iam::${account}:role/*`),
  },
  { name: "a pattern of actions takes in an escalation", finds: "CKV_AWS_286", change: may("iam:Put*Policy") },
  {
    name: "a role may pass any role",
    finds: "GAP-IAM-PASS-ROLE",
    change: may("iam:PassRole", `arn:aws:iam::${account}:role/*`),
  },
  {
    name: "roles may be passed to any service",
    finds: "GAP-IAM-PASSED-TO",
    change: edit("database-roles-schedule-policy", "policy", { Condition: null }, "PassTaskRoles"),
  },
  {
    name: "a role may connect to the database as anybody",
    finds: "CKV_AWS_287",
    change: edit("payment-execution-policy", "policy", {
      Action: "rds-db:connect",
      Resource: `arn:aws:rds-db:us-east-1:${account}:dbuser:*/*`,
    }),
  },
  { name: "a role may read every secret", finds: "CKV_AWS_288", change: may("secretsmanager:GetSecretValue") },
  {
    name: "a condition on TLS does not narrow",
    finds: "CKV_AWS_288",
    change: rewrite("ai-router-task-policy", "policy", {
      Action: "s3:GetObject",
      Resource: everything,
      Condition: { Bool: { "aws:SecureTransport": "true" } },
    }),
  },
  { name: "a role may change every bucket's policy", finds: "CKV_AWS_289", change: may("s3:PutBucketPolicy") },
  { name: "a role may stop every task", finds: "CKV_AWS_290", change: may("ecs:StopTask") },
  { name: "a role may pull every image", finds: "CKV_AWS_355", change: may("ecr:BatchGetImage") },
  {
    name: "a role may decrypt with every key",
    finds: "KMS.1",
    change: may("kms:Decrypt", `arn:aws:kms:us-east-1:${account}:key/*`),
  },
  {
    name: "an inline policy of a role allows everything",
    finds: "CKV_AWS_62",
    change: add(types.role, {
      assumeRolePolicy: "{}",
      inlinePolicies: [
        {
          name: "all",
          policy: JSON.stringify({ Statement: { Effect: "Allow", Action: everything, Resource: everything } }),
        },
      ],
    }),
  },
  { name: "a role is given AdministratorAccess", finds: "CKV_AWS_274", change: attached("AdministratorAccess") },
  { name: "a role is given IAMFullAccess", finds: "CKV2_AWS_56", change: attached("IAMFullAccess") },
  { name: "a role is given PowerUserAccess", finds: "AwsSolutions-IAM4", change: attached("PowerUserAccess") },
  {
    name: "an IAM user is given keys",
    finds: "CKV_AWS_273",
    change: add("aws:iam/accessKey:AccessKey", { user: "deployer" }),
  },
  {
    name: "everybody may take a role",
    finds: "CKV_AWS_60",
    change: trusted({ ...assume, Principal: { AWS: everything } }),
  },
  {
    name: "an account may take a role",
    finds: "CKV_AWS_61",
    change: trusted({ ...assume, Principal: { AWS: `arn:aws:iam::${account}:root` } }),
  },
  {
    name: "a vendor's role may take a role",
    finds: "GAP-TRUST-FOREIGN",
    change: trusted({ ...assume, Principal: { AWS: "arn:aws:iam::210987654321:role/vendor" } }),
  },
  {
    name: "a service may take a role for another account",
    finds: "GAP-TRUST-SOURCE",
    change: edit("payment-task", "assumeRolePolicy", { Condition: null }),
  },
  {
    name: "everybody but one may take a role",
    finds: "GAP-NOT-PRINCIPAL",
    change: trusted({ ...assume, NotPrincipal: { AWS: `arn:aws:iam::${account}:root` } }),
  },
  {
    name: "every repository of a name's beginning may take a role",
    finds: "CKV_AWS_393",
    change: pipeline({
      StringEquals: { [`${github}:aud`]: "sts.amazonaws.com" },
      StringLike: { [`${github}:sub`]: "repo:studio*" },
    }),
  },
  {
    name: "every repository of GitHub may take a role",
    finds: "CKV_AWS_393",
    change: pipeline({ StringEquals: { [`${github}:aud`]: "sts.amazonaws.com" } }),
  },
];
