import { types } from "../../../policies/types";
import type { PropertyMap } from "../../engine/types";
import { add, type Change, edit, rewrite, set } from "./graph";

const account = "123456789012";
const tcp = (values: PropertyMap) =>
  add(
    types.securityGroupIngress,
    { ipProtocol: "tcp", description: "x", ...values },
    { securityGroupId: "database-access" },
  );
const postgres = { fromPort: 5432, toPort: 5432 };
const may = (fields: PropertyMap) => rewrite("ai-router-task-policy", "policy", fields);
const trusted = (fields: PropertyMap) => rewrite("payment-task", "assumeRolePolicy", fields);
const github = "token.actions.githubusercontent.com";
const ownLogs = `arn:aws:logs:us-east-1:${account}:log-group:/own:*`;
const denyPlainText = {
  Effect: "Deny",
  Principal: { AWS: "*" },
  Action: "s3:*",
  Resource: "*",
  Condition: { Bool: { "aws:SecureTransport": "false" } },
};

/** A change that no rule may object to, each the near miss of a bad one. */
export const harmless: readonly { readonly name: string; readonly change: Change }[] = [
  { name: "PostgreSQL is open to a private range", change: tcp({ cidrIpv4: "10.0.0.0/8", ...postgres }) },
  { name: "PostgreSQL is open to unique local addresses", change: tcp({ cidrIpv6: "fc00::/7", ...postgres }) },
  { name: "PostgreSQL is open to one office", change: tcp({ cidrIpv4: "203.0.113.0/24", ...postgres }) },
  { name: "another private range reaches SSH", change: tcp({ cidrIpv4: "172.16.0.0/12", fromPort: 22, toPort: 22 }) },
  {
    name: "a range next to SSH is open to the VPC",
    change: tcp({ cidrIpv4: "10.10.0.0/16", fromPort: 23, toPort: 30 }),
  },
  {
    name: "the edge's HTTPS is open over IPv6 too",
    change: add(
      types.securityGroupIngress,
      { ipProtocol: "tcp", description: "x", cidrIpv6: "::/0", fromPort: 443, toPort: 443 },
      { securityGroupId: "edge-access" },
    ),
  },
  {
    name: "the world is pinged back",
    change: add(
      types.securityGroupIngress,
      { ipProtocol: "icmp", description: "x", cidrIpv4: "0.0.0.0/0", fromPort: 3, toPort: 4 },
      { securityGroupId: "edge-access" },
    ),
  },
  {
    name: "HTTPS goes out to the world",
    change: add(
      types.securityGroupEgress,
      { ipProtocol: "tcp", description: "x", cidrIpv4: "0.0.0.0/0", fromPort: 443, toPort: 443 },
      { securityGroupId: "payment-tasks" },
    ),
  },
  {
    name: "a network ACL refuses SSH",
    change: add(types.networkAclRule, {
      ruleAction: "deny",
      protocol: "tcp",
      cidrBlock: "0.0.0.0/0",
      fromPort: 22,
      toPort: 22,
    }),
  },
  { name: "a role may do everything with its own logs", change: may({ Action: "logs:*", Resource: ownLogs }) },
  { name: "a role may describe instances", change: may({ Action: "ec2:DescribeInstances", Resource: "*" }) },
  {
    name: "a role may publish metrics of one namespace",
    change: may({
      Action: "cloudwatch:PutMetricData",
      Resource: "*",
      Condition: { StringEquals: { "cloudwatch:namespace": "AI-Gaming/Router" } },
    }),
  },
  {
    name: "a role may stop tasks of its cluster",
    change: may({
      Action: "ecs:StopTask",
      Resource: "*",
      Condition: { ArnEquals: { "ecs:cluster": `arn:aws:ecs:us-east-1:${account}:cluster/own` } },
    }),
  },
  {
    name: "a role may pass one role to tasks",
    change: may({
      Action: ["iam:PassRole", "ecs:RunTask"],
      Resource: [`arn:aws:iam::${account}:role/task`, `arn:aws:ecs:us-east-1:${account}:task-definition/own:*`],
      Condition: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
    }),
  },
  {
    name: "a role may read one secret",
    change: may({
      Action: "secretsmanager:GetSecretValue",
      Resource: `arn:aws:secretsmanager:us-east-1:${account}:secret:own-AbCdEf`,
    }),
  },
  {
    name: "a role is denied everything but reading",
    change: edit("ai-router-task-policy", "policy", {
      Effect: "Deny",
      Action: null,
      NotAction: "s3:Get*",
      Resource: "*",
    }),
  },
  {
    name: "a role of the account may take a role",
    change: trusted({ Action: "sts:AssumeRole", Principal: { AWS: `arn:aws:iam::${account}:role/deployer` } }),
  },
  {
    name: "a vendor takes a role with its external id",
    change: trusted({
      Action: "sts:AssumeRole",
      Principal: { AWS: "arn:aws:iam::210987654321:role/vendor" },
      Condition: { StringEquals: { "sts:ExternalId": "game" } },
    }),
  },
  {
    name: "one repository's environment may take a role",
    change: trusted({
      Action: "sts:AssumeRoleWithWebIdentity",
      Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/${github}` },
      Condition: {
        StringEquals: {
          [`${github}:aud`]: "sts.amazonaws.com",
          [`${github}:sub`]: "repo:studio/game:environment:prod",
        },
      },
    }),
  },
  {
    name: "everybody of the organisation may read a bucket",
    change: (graph) =>
      add(
        types.bucketPolicy,
        {
          policy: JSON.stringify({
            Statement: [
              denyPlainText,
              {
                Effect: "Allow",
                Principal: "*",
                Action: "s3:GetObject",
                Resource: "*",
                Condition: { StringEquals: { "aws:PrincipalOrgID": "o-1" } },
              },
            ],
          }),
        },
        { bucket: "documents-bucket" },
      )(graph),
  },
  {
    name: "the edge takes TLS 1.3 alone",
    change: set("edge-listener", { sslPolicy: "ELBSecurityPolicy-TLS13-1-3-2021-06" }),
  },
  { name: "backups are kept for a week", change: set("database-postgres", { backupRetentionPeriod: 7 }) },
  { name: "logs are kept for ten years", change: set("payment-logs", { retentionInDays: 3653 }) },
  {
    name: "a queue has a key of its own",
    change: set({ type: types.queue }, { sqsManagedSseEnabled: undefined, kmsMasterKeyId: "alias/own" }),
  },
  { name: "a topic has a key of its own", change: set({ type: types.topic }, { kmsMasterKeyId: "alias/own" }) },
  {
    name: "a parameter with a plain value",
    change: add("aws:ssm/parameter:Parameter", { type: "String", name: "/game/release", value: "1" }),
  },
];
